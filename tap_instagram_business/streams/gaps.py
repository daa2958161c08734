"""Gaps: what Meta would not give, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from singer_sdk import typing as th

from tap_instagram_business.client import ACCOUNT_ID, InstagramStream, column

if TYPE_CHECKING:
    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.errors import GraphError
    from tap_instagram_business.tap import TapInstagramBusiness

BEFORE_CONVERSION = "before_conversion"
FAILED = "error"
GONE = "gone"
REASONS = {
    BEFORE_CONVERSION: "posted before the account became professional, so Meta will never give it",
    "too_few_viewers": "fewer than 5 accounts saw the story",
    "too_few_followers": "the account has fewer than 100 followers",
    "unsupported": "Meta does not have this metric for this kind of media",
    "retired": "Meta no longer has this metric",
    "permission": "the token lacks the permission",
    "empty": "Meta answered without a number",
    GONE: "deleted, ended or hidden",
    "unplaced": "Meta gave numbers, but did not say of which days",
    FAILED: "Meta failed each time it was asked",
    "allowance": "the rate limit of the account was reached",
}


@dataclass(frozen=True)
class Gap:
    """One insight, or all ('') of a media, that Meta did not give on a date."""

    date: str
    metric: str
    reason: str
    error: GraphError | None = None
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
            "follow_type`; '' if all insights are missing.",
            key=True,
        ),
        column(
            "reason",
            "string",
            "; ".join(f"`{name}`: {meaning}" for name, meaning in REASONS.items()) + ".",
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

    def __init__(self, tap: TapInstagramBusiness) -> None:
        super().__init__(tap)
        self._accounts: set[tuple[str, str]] = set()

    def add_account(self, account: Account, date: str, error: GraphError) -> None:
        """Write that no insight of an account is to be had, once a run."""
        if (account.id, error.reason) not in self._accounts:
            self._accounts.add((account.id, error.reason))
            self.add(account, Gap(date, "", error.reason, error))

    def add(self, account: Account, gap: Gap) -> None:
        """Write a gap."""
        error = gap.error
        if gap.reason == FAILED:
            self._tap.failures.add_gap()
        self.write(
            {
                "account_id": account.id,
                "media_id": gap.media_id,
                "metric": gap.metric,
                "reason": gap.reason,
                "date": gap.date,
                "code": (error.code or None) if error else None,
                "subcode": (error.subcode or None) if error else None,
                "message": error.message if error else None,
            }
        )
