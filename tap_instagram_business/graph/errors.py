"""What an error of the Graph API means, and what follows from it: one table, first match wins.

Meta localises messages, so a row matches on code and subcode where those decide, and on the text
only where one code means opposite things.

GraphFailure
├── GraphError                  Meta answered a call with an error object
│   ├── Unanswered              nothing that can be read came back for this call
│   └── AccountRateLimited      the account's allowance is used up: the others are read
├── Unreachable                 nothing that can be read comes back for any call
└── RateLimited                 the app's, or the run's, allowance is used up
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container, Mapping


class Action(Enum):
    """What is done about an error."""

    RETRY = auto()
    """Ask again after a pause; the fault is Meta's and passes."""
    UNANSWERED = auto()
    """Ask again, less at a time: the network's fault, a server's, or that it takes too long."""
    WAIT = auto()
    """Throttled: ask again when the allowance has come back."""
    LESS = auto()
    """Ask again for less at a time."""
    DROP_METRIC = auto()
    """Ask again without the metrics that the message names."""
    DROP_FIELD = auto()
    """Ask again without the field that the message names."""
    GAP = auto()
    """This insight is not to be had: a row of `insight_gaps`."""
    GONE = auto()
    """The object is deleted, has ended, or is hidden from this token."""
    SKIP_ACCOUNT = auto()
    """This account cannot be read; the others can."""
    STOP = auto()
    """Nothing can be read until somebody acts."""


FAILING = (Action.RETRY, Action.LESS, Action.UNANSWERED)
"""What Meta, or the way to it, fails at: it may be given when it is asked for again."""


@dataclass(frozen=True)
class Rule:
    """One row of the table: which errors it covers, and what follows."""

    action: Action
    codes: Container[int] | None = None
    subcodes: Container[int] | None = None
    text: str | None = None
    reason: str = "error"
    remedy: str = ""

    def covers(self, error: GraphError) -> bool:
        """Say whether this row is about an error."""
        return (
            (self.codes is None or error.code in self.codes)
            and (self.subcodes is None or error.subcode in self.subcodes)
            and (self.text is None or re.search(self.text, error.text, re.IGNORECASE) is not None)
        )


THROTTLED_APP = frozenset({4, 17, 32, 341, 613})
"""Meta's codes for an allowance that all calls share: the app's, or its user's."""
THROTTLED = frozenset({*THROTTLED_APP, *range(80000, 80015)})
"""Meta's codes for a used-up allowance; they come with HTTP 400 or 403, never 429."""

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
    Rule(Action.GAP, codes={10}, text=r"not enough viewers", reason="too_few_viewers"),
    Rule(Action.SKIP_ACCOUNT, codes={10}, reason="permission", remedy=GRANT),
    Rule(Action.GAP, codes={100}, subcodes={2108006}, reason="before_conversion"),
    Rule(
        Action.GAP,
        codes={100},
        text=r"before (the )?business account conversion",
        reason="before_conversion",
    ),
    Rule(Action.GONE, codes={100}, subcodes={33}, reason="gone"),
    Rule(Action.GONE, codes={24, 803}, reason="gone"),
    Rule(
        Action.DROP_METRIC,
        codes={100},
        text=r"does not support the .+ metric",
        reason="unsupported",
    ),
    Rule(
        Action.DROP_METRIC,
        codes={100},
        text=r"must be one of the following values",
        reason="retired",
    ),
    Rule(
        Action.DROP_METRIC,
        codes={100},
        text=r"incompatible breakdowns .+ for metric|specified with parameter metric_type",
        reason="unsupported",
    ),
    Rule(Action.DROP_METRIC, codes={100}, text=r"metric only supports querying", reason="empty"),
    Rule(Action.DROP_FIELD, codes={100}, text=r"nonexisting field"),
    Rule(Action.GAP, codes={100}, text=r"since param is not valid", reason="empty"),
    Rule(Action.STOP, codes={100}, text=r"appsecret_proof", remedy=SECRET),
    Rule(Action.SKIP_ACCOUNT, codes={110, 9009}, reason="gone", remedy="check the account id"),
    Rule(
        Action.SKIP_ACCOUNT,
        codes={190},
        subcodes={492},
        reason="permission",
        remedy="give the token's owner a role on the account's Page again",
    ),
    Rule(Action.STOP, codes=DEAD_TOKEN, remedy=RECONNECT),
    Rule(Action.SKIP_ACCOUNT, codes=range(200, 300), reason="permission", remedy=GRANT),
    Rule(Action.STOP, codes={3}, remedy="add the Instagram product to the Meta app"),
    Rule(Action.STOP, codes={368}, remedy="Meta has blocked the app for a time: see its dashboard"),
    Rule(Action.STOP, codes={2500, 2635}, remedy="set `api_version` to a version that Meta serves"),
    Rule(Action.RETRY, codes={-2, -1, 1, 2, 960}),
)

