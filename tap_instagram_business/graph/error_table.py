"""What an error of the Graph API means, and what follows from it: one table, first match wins.

Meta translates its messages, so a row looks at code and subcode where those are enough. It looks at
the text only where one code has several meanings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from typing_extensions import Self

if TYPE_CHECKING:
    from collections.abc import Container


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
    UNREADABLE = "unreadable", "Meta returned a value of the wrong type"
    GONE = "gone", "deleted, ended or hidden"
    UNPLACED = "unplaced", "Meta gave figures, but for other days than those asked for"
    META_ERROR = (
        "meta_error",
        "Meta failed at it after several retries, or gave an error that this version does not know",
    )
    RATE_LIMITED = "rate_limited", "Meta's rate limit for the account was used up"


class Action(Enum):
    """What is done after an error."""

    RETRY = auto()
    """Send the call again after a pause: the fault is Meta's and will pass."""
    UNANSWERED = auto()
    """Send it again, for fewer items: no answer came, maybe because it takes too long."""
    WAIT = auto()
    """Throttled: send it again when the rate limit allows it."""
    LESS = auto()
    """Send it again for fewer items at a time."""
    DROP_METRIC = auto()
    """Send it again without the metrics that the message names."""
    DROP_FIELD = auto()
    """Send it again without the field that the message names."""
    NARROW = auto()
    """Send it again for a period that begins a day later: Meta keeps no earlier figures."""
    GAP = auto()
    """This insight cannot be had: write a row of `insight_gaps`."""
    GONE = auto()
    """The object is deleted, has ended, or is hidden from this token."""
    DENIED = auto()
    """The token may not read this: a single media, or all of its account."""
    SKIP_ACCOUNT = auto()
    """This account cannot be read; the other accounts can."""
    STOP = auto()
    """Nothing can be read until a person acts."""


RETRYABLE = frozenset({Action.RETRY, Action.LESS, Action.UNANSWERED})
"""The fault is Meta's or the network's: the same call may be answered later."""


@dataclass(frozen=True)
class Rule:
    """One row of the table: which errors it covers, and what follows.

    Attributes:
        action: what is done.
        codes: the error codes that it covers; None for all.
        subcodes: the subcodes that it covers; None for all.
        text: a pattern for the error's text; None for any text.
        reason: why the insight is missing, if it is.
        remedy: what a person can do about it.
    """

    action: Action
    codes: Container[int] | None = None
    subcodes: Container[int] | None = None
    text: str | None = None
    reason: Reason = Reason.META_ERROR
    remedy: str = ""

    def covers(self, code: int, subcode: int, text: str) -> bool:
        """Return whether this row is about an error with this code, subcode and text."""
        return (
            (self.codes is None or code in self.codes)
            and (self.subcodes is None or subcode in self.subcodes)
            and (self.text is None or re.search(self.text, text, re.IGNORECASE) is not None)
        )


THROTTLED_APP = frozenset({4, 17, 32, 341, 613})
"""Meta's codes for a rate limit that all calls share: that of the app or of its user."""
THROTTLED = frozenset({*THROTTLED_APP, *range(80000, 80015)})
"""Meta's codes for a used-up rate limit; they come with HTTP 400 or 403, never 429."""

RECONNECT = "connect the account again and put the new token into setting `access_token`"
GRANT = (
    "grant the app instagram_basic, instagram_manage_insights, pages_show_list and "
    "pages_read_engagement (Instagram login: instagram_business_basic and "
    "instagram_business_manage_insights) and connect again"
)
SECRET = "check setting `app_secret`: it must be the secret of the app that issued the token"  # noqa: S105

DEAD_TOKEN = frozenset({102, 104, 190})
UNNAMED = frozenset({-1, 1})
"""Meta's codes for errors of its own, which it also gives for a metric that an object lacks."""

RULES: tuple[Rule, ...] = (
    Rule(Action.LESS, text=r"reduce the amount of data"),
    Rule(Action.WAIT, codes=THROTTLED),
    Rule(Action.GAP, codes={10}, text=r"not enough viewers", reason=Reason.TOO_FEW_VIEWERS),
    Rule(Action.DENIED, codes={10}, reason=Reason.PERMISSION, remedy=GRANT),
    Rule(Action.GAP, codes={100}, subcodes={2108006}, reason=Reason.BEFORE_CONVERSION),
    Rule(
        Action.GAP,
        codes={100},
        text=r"before (the )?business account conversion",
        reason=Reason.BEFORE_CONVERSION,
    ),
    Rule(Action.GONE, codes={100}, subcodes={33}, reason=Reason.GONE),
    Rule(Action.GONE, codes={24, 803}, reason=Reason.GONE),
    Rule(
        Action.DROP_METRIC,
        codes={100},
        text=r"does not support the .+ metric|incompatible breakdowns .+ for metric|"
        r"specified with parameter metric_type",
        reason=Reason.UNSUPPORTED,
    ),
    Rule(
        Action.DROP_METRIC,
        codes={100},
        text=r"must be one of the following values",
        reason=Reason.RETIRED,
    ),
    Rule(Action.DROP_FIELD, codes={100}, text=r"nonexisting field"),
    Rule(
        Action.NARROW,
        codes={100},
        text=r"since param is not valid|metric only supports querying",
        reason=Reason.EMPTY,
    ),
    Rule(Action.STOP, codes={100}, text=r"appsecret_proof", remedy=SECRET),
    Rule(Action.SKIP_ACCOUNT, codes={110, 9009}, reason=Reason.GONE, remedy="check the account id"),
    Rule(
        Action.SKIP_ACCOUNT,
        codes={190},
        subcodes={492},
        reason=Reason.PERMISSION,
        remedy="give the token's owner a role on the account's Page again",
    ),
    Rule(
        Action.STOP,
        codes={190},
        subcodes={0},
        remedy=f"{RECONNECT}, or set `login` to the login that the token belongs to",
    ),
    Rule(Action.STOP, codes=DEAD_TOKEN, remedy=RECONNECT),
    Rule(Action.DENIED, codes=range(200, 300), reason=Reason.PERMISSION, remedy=GRANT),
    Rule(Action.STOP, codes={3}, remedy="add the Instagram product to the Meta app"),
    Rule(Action.STOP, codes={368}, remedy="Meta has blocked the app for a time: see its dashboard"),
    Rule(Action.STOP, codes={2500, 2635}, remedy="set `api_version` to a version that Meta serves"),
    Rule(Action.RETRY, codes={-2, -1, 1, 2, 960}),
)

ONE_OF_SEVERAL = Rule(
    Action.SKIP_ACCOUNT,
    reason=Reason.PERMISSION,
    remedy="connect the account again with `tap-instagram-business connect`",
)
"""A dead token, where each account has a token of its own."""
UNKNOWN = Rule(Action.GAP)
"""An error that the table does not know costs one answer, never the run."""
TRANSIENT = Rule(Action.RETRY)
METRIC_REFUSED = Rule(Action.GAP, reason=Reason.UNSUPPORTED)
"""Whatever the words: the object lacks the metric, for its other metrics are given."""
NO_ANSWER = Rule(
    Action.UNANSWERED,
    remedy="check the network, and setting `api_url` where it is set",
)
ACCOUNT_LIMIT = Rule(Action.SKIP_ACCOUNT, reason=Reason.RATE_LIMITED)
"""No more calls of this account may be sent in this run."""
