"""Why an insight is missing."""

from __future__ import annotations

from enum import Enum

from typing_extensions import Self


class Reason(str, Enum):
    """Why an insight is missing: the values of column `insight_gaps.reason`."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Return a reason.

        Args:
            value: the word that stands in the column.
            meaning: what it says, for the column's description.
        """
        reason = str.__new__(cls, value)
        reason._value_ = value
        reason.meaning = meaning
        return reason

    BEFORE_CONVERSION = (
        "before_conversion",
        "posted before the account turned professional: Meta never has insights of it",
    )
    TOO_FEW_VIEWERS = "too_few_viewers", "fewer than 5 accounts saw the story"
    TOO_FEW_FOLLOWERS = "too_few_followers", "the account has fewer than 100 followers"
    UNSUPPORTED = "unsupported", "Meta does not have this metric for this kind of media"
    RETIRED = "retired", "Meta has retired this metric"
    PERMISSION = "permission", "the token lacks the permission"
    EMPTY = "empty", "Meta answered, but without a figure"
    UNREADABLE = "unreadable", "Meta gave something that is no value of this kind"
    GONE = "gone", "deleted, ended or hidden"
    UNPLACED = "unplaced", "Meta gave figures, but for other days than those asked for"
    META_ERROR = (
        "meta_error",
        "Meta failed at it after several retries, or gave an error that this version does not know",
    )
    RATE_LIMITED = "rate_limited", "Meta's rate limit for the account was used up"
