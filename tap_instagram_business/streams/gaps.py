"""Gaps: what Meta would not give, and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.graph.error_table import Reason
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import ACCOUNT_ID, DOES_NOT_APPLY, column

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.run import Run


@dataclass(frozen=True)
class Gap:
    """One insight, or all of a media or an account, that Meta did not give on a date.

    Attributes:
        date: the day, or the first of several days.
        metric: Meta's name of what is missing; '' for all insights.
        reason: why.
        error: Meta's error, if there was one.
        media_id: id of the media; '' for an account.
        last_date: the last of several consecutive days; '' for one day.
    """

    date: str
    metric: str
    reason: Reason
    error: CallError | None = None
    media_id: str = ""
    last_date: str = ""


class InsightGaps(InstagramStream):
    """One number that Meta did not give for a date, or for consecutive days, with the reason.

    A row stays when a later run gets the number. Rows of several runs may be about the same days.
    """

    name = "insight_gaps"
    bookmark_text = (
        "none. The rows come together with those of the table in which the number is missing."
    )
    primary_keys = ("account_id", "media_id", "metric", "reason", "date")
    replication_key = "date"
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column(
            "media_id",
            "string",
            f"Id of the media; `{DOES_NOT_APPLY}` for an insight of the account.",
            key=True,
        ),
        column(
            "metric",
            "string",
            "Meta's name of the metric, with its split if it has one, such as `reach by "
            f"follow_type`; `{DOES_NOT_APPLY}` if all insights are missing. For what is no "
            "insight, Meta's name of the field, or a slash and the name of the list, such as "
            "`/media`.",
            key=True,
        ),
        column(
            "reason",
            "string",
            "; ".join(f"`{reason.value}`: {reason.meaning}" for reason in Reason) + ".",
            key=True,
        ),
        column(
            "date",
            "date",
            "The first US Pacific day whose insight is missing; for other insights the UTC date of "
            "the request.",
            key=True,
        ),
        column("last_date", "date", "The last of these days; the same as `date` for one day."),
        column("code", "integer", "Meta's error code. NULL if Meta gave no error."),
        column("subcode", "integer", "Meta's error_subcode. NULL if there was none."),
        column("message", "string", "Meta's error message. NULL if Meta gave no error."),
    ).to_dict()

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap, run)
        self._accounts: set[tuple[str, str]] = set()
        self._days: dict[tuple[str, str, str], Gap] = {}

    @override
    def rows(self) -> Iterable[Record]:
        """Fetch nothing: the tables that ask Meta write the gaps."""
        return ()

    def add_account(self, account: Account, error: CallError) -> None:
        """Write, once in a run, that no insight of an account can be read."""
        if (account.id, error.reason) not in self._accounts:
            self._accounts.add((account.id, error.reason))
            self.add_today(account, "", error)

    def add_days(self, account: Account, gaps: Iterable[Gap]) -> None:
        """Write gaps of days: one row for consecutive days without a number for the same reason.

        Days that go on from earlier ones of this run are told by the same row, which then replaces
        the earlier one.
        """
        changed: dict[tuple[str, str, str], Gap] = {}
        for gap in sorted(gaps, key=attrgetter("date")):
            self._tell(gap)
            code = str(gap.error.code) if gap.error else ""
            key = f"{account.id} {gap.metric}", gap.reason.value, code
            earlier = self._days.get(key)
            if earlier and gap.date in {earlier.last_date, _day_after(earlier.last_date)}:
                whole = replace(gap, date=earlier.date, last_date=gap.date)
            else:
                if key in changed:
                    self._write(account, changed[key])
                whole = replace(gap, last_date=gap.date)
            self._days[key] = changed[key] = whole
        for gap in changed.values():
            self._write(account, gap)

    def add_today(
        self,
        account: Account,
        metric: str,
        why: Reason | CallError,
        *,
        reason: Reason | None = None,
        media_id: str = "",
    ) -> None:
        """Write that Meta has not given something in this run.

        Args:
            account: the account.
            metric: Meta's name of what is missing, see `Gap`.
            why: the reason, or Meta's error.
            reason: the reason, where it is not that of the error.
            media_id: id of the media; '' for an account.
        """
        error = None if isinstance(why, Reason) else why
        known = why if isinstance(why, Reason) else why.reason
        today = self._run.graph.now().date().isoformat()
        self.add(account, Gap(today, metric, reason or known, error, media_id))

    def add(self, account: Account, gap: Gap) -> None:
        """Write a gap."""
        self._tell(gap)
        self._write(account, gap)

    def _tell(self, gap: Gap) -> None:
        if gap.reason is Reason.META_ERROR:
            self._run.left_out.add_failed_insight()
        if gap.reason is Reason.UNREADABLE:
            self._run.left_out.add_unreadable(gap.metric)

    def _write(self, account: Account, gap: Gap) -> None:
        error = gap.error
        self.write(
            {
                "account_id": account.id,
                "media_id": gap.media_id or DOES_NOT_APPLY,
                "metric": gap.metric or DOES_NOT_APPLY,
                "reason": gap.reason.value,
                "date": gap.date,
                "last_date": gap.last_date or gap.date,
                "code": (error.code or None) if error else None,
                "subcode": (error.subcode or None) if error else None,
                "message": error.message if error else None,
            }
        )


def day_gaps(
    answer: Answer, day: dt.date, given: Container[str], not_asked: CallError | None = None
) -> Iterator[Gap]:
    """Yield a gap for each metric that an answer about a day does not hold, or not readably.

    Args:
        answer: the answer to an insights call.
        day: the day.
        given: the metrics that it holds.
        not_asked: why the call does not ask for this day; None if it does.
    """
    call = cast("InsightsCall", answer.call)
    unreadable = answer.insights.unreadable
    for metric in (*call.metrics, *call.refused):
        error = call.refused.get(metric, answer.error or not_asked)
        if metric in unreadable:
            yield Gap(day.isoformat(), metric, Reason.UNREADABLE)
        elif metric not in given:
            reason = error.reason if error else Reason.EMPTY
            yield Gap(day.isoformat(), metric, reason, error)


def _day_after(date: str) -> str:
    return (dt.date.fromisoformat(date) + dt.timedelta(days=1)).isoformat()
