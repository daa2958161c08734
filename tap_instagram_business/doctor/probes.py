"""Tries the insights out: which metrics does Meta refuse today, which accounts can be read.

One account is asked for everything: each group of account insights that a sync asks for, and the
newest media of each kind with all metrics of its kind. The others are asked one group each.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from tap_instagram_business import days
from tap_instagram_business.doctor.diagnosis import Refused
from tap_instagram_business.graph.calls import Call, InsightsCall, Refusals
from tap_instagram_business.graph.errors import AccountRateLimited, Action
from tap_instagram_business.metrics import (
    BREAKDOWNS,
    DAY_METRICS,
    DEMOGRAPHIC_METRICS,
    FOLLOWER_COUNT,
    FOLLOWS_AND_UNFOLLOWS,
    MEDIA_METRICS,
    kind_of,
    media_metrics,
    unsure_metrics,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import GraphError
    from tap_instagram_business.graph.session import GraphSession
    from tap_instagram_business.graph.transport import Costs

RECENT_MEDIA = "50"
ENOUGH_FOLLOWERS = 100
"""From how many followers on Meta gives an account all insights."""
ALL_MEDIA_METRICS = frozenset(metric.name for metric in MEDIA_METRICS)


class Probes:
    """Tries out what accounts give."""

    def __init__(self, session: GraphSession, costs: Costs) -> None:
        self._session, self._costs = session, costs
        self._refusals = Refusals()

    @property
    def refused(self) -> list[Refused]:
        """The metrics that Meta refuses for every object of a kind."""
        kinds: dict[tuple[str, str], list[str]] = {}
        errors: dict[tuple[str, str], str] = {}
        for (kind, metric), error in sorted(self._refusals.items(), key=itemgetter(0)):
            kinds.setdefault((metric, error.reason), []).append(kind)
            errors.setdefault((metric, error.reason), str(error))
        return [
            Refused(metric, reason, tuple(asked_of), errors[metric, reason])
            for (metric, reason), asked_of in sorted(kinds.items())
        ]

    def unreadable(self, accounts: Sequence[Account]) -> dict[str, GraphError]:
        """Ask each account for a day, and return why some give nothing, by id.

        Raises:
            GraphFailure: Meta does not answer any more.
        """
        totals = tuple(metric.name for metric in DAY_METRICS)
        calls = (self._day_call(account, totals) for account in accounts)
        return {
            answer.call.node: answer.error
            for answer in self._answers(calls)
            if answer.error and answer.error.rule.action in {Action.SKIP_ACCOUNT, Action.GONE}
        }

    def try_all(self, accounts: Sequence[Account]) -> None:
        """Ask one account for every metric there is.

        Raises:
            GraphFailure: Meta does not answer any more.
        """
        large = (a for a in accounts if (a.node.get("followers_count") or 0) >= ENOUGH_FOLLOWERS)
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
        for breakdown in BREAKDOWNS:
            names = [metric.name for metric in DAY_METRICS if breakdown in metric.breakdowns]
            if breakdown in FOLLOWS_AND_UNFOLLOWS.breakdowns:
                names.append(FOLLOWS_AND_UNFOLLOWS.name)
            yield self._day_call(account, tuple(names), breakdown)
        yield self._day_call(account, ("reach", FOLLOWER_COUNT.name), is_series=True)
        for metric in DEMOGRAPHIC_METRICS:
            params = {"period": "lifetime", "metric_type": "total_value", "breakdown": "country"}
            timeframe = metric.timeframes[0][1]
            yield self._call(account, (metric.name,), "audiences", timeframe=timeframe, **params)
        window = self._yesterday()
        yield self._call(account, ("online_followers",), "audiences", period="lifetime", **window)

    def _day_call(
        self,
        account: Account,
        metrics: tuple[str, ...],
        breakdown: str = "",
        *,
        is_series: bool = False,
    ) -> InsightsCall:
        how = {} if is_series else {"metric_type": "total_value"}
        split = {"breakdown": breakdown} if breakdown else {}
        kind = f"accounts by {breakdown}" if breakdown else "accounts"
        return self._call(account, metrics, kind, period="day", **how, **split, **self._yesterday())

    def _call(
        self, account: Account, metrics: tuple[str, ...], kind: str, **params: str
    ) -> InsightsCall:
        return InsightsCall(
            node=account.id,
            params={"metric": ",".join(metrics), **params},
            token=account.token,
            metrics=metrics,
            kind=kind,
            refusals=self._refusals,
        )

    def _yesterday(self) -> Mapping[str, str]:
        day = days.yesterday(self._session.now())
        return days.window(day, day)

    def _media_calls(self, account: Account) -> Iterator[InsightsCall]:
        for kind, media_id in self._newest_media(account).items():
            login = self._session.access.login
            known = media_metrics(kind, login, ALL_MEDIA_METRICS)
            metrics = tuple(metric.name for metric in known)
            yield InsightsCall(
                node=media_id,
                params={"metric": ",".join(metrics)},
                token=account.token,
                metrics=metrics,
                kind=kind,
                lone=unsure_metrics(kind),
                refusals=self._refusals,
            )

    def _newest_media(self, account: Account) -> dict[str, str]:
        """Return the id of the newest media of each kind that the account has lately had."""
        params = {"fields": "id,media_type,media_product_type", "limit": RECENT_MEDIA}
        calls = [Call(account.id, edge, params, account.token) for edge in ("media", "stories")]
        newest: dict[str, str] = {}
        for answer in self._answers(calls):
            for node in answer.data["data"]:
                kind = kind_of(node.get("media_product_type"), node.get("media_type"))
                if kind:
                    newest.setdefault(kind, str(node["id"]))
        return newest
