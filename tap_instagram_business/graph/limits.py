"""How much of the allowance is used, and when to wait.

Graph API: rate limiting. Meta reports percentages of an allowance that it does not name, in
`X-App-Usage` and, nested by business or account, in `X-Business-Use-Case-Usage`; at 100 it refuses,
and asking on while refused prolongs the refusal.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_instagram_business.graph.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

USAGE_HEADERS = ("X-App-Usage", "X-Business-Use-Case-Usage")
FIGURES = ("call_count", "total_cputime", "total_time")
SLOW_FROM = 80
FULL_FROM = 95
SECONDS_A_POINT = 0.5
"""How much longer each further percent makes the pause before a request, from SLOW_FROM on."""
DEFAULT_WAIT_MINUTES = 5.0
"""How long to wait where Meta says that nothing is left but not for how long."""

logger = logging.getLogger("tap-instagram-business.graph")


@dataclass(frozen=True)
class Usage:
    """What one answer said: the highest of its percentages, and the minutes to regain access."""

    percent: float = 0.0
    regain_minutes: float = 0.0


def read_usage(headers: Mapping[str, str]) -> Usage:
    """Read the usage headers of an answer; absent or unreadable headers say nothing."""
    entries = [entry for name in USAGE_HEADERS for entry in _entries(headers.get(name, ""))]
    return Usage(
        percent=max((_number(entry.get(name)) for entry in entries for name in FIGURES), default=0),
        regain_minutes=max(
            (_number(entry.get("estimated_time_to_regain_access")) for entry in entries), default=0
        ),
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _entries(header: str) -> Iterator[dict[str, Any]]:
    try:
        content = json.loads(header or "{}")
    except ValueError:
        return
    if not isinstance(content, dict):
        return
    yield content
    for nested in content.values():
        if isinstance(nested, list):
            yield from (entry for entry in nested if isinstance(entry, dict))


@dataclass
class Allowance:
    """Slows requests down as the allowance runs out, and holds them when it has.

    Attributes:
        on_rate_limit: `wait` for the allowance, or `stop` the run with its state kept.
        max_wait_minutes: how long a run may wait in all; then it stops.
        max_calls: calls this run may make; 0 for any number.
    """

    on_rate_limit: str = "wait"
    max_wait_minutes: float = 60.0
    max_calls: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self._usage = Usage()
        self._held_until = 0.0
        self._waited_minutes = 0.0
        self._ended = ""
        self.highest_percent = 0.0

    def take(self, calls: int) -> None:
        """Wait until this many calls may be made.

        Raises:
            RateLimited: where they may not be made in this run.
        """
        while held := self._held_for():
            time.sleep(held)
        with self._lock:
            if self.max_calls and self._calls + calls > self.max_calls:
                self._ended = f"this run may make {self.max_calls} calls (setting `max_calls`)"
            if self._ended:
                raise RateLimited(self._ended)
            self._calls += calls
            slowing = max(0.0, self._usage.percent - SLOW_FROM) * SECONDS_A_POINT
        if slowing:
            time.sleep(slowing)

    def _held_for(self) -> float:
        return 0.0 if self._ended else max(0.0, self._held_until - time.monotonic())

    def read(self, usage: Usage) -> None:
        """Take note of what an answer said, and hold further requests when little is left."""
        with self._lock:
            self._usage = usage
            self.highest_percent = max(self.highest_percent, usage.percent)
        if usage.percent >= FULL_FROM:
            self._hold(usage.regain_minutes or DEFAULT_WAIT_MINUTES)

    def throttled(self) -> None:
        """Hold further requests because one was refused, for as long as Meta has said."""
        if not self._held_for():
            self._hold(DEFAULT_WAIT_MINUTES)

    def _hold(self, minutes: float) -> None:
        with self._lock:
            more = minutes - self._held_for() / 60
            if more <= 0:
                return
            if self.on_rate_limit == "stop" or self._waited_minutes + more > self.max_wait_minutes:
                self._ended = f"Meta's allowance is used up, back in about {minutes:g} minutes"
                return
            self._waited_minutes += more
            self._held_until = time.monotonic() + minutes * 60
        logger.warning("Meta's allowance is used up: waiting %g minutes.", minutes)
