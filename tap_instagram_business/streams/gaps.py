"""Gaps: what Meta would not give, and why."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.graph.error_table import Reason
from tap_instagram_business.metrics import FOLLOWER_METRICS, MIN_FOLLOWERS
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import ACCOUNT_ID, DOES_NOT_APPLY, column

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.run import Run


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
        self._waiting: dict[str, list[Record]] = defaultdict(list)
        self._days: dict[tuple[object, ...], Record] = {}

    @override
    def connect(self, tables: Mapping[type[Any], Any]) -> None:
        super().connect(tables)
        for table in tables.values():
            table.gaps = self

    @override
    def rows(self) -> Iterable[Record]:
        """Fetch nothing: the tables that ask Meta write the gaps."""
        return ()

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
            self._run.left_out.add_failed_insight()
        if reason is Reason.UNREADABLE:
            self._run.left_out.add_unreadable(metric)
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
            self.write(row)

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
                self.write(changed[key])
            self._days[key] = changed[key] = row
        for row in changed.values():
            self.write({**row})


def missing(
    answer: Answer, given: Container[str], not_asked: CallError | None = None
) -> Iterator[tuple[str, Reason | CallError]]:
    """Yield each metric that an answer does not hold, or not readably, and why.

    Args:
        answer: the answer to an insights call.
        given: the metrics that it holds.
        not_asked: why the call does not ask for a figure; None if it does.
    """
    call = cast("InsightsCall", answer.call)
    unreadable = answer.insights.unreadable
    for metric in (*call.metrics, *call.refused):
        if metric in unreadable:
            yield metric, Reason.UNREADABLE
        elif metric not in given:
            yield metric, call.refused.get(metric) or answer.error or not_asked or Reason.EMPTY


def has_few_followers(account: Account) -> bool:
    """Return whether an account has too few followers for insights about followers."""
    return account.followers is not None and account.followers < MIN_FOLLOWERS


def _day_after(date: str) -> str:
    return (dt.date.fromisoformat(date) + dt.timedelta(days=1)).isoformat()
