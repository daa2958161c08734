"""What an error of the Graph API means, and what follows from it: one table, first match wins.

Meta translates its messages, so a row looks at code and subcode where those are enough. It looks at
the text only where one code has several meanings.

GraphFailure
├── CallError                   one call has no answer
│   ├── GraphError              Meta answered it with an error object
│   ├── Unanswered              no response that can be read came back for it
│   └── AccountRateLimited      the rate limit of its account is used up: other accounts are read
├── Unreachable                 no response that can be read comes back for any call
└── RateLimited                 the rate limit of the app or the run is used up
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_instagram_business.graph.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Container, Mapping


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
    GAP = auto()
    """This insight cannot be had: write a row of `insight_gaps`."""
    GONE = auto()
    """The object is deleted, has ended, or is hidden from this token."""
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
    reason: Reason = Reason.FAILED
    remedy: str = ""

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may be answered when it is sent again."""
        return self.action in RETRYABLE

    @property
    def ends_account(self) -> bool:
        """Whether nothing more of the account can be read in this run."""
        return self.action is Action.SKIP_ACCOUNT

    @property
    def means_gone(self) -> bool:
        """Whether Meta says that the object does not exist, or not for this token."""
        return self.action is Action.GONE

    def covers(self, error: GraphError) -> bool:
        """Return whether this row is about an error."""
        return (
            (self.codes is None or error.code in self.codes)
            and (self.subcodes is None or error.subcode in self.subcodes)
            and (self.text is None or re.search(self.text, error.text, re.IGNORECASE) is not None)
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

RULES: tuple[Rule, ...] = (
    Rule(Action.LESS, text=r"reduce the amount of data"),
    Rule(Action.WAIT, codes=THROTTLED),
    Rule(Action.GAP, codes={10}, text=r"not enough viewers", reason=Reason.TOO_FEW_VIEWERS),
    Rule(Action.SKIP_ACCOUNT, codes={10}, reason=Reason.PERMISSION, remedy=GRANT),
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
        text=r"does not support the .+ metric",
        reason=Reason.UNSUPPORTED,
    ),
    Rule(
        Action.DROP_METRIC,
        codes={100},
        text=r"must be one of the following values",
        reason=Reason.RETIRED,
    ),
    Rule(
        Action.DROP_METRIC,
        codes={100},
        text=r"incompatible breakdowns .+ for metric|specified with parameter metric_type",
        reason=Reason.UNSUPPORTED,
    ),
    Rule(
        Action.DROP_METRIC, codes={100}, text=r"metric only supports querying", reason=Reason.EMPTY
    ),
    Rule(Action.DROP_FIELD, codes={100}, text=r"nonexisting field"),
    Rule(Action.GAP, codes={100}, text=r"since param is not valid", reason=Reason.EMPTY),
    Rule(Action.STOP, codes={100}, text=r"appsecret_proof", remedy=SECRET),
    Rule(Action.SKIP_ACCOUNT, codes={110, 9009}, reason=Reason.GONE, remedy="check the account id"),
    Rule(
        Action.SKIP_ACCOUNT,
        codes={190},
        subcodes={492},
        reason=Reason.PERMISSION,
        remedy="give the token's owner a role on the account's Page again",
    ),
    Rule(Action.STOP, codes=DEAD_TOKEN, remedy=RECONNECT),
    Rule(Action.SKIP_ACCOUNT, codes=range(200, 300), reason=Reason.PERMISSION, remedy=GRANT),
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
NO_ANSWER = Rule(
    Action.UNANSWERED,
    remedy="check the network, and setting `api_url` where it is set",
)
ACCOUNT_LIMIT = Rule(Action.SKIP_ACCOUNT, reason=Reason.ALLOWANCE)
"""No more calls of this account may be sent in this run."""


class GraphFailure(Exception):
    """Something the Graph API could not or would not answer; its text is fit for a user."""


class Unreachable(GraphFailure):
    """No readable response comes back, whatever is asked and however often."""


class RateLimited(GraphFailure):
    """The rate limit of the app or the run is used up, and the settings say not to wait longer."""


class CallError(GraphFailure):
    """One call has no answer.

    Attributes:
        message: why, without secrets.
        rule: what follows from it.
        code: Meta's error code; 0 where Meta gave none.
        subcode: Meta's error_subcode; 0 where Meta gave none.
    """

    def __init__(self, message: str, rule: Rule, *, code: int = 0, subcode: int = 0) -> None:
        self.message, self.rule, self.code, self.subcode = message, rule, code, subcode
        super().__init__(message)

    @property
    def reason(self) -> Reason:
        """Why an insight is missing."""
        return self.rule.reason

    @property
    def text(self) -> str:
        """All that Meta says about it, for the patterns that look for names in it."""
        return self.message

    @property
    def is_of_token(self) -> bool:
        """Whether the token is dead, whatever it is used for."""
        return self.code in DEAD_TOKEN

    @property
    def is_of_app(self) -> bool:
        """Whether a rate limit is used up that all calls share."""
        return self.code in THROTTLED_APP

    @property
    def may_pass(self) -> bool:
        """Whether the next run may get the answer that this one did not get."""
        return self.rule is ACCOUNT_LIMIT or self.rule.is_retryable


class GraphError(CallError):
    """An error object of the Graph API.

    Its message is in Meta's language for the token's user.
    """

    def __init__(
        self, body: Mapping[str, Any], status: int = 400, *, is_only_token: bool = True
    ) -> None:
        """Read an error object.

        Args:
            body: the object.
            status: the HTTP status that it came with.
            is_only_token: whether all accounts are read with one token, so that its end is the end
                of the run; else it is the end of one account.
        """
        self.status = status
        self.trace = str(body.get("fbtrace_id") or "")
        self._details = (body.get("error_user_title"), body.get("error_user_msg"))
        super().__init__(
            str(body.get("message") or "An error without a message"),
            UNKNOWN,
            code=int(body.get("code") or 0),
            subcode=int(body.get("error_subcode") or 0),
        )
        is_transient = bool(body.get("is_transient")) or status >= 500  # noqa: PLR2004
        self.rule = self._rule(is_transient=is_transient, is_only_token=is_only_token)

    def _rule(self, *, is_transient: bool, is_only_token: bool) -> Rule:
        if self.is_of_token and not is_only_token:
            return ONE_OF_SEVERAL
        known = next((rule for rule in RULES if rule.covers(self)), None)
        return known or (TRANSIENT if is_transient else UNKNOWN)

    @property
    @override
    def text(self) -> str:
        return " ".join([self.message, *(str(part) for part in self._details if part)])

    def __str__(self) -> str:
        number = f"{self.code}/{self.subcode}" if self.subcode else str(self.code)
        return f"Meta's error {number}: {self.message}"


class Unanswered(CallError):
    """No response that can be read came back for a call; its message says what came instead."""

    def __init__(self, message: str) -> None:
        super().__init__(message, NO_ANSWER)

    def __str__(self) -> str:
        return f"No answer from Meta ({self.message})"


class AccountRateLimited(CallError):
    """The rate limit of an account is used up, and the settings say not to wait longer."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ACCOUNT_LIMIT)
