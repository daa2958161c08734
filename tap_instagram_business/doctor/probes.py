"""Tries the insights: which metrics Meta refuses today, and which accounts can be read.

One account is asked for everything: each group of account insights that a sync asks for, and all
metrics of its newest media of each kind. All other accounts are asked for one group only.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from tap_instagram_business import days
from tap_instagram_business.doctor.diagnosis import RefusedMetric
from tap_instagram_business.graph import insight_calls
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.graph.errors import AccountRateLimited
from tap_instagram_business.metrics import (
    BREAKDOWNS,
    DAY_METRICS,
    DEMOGRAPHIC_BREAKDOWNS,
    DEMOGRAPHIC_METRICS,
    FOLLOWER_COUNT,
    MEDIA_METRICS,
    MIN_FOLLOWERS,
    ONLINE_FOLLOWERS,
    kind_of,
    media_metrics,
    metrics_split_by,
)
from tap_instagram_business.values import read_id, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_instagram_business.days import DayLabels
    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.costs import Costs
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.graph.insights_call import InsightsCall
    from tap_instagram_business.graph.session import GraphSession

RECENT_MEDIA = "50"
KIND_FIELDS = ("media_product_type", "media_type", "permalink")
ALL_MEDIA_METRICS = frozenset(metric.name for metric in MEDIA_METRICS)


class Probes:
    """Asks accounts for insights, as a sync would."""

    def __init__(self, session: GraphSession, labels: DayLabels, costs: Costs) -> None:
        self._session, self._labels, self._costs = session, labels, costs

    @property
    def refused(self) -> list[RefusedMetric]:
        """The metrics that Meta refuses for every object of a kind."""
        kinds: dict[tuple[str, str], list[str]] = {}
        errors: dict[tuple[str, str], CallError] = {}
        for (kind, metric), error in sorted(self._session.refusals.items(), key=itemgetter(0)):
            kinds.setdefault((metric, error.reason.value), []).append(kind)
            errors.setdefault((metric, error.reason.value), error)
        return [
            RefusedMetric(metric, reason, tuple(asked_of), str(errors[metric, reason]))
            for (metric, reason), asked_of in sorted(kinds.items())
        ]

    def unreadable(self, accounts: Sequence[Account]) -> dict[str, CallError]:
        """Ask each account for a day, and return by id why some give nothing.

        Raises:
            GraphFailure: Meta does not answer any more.
        """
        totals = tuple(metric.name for metric in DAY_METRICS)
        calls = (
            insight_calls.day_total(account, totals, self._yesterday()) for account in accounts
        )
        return {
            answer.call.node: answer.error
            for answer in self._answers(calls)
            if answer.error and answer.ends_account
        }

    def try_all(self, accounts: Sequence[Account]) -> None:
        """Ask one account for every metric there is.

        Raises:
            GraphFailure: Meta does not answer any more.
        """
        large = (a for a in accounts if (a.followers or 0) >= MIN_FOLLOWERS)
        account = next(large, accounts[0])
        calls = [*self._account_calls(account), *self._media_calls(account)]
        for _ in self._answers(calls):
            pass

    def _answers(self, calls: Iterable[Call]) -> Iterator[Answer]:
        for answer in self._session.answers(calls, self._costs):
            if isinstance(answer.error, AccountRateLimited):
                raise answer.error
            yield answer

    def _account_calls(self, account: Account) -> Iterator[InsightsCall]:
        day = self._yesterday()
        for breakdown in BREAKDOWNS:
            metrics = metrics_split_by(breakdown)
            yield insight_calls.day_total(account, metrics, day, breakdown)
        yield insight_calls.series(account, (FOLLOWER_COUNT.name,), "day", day)
        for metric in DEMOGRAPHIC_METRICS:
            timeframe = metric.timeframes[0][1]
            breakdown = DEMOGRAPHIC_BREAKDOWNS[-1]
            yield insight_calls.demographics(account, metric.name, timeframe, breakdown)
        yield insight_calls.series(account, (ONLINE_FOLLOWERS,), "lifetime", day)

    def _yesterday(self) -> dict[str, str]:
        """Return `since` and `until` of the last complete day."""
        day = days.yesterday(self._session.now())
        return self._labels.window(day, day)

    def _media_calls(self, account: Account) -> Iterator[InsightsCall]:
        for kind, media_id in self._newest_media(account).items():
            metrics = media_metrics(kind, self._session.access.login, ALL_MEDIA_METRICS)
            names = tuple(metric.name for metric in metrics)
            yield insight_calls.media_lifetime(account, media_id, kind, names)

    def _newest_media(self, account: Account) -> dict[str, str]:
        """Return the id of the newest media of each kind that the account has lately had."""
        params = {"fields": ",".join(("id", *KIND_FIELDS)), "limit": RECENT_MEDIA}
        calls = [Call(account.id, edge, params, account.token) for edge in ("media", "stories")]
        newest: dict[str, str] = {}
        for answer in self._answers(calls):
            for node in answer.nodes:
                kind = kind_of(*(read_text(node.get(name)) for name in KIND_FIELDS))
                if kind and (media_id := read_id(node.get("id"))):
                    newest.setdefault(kind, media_id)
        return newest
