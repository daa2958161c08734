"""Finds how many requests may be in flight at the same time.

It begins with a few. While answers come as quickly as before and requests have to wait for their
turn, each answer allows one more, so that the number doubles in each round. It is halved when Meta
refuses calls of the app, fails, does not answer, or takes ever longer; from then on it grows by one
in each round (additive increase, multiplicative decrease, as in TCP). It does not grow while most
of the app's quota is used.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

FIRST = 4
"""How many requests may be in flight at first. Longer times alone do not lower the number further
than this."""
SLOW = 2.0
"""If answers take so many times as long as the quickest of their kind, fewer requests are sent."""
STEADY = 1.5
"""If they take so many times as long, no more requests are sent than before."""
WEIGHT = 0.125
"""How much one answer counts in the average of how slow answers are."""
FORGETTING = 1.001
"""The quickest time of a kind grows by this factor with each answer, so that a server that has
become slower for good is no longer compared with what it was."""
MUCH_USED = 75.0
"""From this percentage of the app's quota on, the number does not grow."""


class Parallelism:
    """How many requests may be in flight at the same time, shared by all threads of a session."""

    def __init__(self, most: int) -> None:
        """Begin with a few requests.

        Args:
            most: the highest number of requests that are ever in flight together.
        """
        self._most = most
        self._allowed = float(min(FIRST, most))
        self._changed = threading.Condition()
        self._in_flight = 0
        self._is_closed = False
        self._has_fallen = False
        self._fell_at = 0.0
        self._full_at = float("-inf")
        self._slowness = 1.0
        self._quickest: dict[Hashable, float] = {}

    @property
    def allowed(self) -> int:
        """How many requests may be in flight now."""
        return int(self._allowed)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until one more request may be in flight; it is until the end of the block."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._in_flight < self.allowed)
            self._in_flight += 1
            if self._in_flight >= self.allowed:
                self._full_at = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End all waiting, now and from now on."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def answered(
        self, kind: Hashable, sent: float, seconds: float, app_percent: float | None = None
    ) -> None:
        """Take how long an answer took.

        Args:
            kind: what was asked for; only answers of the same kind are compared.
            sent: when the request was sent (monotonic).
            seconds: how long its answer took.
            app_percent: how much of the app's quota is used; None where Meta does not say.
        """
        with self._changed:
            quickest = min(seconds, self._quickest.get(kind, seconds) * FORGETTING)
            self._quickest[kind] = quickest
            slowness = seconds / quickest if quickest > 0 else 1.0
            self._slowness += (slowness - self._slowness) * WEIGHT
            if self._slowness > SLOW:
                self._halve(sent, sent + seconds, least=FIRST)
            elif self._slowness < STEADY and (app_percent or 0.0) < MUCH_USED:
                self._grow(sent)

    def failed(self, sent: float, now: float) -> None:
        """Take that Meta refused calls for the whole app, failed, or did not answer.

        Args:
            sent: when the request was sent (monotonic).
            now: the present moment (monotonic).
        """
        with self._changed:
            self._halve(sent, now, least=1)

    def _grow(self, sent: float) -> None:
        """Allow more, if as many as were allowed were in flight together with this request."""
        if self._full_at >= sent:
            step = 1.0 / self._allowed if self._has_fallen else 1.0
            self._allowed = min(self._most, self._allowed + step)
            self._changed.notify_all()

    def _halve(self, sent: float, now: float, *, least: int) -> None:
        """Allow half as many, once for all requests that were in flight together."""
        if sent < self._fell_at:
            return
        self._allowed = min(self._allowed, max(least, self._allowed / 2))
        self._has_fallen, self._fell_at, self._slowness = True, now, 1.0
