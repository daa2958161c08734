"""Gaps: what Meta would not give, and why, as rows of the table `insight_gaps`."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, cast

from tap_instagram_business.graph.error_table import Reason
from tap_instagram_business.metrics import FOLLOWER_METRICS, MIN_FOLLOWERS
from tap_instagram_business.streams.columns import DOES_NOT_APPLY

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Result
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.run import Run


class GapWriter:
    """Makes the rows of `insight_gaps` for all tables of a run.

    Args:
        run: the run, which counts what is missing.
        write: writes a row.
    """

    def __init__(self, run: Run, write: Callable[[Record], None]) -> None:
        self._run = run
        self._write = write
        self._accounts: set[tuple[str, str]] = set()
        self._waiting: dict[str, list[Record]] = defaultdict(list)
        self._days: dict[tuple[object, ...], Record] = {}

    def add_account(self, account: Account, error: CallError) -> None:
        """Write, once in a run, that no insight of an account can be read."""
        if (account.id, error.reason) not in self._accounts:
            self._accounts.add((account.id, error.reason))
            self.add(account, "", error)

    def add(
        self,
        account: Account,
        metric: str,
        why: Reason | CallError,
        *,
        media_id: str = "",
        day: dt.date | None = None,
    ) -> None:
        """Write that Meta has not given something in this run; of a day, see `write_days`.

        Meta gives few insights to accounts with few followers.

        Args:
            account: the account.
            metric: Meta's name of what is missing; '' for all insights.
            why: the reason, or Meta's error.
            media_id: id of the media; '' for an account.
            day: the Pacific day whose insight is missing; None for what is read as of now.
        """
        error = None if isinstance(why, Reason) else why
        reason = why if isinstance(why, Reason) else why.reason
        is_of_followers = metric.partition(" ")[0] in FOLLOWER_METRICS
        if reason is Reason.EMPTY and is_of_followers and has_few_followers(account):
            reason = Reason.TOO_FEW_FOLLOWERS
        if reason is Reason.META_ERROR:
            self._run.failures.add_failed_insight()
        if reason is Reason.UNREADABLE:
            self._run.failures.add_unreadable(metric)
        date = (day or self._run.graph.now().date()).isoformat()
        row = {
            "account_id": account.id,
            "media_id": media_id or DOES_NOT_APPLY,
            "metric": metric or DOES_NOT_APPLY,
            "reason": reason.value,
            "date": date,
            "last_date": date,
            "code": (error.code or None) if error else None,
            "subcode": (error.subcode or None) if error else None,
            "message": error.message if error else None,
        }
        if day:
            self._waiting[account.id].append(row)
        else:
            self._write(row)

    def write_days(self, account: Account) -> None:
        """Write the gaps of days: one row for consecutive days without a number for one reason.

        Days that go on from earlier ones of this run are told by the same row, which then replaces
        the earlier one.
        """
        changed: dict[tuple[object, ...], Record] = {}
        for row in sorted(self._waiting.pop(account.id, ()), key=itemgetter("date")):
            key = tuple(row[name] for name in ("account_id", "metric", "reason", "code"))
            earlier = self._days.get(key)
            if earlier and row["date"] in {earlier["last_date"], _day_after(earlier["last_date"])}:
                row["date"] = earlier["date"]
            elif key in changed:
                self._write(changed[key])
            self._days[key] = changed[key] = row
        for row in changed.values():
            self._write({**row})


def missing(
    result: Result, given: Container[str], not_asked: CallError | None = None
) -> Iterator[tuple[str, Reason | CallError]]:
    """Yield each metric that an answer does not hold, or not readably, and why.

    Args:
        result: the result to an insights call.
        given: the metrics that it holds.
        not_asked: why the call does not ask for a figure; None if it does.
    """
    call = cast("InsightsCall", result.call)
    unreadable = result.insights.unreadable
    for metric in (*call.metrics, *call.refused):
        if metric in unreadable:
            yield metric, Reason.UNREADABLE
        elif metric not in given:
            yield metric, call.refused.get(metric) or result.error or not_asked or Reason.EMPTY


def has_few_followers(account: Account) -> bool:
    """Return whether an account has too few followers for insights about followers."""
    return account.followers is not None and account.followers < MIN_FOLLOWERS


def _day_after(date: str) -> str:
    return (dt.date.fromisoformat(date) + dt.timedelta(days=1)).isoformat()
