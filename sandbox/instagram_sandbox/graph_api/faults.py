"""Faults on order: what goes wrong, for which calls, how often."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    no_permission,
    no_such_object,
    throttled,
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
"""Faults of a whole HTTP exchange."""
BATCH: frozenset[str] = frozenset({"batch_refused"})
"""Faults of a batch as such."""
OPERATION: frozenset[str] = frozenset({"null_op"})
"""Faults that only an operation within a batch can have."""
CALL: frozenset[str] = frozenset(
    {
        *("throttle", "error", "error_with_200", "unknown_error", "service_error"),
        *("too_much_data", "gone", "permission", "expired_token", "password_changed"),
        *("blocked", "retire_metrics"),
    }
)
"""Faults of one call: a request of its own, or an operation within a batch."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        kind: What: one of `TRANSPORT` for the exchange, `batch_refused` for a batch as such,
            `null_op` for an operation of a batch, else for one call, in a batch or not.
        match: Which calls: a pattern searched for in `GET /v25.0/123/insights?metric=reach`
            (parameters unquoted, secrets left out), or a function of that text. Faults of the
            exchange and of a batch see the lines of all operations of a batch.
        times: How many of the calls that match are hit; None for all.
        after: How many of them are let through before.
        code: The error's code; what the kind says if None.
        subcode: The error's subcode.
        message: The error's message.
        status: The HTTP status of `error` and `raw`.
        body: The body of `raw`.
        seconds: How long `stall` waits before it drops the connection.
        metrics: The insights that `retire_metrics` takes away from then on.
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
    def from_json(cls, ordered: dict[str, Any]) -> Fault:
        """Read a fault from JSON.

        Raises:
            ValueError: If it has a part that faults do not have, or an unknown kind.
        """
        known = {part.name for part in fields(cls)}
        kind = ordered.get("kind")
        if set(ordered) - known or kind not in TRANSPORT | BATCH | OPERATION | CALL:
            message = f"not a fault: {ordered}"
            raise ValueError(message)
        return cls(**{**ordered, "metrics": tuple(ordered.get("metrics", ()))})

    def hits(self, text: str) -> bool:
        """Whether a call matches."""
        if callable(self.match):
            return self.match(text)
        return re.search(self.match, text) is not None

    def error(self) -> GraphError:
        """Give the error that a fault of a call or of a batch answers with."""
        plain = _ERRORS.get(self.kind)
        if plain is not None and self.code is None and self.message is None:
            return plain()
        if self.kind == "throttle":
            return throttled(self.code or 80002)
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
    met: int = 0
    struck: int = field(default=0)

    def strikes(self) -> bool:
        self.met += 1
        if self.met <= self.fault.after:
            return False
        if self.fault.times is not None and self.struck >= self.fault.times:
            return False
        self.struck += 1
        return True


class Faults:
    """The faults that are on order; tests may change them at any time.

    Attributes:
        struck: The faults that have happened, in order.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._orders: list[_Order] = []
        self._random: tuple[Dice, float, Sequence[Kind]] | None = None
        self._numbers = count()
        self.struck: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        """Order faults. Of several that match a call, the one ordered first happens."""
        with self._lock:
            self._orders += [_Order(fault) for fault in faults]

    def random(self, seed: int, share: float, kinds: Sequence[Kind]) -> None:
        """Let a share of everything fail, by chance but the same way for the same seed."""
        with self._lock:
            self._random, self._numbers = (Dice(seed), share, tuple(kinds)), count()

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._orders, self._random = [], None

    def strike(self, text: str, kinds: Collection[str]) -> Fault | None:
        """Say what goes wrong with a call, None if nothing does; it counts as having happened.

        Args:
            text: The call.
            kinds: What can go wrong at this point.
        """
        if not self._orders and self._random is None:
            return None
        with self._lock:
            fault = self._ordered(text, kinds) or self._by_chance(kinds)
            if fault is not None:
                self.struck.append(fault)
            return fault

    def _ordered(self, text: str, kinds: Collection[str]) -> Fault | None:
        for order in self._orders:
            if order.fault.kind in kinds and order.fault.hits(text) and order.strikes():
                return order.fault
        return None

    def _by_chance(self, kinds: Collection[str]) -> Fault | None:
        if self._random is None:
            return None
        dice, share, wanted = self._random
        possible = [kind for kind in wanted if kind in kinds]
        number = next(self._numbers)
        if not possible or not dice.chance(share, number):
            return None
        return Fault(dice.pick(possible, number, "kind"), seconds=0.5)
