"""Gaps: what Meta would not give, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.graph.reasons import Reason
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import ACCOUNT_ID, column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.run import Run


@dataclass(frozen=True)
class Gap:
    """One insight, or all ('') of a media, that Meta did not give on a date."""

    date: str
    metric: str
    reason: Reason
    error: CallError | None = None
    media_id: str = ""


class InsightGaps(InstagramStream):
    """One number that Meta did not give for a date, with the reason.

    A row stays when a later run gets the number. To see since when a number is missing, take
    MIN(date) and MAX(date) of its rows.
    """

    name = "insight_gaps"
    primary_keys = ("account_id", "media_id", "metric", "reason", "date")
    replication_key = "date"
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column(
            "media_id", "string", "Id of the media; '' for an insight of the account.", key=True
        ),
        column(
            "metric",
            "string",
            "Meta's name of the metric, with its split if it has one, such as `reach by "
            "follow_type`; '' if all insights are missing. For what is no insight, Meta's name of "
            "the field, or a slash and the name of the list, such as `/media`.",
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
            "The US Pacific day whose insight is missing; for other insights the UTC date of the "
            "request.",
            key=True,
        ),
        column("code", "integer", "Meta's error code. NULL if Meta gave no error."),
        column("subcode", "integer", "Meta's error_subcode. NULL if there was none."),
        column("message", "string", "Meta's error message. NULL if Meta gave no error."),
    ).to_dict()

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap, run)
        self._accounts: set[tuple[str, str]] = set()

    @override
    def rows(self) -> Iterable[Record]:
        """Fetch nothing: the tables that ask Meta write the gaps."""
        return ()

    def add_account(self, account: Account, date: str, error: CallError) -> None:
        """Write, once in a run, that no insight of an account can be read."""
        if (account.id, error.reason) not in self._accounts:
            self._accounts.add((account.id, error.reason))
            self.add(account, Gap(date, "", error.reason, error))

    def add(self, account: Account, gap: Gap) -> None:
        """Write a gap."""
        error = gap.error
        if gap.reason is Reason.FAILED:
            self._run.left_out.add_failed_insight()
        if gap.reason is Reason.UNREADABLE:
            self._run.left_out.add_unreadable(gap.metric)
        self.write(
            {
                "account_id": account.id,
                "media_id": gap.media_id,
                "metric": gap.metric,
                "reason": gap.reason.value,
                "date": gap.date,
                "code": (error.code or None) if error else None,
                "subcode": (error.subcode or None) if error else None,
                "message": error.message if error else None,
            }
        )
