"""Faults that tests order: which calls fail, how, and how often."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    no_permission,
    no_such_object,
    too_many_calls,
    too_much_data,
)
from instagram_sandbox.graph_api.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

Kind = Literal[
    "drop",
    "stall",
    "html_502",
    "empty_body",
    "truncated_body",
    "raw",
    "batch_refused",
    "null_op",
    "retire_metrics",
    "throttle",
    "error",
    "error_with_200",
    "unknown_error",
    "service_error",
    "too_much_data",
    "gone",
    "permission",
    "expired_token",
    "password_changed",
    "blocked",
]
TRANSPORT: frozenset[str] = frozenset(
    {"drop", "stall", "html_502", "empty_body", "truncated_body", "raw"}
)
"""Faults of a whole HTTP request."""
BATCH: frozenset[str] = frozenset({"batch_refused"})
"""Faults of a batch as a whole."""
OPERATION: frozenset[str] = frozenset({"null_op"})
"""Faults that only an operation of a batch can have."""
CALL: frozenset[str] = frozenset(
    {
        "throttle",
        "error",
        "error_with_200",
        "unknown_error",
        "service_error",
        "too_much_data",
        "gone",
        "permission",
        "expired_token",
        "password_changed",
        "blocked",
        "retire_metrics",
    }
)
"""Faults of one call: a single request, or an operation of a batch."""


@dataclass(frozen=True)
class Fault:
    """An order for something to fail.

    Attributes:
        kind: The failure. The kinds in `TRANSPORT` concern a whole HTTP request, `batch_refused`
            a batch as a whole, `null_op` an operation of a batch, and all others one call, in a
            batch or not.
        match: The calls that fail: a regular expression that is searched for in a text such as
            `GET /v25.0/123/insights?metric=reach` (parameters are not quoted, secrets are left
            out), or a function of that text. For the faults of a request or of a batch the text
            has one line for each operation of the batch.
        times: How many of the matching calls fail. None for all.
        after: How many of the matching calls succeed before the first one fails.
        code: Code of the error. None for the usual code of the kind.
        subcode: Subcode of the error.
        message: Message of the error.
        status: HTTP status of `error` and `raw`.
        body: Body of `raw`.
        seconds: Number of seconds after which `stall` drops the connection.
        metrics: The insights that the API no longer knows after `retire_metrics`.
    """

    kind: Kind
    match: str | Callable[[str], bool] = ""
    times: int | None = 1
    after: int = 0
    code: int | None = None
    subcode: int | None = None
    message: str | None = None
    status: int = 400
    body: str = ""
    seconds: float = 30.0
    metrics: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, order: dict[str, Any]) -> Fault:
        """Read a fault from JSON.

        Raises:
            ValueError: If the kind or another key is unknown.
        """
        known = {part.name for part in fields(cls)}
        kind = order.get("kind")
        if set(order) - known or kind not in TRANSPORT | BATCH | OPERATION | CALL:
            message = f"this is not a fault: {order}"
            raise ValueError(message)
        return cls(**{**order, "metrics": tuple(order.get("metrics", ()))})

    def matches(self, text: str) -> bool:
        """Return whether a call matches."""
        if callable(self.match):
            return self.match(text)
        return re.search(self.match, text) is not None

    def error(self) -> GraphError:
        """Return the error with which a call or a batch fails."""
        usual = _ERRORS.get(self.kind)
        if usual is not None and self.code is None and self.message is None:
            return usual()
        if self.kind == "throttle":
            return too_many_calls(self.code or 80002)
        message = self.message or "(#1) An unknown error occurred"
        return GraphError(self.code or 1, message, self.subcode, status=self.status)


_ERRORS: dict[str, Callable[[], GraphError]] = {
    "batch_refused": lambda: GraphError(
        960,
        "Request aborted. This could happen if a dependent "
        "request failed or the entire request timed out.",
    ),
    "unknown_error": lambda: GraphError(1, "An unknown error has occurred.", status=500),
    "service_error": lambda: GraphError(
        2,
        "(#2) An unexpected error has occurred. Please retry your request later.",
        status=500,
        is_transient=True,
    ),
    "too_much_data": too_much_data,
    "gone": lambda: no_such_object("0"),
    "permission": no_permission,
    "expired_token": lambda: GraphError(
        190, "Error validating access token: Session has expired.", 463, status=401
    ),
    "password_changed": lambda: GraphError(
        190, "Error validating access token: The session has been invalidated.", 460, status=401
    ),
    "blocked": lambda: GraphError(368, "The action attempted has been deemed abusive."),
}


@dataclass
class _Order:
    fault: Fault
    matches: int = 0
    failures: int = 0

    def next_fails(self) -> bool:
        """Count a matching call and return whether it fails."""
        self.matches += 1
        if self.matches <= self.fault.after:
            return False
        if self.fault.times is not None and self.failures >= self.fault.times:
            return False
        self.failures += 1
        return True


class Faults:
    """The faults that are ordered. Tests may change them at any time.

    Attributes:
        history: The faults that have happened, oldest first.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._orders: list[_Order] = []
        self._random: tuple[Dice, float, Sequence[Kind]] | None = None
        self._numbers = count()
        self.history: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        """Order faults. If several match a call, the one that was ordered first happens."""
        with self._lock:
            self._orders += [_Order(fault) for fault in faults]

    def random(self, seed: int, share: float, kinds: Sequence[Kind]) -> None:
        """Let a share of all calls fail at random; the same seed gives the same failures.

        Args:
            seed: Seed of the random numbers.
            share: Share of the calls that fail, from 0 to 1.
            kinds: The failures to choose from.
        """
        with self._lock:
            self._random, self._numbers = (Dice(seed), share, tuple(kinds)), count()

    def clear(self) -> None:
        """Cancel all faults."""
        with self._lock:
            self._orders, self._random = [], None

    def fault_for(self, text: str, kinds: Collection[str]) -> Fault | None:
        """Return the fault that happens to a call, and count it as happened.

        Args:
            text: The call as text, as described at `Fault.match`.
            kinds: The kinds of faults that are possible at this point.

        Returns:
            The fault, or None if the call does not fail.
        """
        if not self._orders and self._random is None:
            return None
        with self._lock:
            fault = self._ordered(text, kinds) or self._random_fault(kinds)
            if fault is not None:
                self.history.append(fault)
            return fault

    def _ordered(self, text: str, kinds: Collection[str]) -> Fault | None:
        for order in self._orders:
            if order.fault.kind in kinds and order.fault.matches(text) and order.next_fails():
                return order.fault
        return None

    def _random_fault(self, kinds: Collection[str]) -> Fault | None:
        if self._random is None:
            return None
        dice, share, chosen = self._random
        possible = [kind for kind in chosen if kind in kinds]
        number = next(self._numbers)
        if not possible or not dice.chance(share, number):
            return None
        return Fault(dice.pick(possible, number, "kind"), seconds=0.5)
