"""How much of the allowance is used, how much may be asked at once, and when to wait.

Graph API: rate limiting. Meta reports percentages of an allowance that it does not name, in
`X-App-Usage` and, nested by business or account, in `X-Business-Use-Case-Usage`; at 100 it refuses,
and asking on while refused prolongs the refusal. So what one call costs is learnt from the answers,
and no more is under way than half of what is left.
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

APP_USAGE = "X-App-Usage"
CASE_USAGE = "X-Business-Use-Case-Usage"
FIGURES = ("call_count", "total_cputime", "total_time")
FIRST_CALLS = 50
"""How much may be under way before an answer has come; after, as much again as was answered."""
DEFAULT_WAIT_MINUTES = 5.0
"""How long to wait where Meta refuses and does not say for how long."""

NEARLY_USED_UP = 90
FEW_CALLS = 10.0
"""What is taken to be left of a nearly used up allowance, until the cost of calls is known."""
SECONDS_A_MINUTE = 60.0

logger = logging.getLogger("tap-instagram-business.graph")


@dataclass(frozen=True)
class Usage:
    """What one answer said.

    Attributes:
        percents: the highest of Meta's three figures, by what the allowance is of.
        regain_minutes: how long until calls are let through again; 0 where Meta does not say.
    """

    percents: Mapping[str, float]
    regain_minutes: float = 0.0

    @property
    def percent(self) -> float:
        """The highest of all figures."""
        return max(self.percents.values(), default=0.0)


def read_usage(headers: Mapping[str, str]) -> Usage:
    """Read the usage headers of an answer; absent or unreadable headers say nothing."""
    entries = list(_entries(headers))
    percents: dict[str, float] = {}
    for key, entry in entries:
        highest = max(_number(entry.get(name)) for name in FIGURES)
        percents[key] = max(highest, percents.get(key, 0.0))
    waits = (_number(entry.get("estimated_time_to_regain_access")) for _, entry in entries)
    return Usage(percents, max(waits, default=0.0))


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _entries(headers: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    app = _object(headers.get(APP_USAGE))
    if app:
        yield APP_USAGE, app
    for key, cases in _object(headers.get(CASE_USAGE)).items():
        for case in cases if isinstance(cases, list) else ():
            if isinstance(case, dict):
                yield key, case


def _object(header: str | None) -> dict[str, Any]:
    try:
        content = json.loads(header or "{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


@dataclass
class _Reading:
    """What is known of one allowance: its percentage now, and what calls have cost so far."""

    first_percent: float
    percent: float
    answers: int = 0

    def calls_left(self) -> float:
        """Return how many calls are left, judging by what those so far have cost."""
        spent = self.percent - self.first_percent
        if spent > 0:
            return (100 - self.percent) * self.answers / spent
        return float("inf") if self.percent < NEARLY_USED_UP else FEW_CALLS


@dataclass
class Allowance:
    """Lets calls go as the allowance permits, and holds them when it is used up.

    Attributes:
        on_rate_limit: `wait` for the allowance, or `stop` the run with its state kept.
        max_wait_minutes: how long a run may wait in all; then it stops.
        max_calls: calls this run may make; 0 for any number.
    """

    on_rate_limit: str = "wait"
    max_wait_minutes: float = 60.0
    max_calls: int = 0

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._readings: dict[str, _Reading] = {}
        self._current: tuple[str, ...] = ()
        self._calls = 0
        self._under_way = 0
        self._first_calls = FIRST_CALLS
        self._calls_before = 0
        self._held_until = 0.0
        self._waited_minutes = 0.0
        self._ended = ""
        self.highest_percent = 0.0
        self.regain_minutes = 0.0

    def take(self, wanted: int) -> int:
        """Wait until calls may go, and say how many: at least one, at most those wanted.

        Raises:
            RateLimited: where none may go any more in this run.
        """
        with self._changed:
            while True:
                if self.max_calls and self._calls >= self.max_calls:
                    self._ended = f"this run may make {self.max_calls} calls (setting `max_calls`)"
                if self._ended:
                    raise RateLimited(self._ended)
                held = self._held_until - time.monotonic()
                room = self._room()
                if held <= 0 and room > 0:
                    break
                self._changed.wait(held if held > 0 else None)
            granted = min(wanted, room)
            self._calls += granted
            self._under_way += granted
            return granted

    def _room(self) -> int:
        """Return how many more calls may be under way: one in any case if none is."""
        left = min(
            (self._readings[key].calls_left() for key in self._current), default=float("inf")
        )
        answered = self._calls - self._under_way - self._calls_before
        most = min(self._first_calls + answered, max(1.0, left / 2))
        if self.max_calls:
            most = min(most, self.max_calls - self._calls + self._under_way)
        return int(most) - self._under_way

    def give_back(self, calls: int) -> None:
        """Note that calls are answered, or lost."""
        with self._changed:
            self._under_way -= calls
            self._changed.notify_all()

    def read(self, usage: Usage) -> None:
        """Take note of what the answer of one call said."""
        if not usage.percents:
            return
        with self._changed:
            for key, percent in usage.percents.items():
                reading = self._readings.get(key)
                if reading is None or percent < reading.percent:
                    self._readings[key] = _Reading(percent, percent)
                else:
                    reading.percent = percent
                    reading.answers += 1
            self._current = tuple(usage.percents)
            self.highest_percent = max(self.highest_percent, usage.percent)
            self.regain_minutes = max(self.regain_minutes, usage.regain_minutes)
        if usage.regain_minutes:
            self._hold(usage.regain_minutes)

    def refused(self) -> None:
        """Let no call go for as long as Meta has said, because one was refused."""
        if time.monotonic() >= self._held_until:
            self._hold(DEFAULT_WAIT_MINUTES)

    def _hold(self, minutes: float) -> None:
        with self._changed:
            more = minutes - max(0.0, self._held_until - time.monotonic()) / SECONDS_A_MINUTE
            if more <= 0:
                return
            if self.on_rate_limit == "stop" or self._waited_minutes + more > self.max_wait_minutes:
                self._ended = f"Meta's allowance is used up, back in about {minutes:g} minutes"
            else:
                self._waited_minutes += more
                self._held_until = time.monotonic() + minutes * SECONDS_A_MINUTE
                self._readings.clear()
                self._current = ()
                # One call finds out whether the wait was long enough.
                self._first_calls = 1
                self._calls_before = self._calls
                logger.warning("Meta's allowance is used up: waiting %g minutes.", minutes)
            self._changed.notify_all()
