"""How the Graph API fails.

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
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_instagram_business import redaction
from tap_instagram_business.graph.bodies import whole_number
from tap_instagram_business.graph.error_table import (
    ACCOUNT_LIMIT,
    DEAD_TOKEN,
    NO_ANSWER,
    ONE_OF_SEVERAL,
    RETRYABLE,
    RULES,
    TRANSIENT,
    UNKNOWN,
    UNNAMED,
    Action,
    Rule,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


NAMED_METRICS = (
    re.compile(r"does not support the (?P<names>[\w, ]+?) metric", re.IGNORECASE),
    re.compile(r"for metric \((?P<names>[\w, ]+)\)", re.IGNORECASE),
    re.compile(r"following metrics \((?P<names>[\w, ]+)\)", re.IGNORECASE),
    re.compile(r"\((?P<names>\w+)\) metric only supports", re.IGNORECASE),
)
"""How the text of an error names the metrics that Meta refuses, as seen in English answers."""
KNOWN_METRICS = re.compile(r"must be one of the following values: (?P<names>[\w, ]+)")


class GraphFailure(Exception):
    """Something the Graph API could not or would not answer; its text is fit for a user."""

    @property
    def sentence(self) -> str:
        """What has failed and, where it is known, what to do about it."""
        return str(self)


class Unreachable(GraphFailure):
    """No readable response comes back, whatever is asked and however often."""


class RateLimited(GraphFailure):
    """The rate limit of the app or the run is used up, and the settings say not to wait longer."""


class CallError(GraphFailure):
    """One call has no answer.

    Attributes:
        message: why, without secrets.
        rule: what follows from it.
        reason: why an insight is missing.
        code: Meta's error code; 0 where Meta gave none.
        subcode: Meta's error_subcode; 0 where Meta gave none.
        text: all that Meta says about it, for the patterns that look for names in it.
        is_of_token: whether the token is dead, whatever it is used for.
        is_final: whether Meta says itself that sending the same again is of no use.
    """

    def __init__(
        self, message: str, rule: Rule, told: str = "", *, code: int = 0, subcode: int = 0
    ) -> None:
        """Make an error that reads as `told`, or as its message."""
        self.message, self.rule, self.code, self.subcode = message, rule, code, subcode
        self.text, self.is_final = message, False
        self.reason, self.is_of_token = rule.reason, code in DEAD_TOKEN
        super().__init__(told or message)

    @property
    @override
    def sentence(self) -> str:
        return f"{self}: {self.rule.remedy}" if self.rule.remedy else str(self)

    def refused_metrics(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        """Return the metrics that the error refuses, of those that were asked for."""
        if listed := KNOWN_METRICS.search(self.text):
            known = set(re.findall(r"\w+", listed["names"]))
            return tuple(metric for metric in asked if metric not in known)
        matches = (pattern.search(self.text) for pattern in NAMED_METRICS)
        names = {name for match in matches if match for name in re.findall(r"\w+", match["names"])}
        return tuple(metric for metric in asked if metric in names)

    def metrics_in_text(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        """Return the metrics whose names are words of the error's text; none if all are.

        That is no proof, since names such as `likes` are words of many a text.
        """
        named = tuple(metric for metric in asked if re.search(rf"\b{metric}\b", self.text))
        return named if len(named) < len(asked) else ()

    @property
    def refused_field(self) -> str:
        """The field that Meta says does not exist; '' if the error names none."""
        named = re.search(r"nonexisting field \((\w+)\)", self.text)
        return named[1] if named else ""

    @property
    def may_be_about_a_metric(self) -> bool:
        """Whether a single metric of the call may be to blame, although the error names none.

        Meta words such errors in many ways and languages: "Fatal", "An unknown error has occurred".
        """
        is_unknown = self.rule is UNKNOWN or self.rule.action is Action.DROP_METRIC
        return is_unknown or self.code in UNNAMED

    @property
    def is_transient(self) -> bool:
        """Whether the next run may get the answer that this one did not get."""
        return self.rule is ACCOUNT_LIMIT or self.rule.action in RETRYABLE


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
        message = redaction.scrub(str(body.get("message") or "An error without a message"))
        details = (body.get("error_user_title"), body.get("error_user_msg"))
        text = " ".join([message, *(str(part) for part in details if part)])
        code, subcode = whole_number(body.get("code")), whole_number(body.get("error_subcode"))
        is_transient = bool(body.get("is_transient")) or status >= 500  # noqa: PLR2004
        other = TRANSIENT if is_transient else UNKNOWN
        rule = next((rule for rule in RULES if rule.covers(code, subcode, text)), other)
        if code in DEAD_TOKEN and not is_only_token:
            rule = ONE_OF_SEVERAL
        number = f"{code}/{subcode}" if subcode else str(code)
        told = f"Meta's error {number}: {message}"
        super().__init__(message, rule, told, code=code, subcode=subcode)
        self.text, self.is_final = text, body.get("is_transient") is False


class Unanswered(CallError):
    """No response that can be read came back for a call; its message says what came instead."""

    def __init__(self, message: str) -> None:
        super().__init__(message, NO_ANSWER, f"No answer from Meta ({message})")


class AccountRateLimited(CallError):
    """The rate limit of an account is used up, and the settings say not to wait longer."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ACCOUNT_LIMIT)