ONE_OF_SEVERAL = Rule(
    Action.SKIP_ACCOUNT,
    reason="permission",
    remedy="connect the account again with `tap-instagram-business connect`",
)
"""A dead token where each account has one of its own."""
UNKNOWN = Rule(Action.GAP)
"""What the table does not know costs the one answer, never the run."""
TRANSIENT = Rule(Action.RETRY)
NO_ANSWER = Rule(
    Action.UNANSWERED,
    remedy="check the network, and setting `api_url` where it is set",
)
OWN_ALLOWANCE = Rule(Action.SKIP_ACCOUNT, reason="allowance")
"""An account that may be asked no more in this run."""


class GraphFailure(Exception):
    """Something the Graph API could not or would not answer; its text is fit for a user."""


class Unreachable(GraphFailure):
    """Nothing readable comes back, whatever is asked and however often."""


class RateLimited(GraphFailure):
    """The app's or the run's allowance is used up, and the settings say not to wait (longer)."""


class GraphError(GraphFailure):
    """An error object of the Graph API.

    Attributes:
        code: Meta's code; 0 where the object had none.
        subcode: Meta's error_subcode; 0 where there was none.
        message: Meta's message, in Meta's language for the token's user, without secrets.
        rule: what follows from it.
    """

    def __init__(self, body: Mapping[str, Any], status: int = 400) -> None:
        self.code = int(body.get("code") or 0)
        self.subcode = int(body.get("error_subcode") or 0)
        self.message = str(body.get("message") or "An error without a message")
        detail = (body.get("error_user_title"), body.get("error_user_msg"))
        self.text = " ".join([self.message, *(str(part) for part in detail if part)])
        self.trace = str(body.get("fbtrace_id") or "")
        self.status = status
        self.rule = self._rule(transient=bool(body.get("is_transient")))
        super().__init__(str(self))

    def _rule(self, *, transient: bool) -> Rule:
        known = next((rule for rule in RULES if rule.covers(self)), None)
        if known is not None:
            return known
        return TRANSIENT if transient or self.status >= 500 else UNKNOWN  # noqa: PLR2004

    @property
    def is_of_token(self) -> bool:
        """Whether the token is dead, whatever it is used for."""
        return self.code in DEAD_TOKEN

    @property
    def is_of_app(self) -> bool:
        """Whether the allowance that is used up is one that all calls share."""
        return self.code in THROTTLED_APP

    @property
    def may_pass(self) -> bool:
        """Whether the next run may well be given what this one was not."""
        return self.rule is OWN_ALLOWANCE or self.rule.action in FAILING

    def spare_other_tokens(self) -> None:
        """Let a dead token be the end of its account only."""
        if self.is_of_token:
            self.rule = ONE_OF_SEVERAL

    @property
    def reason(self) -> str:
        """Why an insight is missing, in the words of `insight_gaps.reason`."""
        return self.rule.reason

    def __str__(self) -> str:
        number = f"{self.code}/{self.subcode}" if self.subcode else str(self.code)
        return f"Meta's error {number}: {self.message}"


class Unanswered(GraphError):
    """Nothing that can be read came back for a call; Meta said no code.

    Attributes:
        message: what came instead.
    """

    def __init__(self, message: str) -> None:
        super().__init__({"message": message})
        self.rule = NO_ANSWER

    def __str__(self) -> str:
        return f"No answer from Meta ({self.message})"


class AccountRateLimited(GraphError):
    """The account's own allowance is used up, and the settings say not to wait (longer)."""

    def __init__(self, message: str) -> None:
        super().__init__({"message": message})
        self.rule = OWN_ALLOWANCE

    def __str__(self) -> str:
        return self.message


NAMED_METRICS = (
    re.compile(r"does not support the (?P<names>[\w, ]+?) metric", re.IGNORECASE),
    re.compile(r"for metric \((?P<names>[\w, ]+)\)", re.IGNORECASE),
    re.compile(r"following metrics \((?P<names>[\w, ]+)\)", re.IGNORECASE),
    re.compile(r"\((?P<names>\w+)\) metric only supports", re.IGNORECASE),
)
KNOWN_METRICS = re.compile(r"must be one of the following values: (?P<names>[\w, ]+)")


def refused_metrics(error: GraphError, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Name the asked metrics that an error refuses; none where it names none of them."""
    if listed := KNOWN_METRICS.search(error.text):
        known = set(re.findall(r"\w+", listed["names"]))
        return tuple(metric for metric in asked if metric not in known)
    matches = (pattern.search(error.text) for pattern in NAMED_METRICS)
    names = {name for match in matches if match for name in re.findall(r"\w+", match["names"])}
    return tuple(metric for metric in asked if metric in names)


def refused_field(error: GraphError) -> str:
    """Name the field that a "nonexisting field" error is about; '' where it names none."""
    named = re.search(r"nonexisting field \((\w+)\)", error.text)
    return named[1] if named else ""
