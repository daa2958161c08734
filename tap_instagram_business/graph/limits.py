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
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_instagram_business.graph.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

APP_USAGE = "X-App-Usage"
CASE_USAGE = "X-Business-Use-Case-Usage"
APP = ""
"""Whose allowance is the app's."""
FIGURES = ("call_count", "total_cputime", "total_time")
FIRST_CALLS = 50
"""How much may be under way before an answer has come; after, as much again as was answered."""
DEFAULT_WAIT_MINUTES = 5.0
"""How long to wait where Meta refuses and does not say for how long."""

NEARLY_USED_UP = 90
FEW_CALLS = 10.0
"""What is taken to be left of a nearly used up allowance, until the cost of calls is known."""
REGAINED = 20
"""By how many percent usage must fall to be taken for an allowance that is coming back."""
SECONDS_A_MINUTE = 60.0

logger = logging.getLogger("tap-instagram-business.graph")


@dataclass(frozen=True)
class Usage:
    """What one answer said: the highest of Meta's three figures, of each allowance.

    Attributes:
        app: percent of the app's allowance; None where Meta does not say.
        account: percent of the allowance for the account that was asked about.
        regain_minutes: how long until calls are let through again; 0 where Meta does not say.
    """

    app: float | None = None
    account: float | None = None
    regain_minutes: float = 0.0

    @property
    def percent(self) -> float:
        """The highest of all figures; 0 where Meta says none."""
        return max(self.app or 0.0, self.account or 0.0)


def read_usage(headers: Mapping[str, str]) -> Usage:
    """Read the usage headers of an answer; absent or unreadable headers say nothing."""
    apps = [_object(headers.get(APP_USAGE))] if headers.get(APP_USAGE) else []
    cases = list(_cases(_object(headers.get(CASE_USAGE))))
    waits = (_number(entry.get("estimated_time_to_regain_access")) for entry in [*apps, *cases])
    return Usage(_highest(apps), _highest(cases), max(waits, default=0.0))


def _highest(entries: list[dict[str, Any]]) -> float | None:
    figures = [_number(entry.get(name)) for entry in entries if entry for name in FIGURES]
    return max(figures) if figures else None


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _cases(header: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for nested in header.values():
        for case in nested if isinstance(nested, list) else ():
            if isinstance(case, dict):
                yield case


def _object(header: str | None) -> dict[str, Any]:
    try:
        content = json.loads(header or "{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


@dataclass
class _Reading:
    """What is known of one allowance: its percentage, what calls have cost, what is under way."""

    percent: float = 0.0
    first_percent: float | None = None
    answers: int = 0
    under_way: int = 0
    most_at_once: float = float("inf")
    held_until: float = 0.0

    def note(self, percent: float) -> None:
        """Take note of what the answer of one call said."""
        if self.first_percent is None or percent < self.percent - REGAINED:
            self.first_percent, self.percent, self.answers = percent, percent, 0
            return
        # Answers come out of order: one that says less is older, not a regain.
        self.percent = max(percent, self.percent)
        self.answers += 1

    def room(self) -> float:
        """Return how many more calls may be under way: half of those left, one if none is."""
        spent = self.percent - (self.first_percent or 0.0)
        left = float("inf") if self.percent < NEARLY_USED_UP else FEW_CALLS
        if spent > 0:
            left = (100 - self.percent) * self.answers / spent
        return max(1.0, min(left / 2, self.most_at_once)) - self.under_way

    def give_back(self) -> None:
        """Note that a call is answered, or lost."""
        self.under_way -= 1
        self.most_at_once += 1

    def hold(self, until: float) -> None:
        """Let no call go before a moment, and then one: it finds out whether that was enough."""
        self.held_until = until
        self.percent, self.first_percent, self.answers = 0.0, None, 0
        self.most_at_once = 1.0 - self.under_way


@dataclass
class Allowance:
    """Lets calls go as the allowances permit, and holds them where one is used up.

    There is one allowance for each account, and one of the app for all calls.

    Attributes:
        on_rate_limit: `wait` for the allowance, or `stop` the run with its state kept.
        max_wait_minutes: how long a run may wait in all; then it stops.
        max_calls: calls this run may make; 0 for any number.
        highest_percent: the highest usage that any answer has reported.
        regain_minutes: the longest time to regain access that any answer has reported.
    """

    on_rate_limit: str = "wait"
    max_wait_minutes: float = 60.0
    max_calls: int = 0
    highest_percent: float = 0.0
    regain_minutes: float = 0.0

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._readings: dict[str, _Reading] = defaultdict(_Reading)
        self._calls = 0
        self._under_way = 0
        self._held_until = 0.0
        self._waited_minutes = 0.0
        self._ended = ""

    @property
    def calls_left(self) -> float:
        """How many calls the run may still make, by its own setting."""
        return self.max_calls - self._calls if self.max_calls else float("inf")

    def close(self) -> None:
        """Let nothing go any more, and nothing wait."""
        with self._changed:
            self._ended = "the run has ended"
            self._changed.notify_all()

    def take(self, payers: Sequence[str]) -> list[int]:
        """Wait until calls may go, and say which.

        Args:
            payers: for each call the account whose allowance it uses.

        Returns:
            The places of the calls that may go, in order: one at least.

        Raises:
            RateLimited: where none may go any more in this run.
        """
        with self._changed:
            while True:
                if self.calls_left <= 0:
                    self._ended = f"this run may make {self.max_calls} calls (setting `max_calls`)"
                if self._ended:
                    raise RateLimited(self._ended)
                if granted := self._grant(payers):
                    return granted
                self._changed.wait(self._next_release(payers))

    def _grant(self, payers: Sequence[str]) -> list[int]:
        room, now = self._room(), time.monotonic()
        granted: list[int] = []
        if self._readings[APP].held_until > now:
            return granted
        for place, payer in enumerate(payers):
            reading = self._readings[payer]
            if len(granted) >= room:
                break
            if reading.held_until <= now and reading.room() >= 1:
                reading.under_way += 1
                granted.append(place)
        self._calls += len(granted)
        self._under_way += len(granted)
        return granted

    def _room(self) -> int:
        """Return how many more calls may be under way, whoever's they are."""
        answered = self._calls - self._under_way
        app = self._readings[APP].room()
        return int(min(FIRST_CALLS + answered - self._under_way, app, self.calls_left))

    def _next_release(self, payers: Sequence[str]) -> float | None:
        now = time.monotonic()
        held = [self._readings[payer].held_until for payer in {*payers, APP}]
        waits = [until - now for until in held if until > now]
        return min(waits) if waits else None

    def give_back(self, payers: Iterable[str]) -> None:
        """Note that calls are answered, or lost."""
        with self._changed:
            for payer in payers:
                self._readings[payer].give_back()
                self._under_way -= 1
            self._changed.notify_all()

    def read(self, usage: Usage, payer: str) -> None:
        """Take note of what the answer of one call said."""
        with self._changed:
            self.highest_percent = max(self.highest_percent, usage.percent)
            self.regain_minutes = max(self.regain_minutes, usage.regain_minutes)
            if usage.app is not None:
                self._readings[APP].note(usage.app)
            if usage.account is not None:
                self._readings[payer].note(usage.account)
        if usage.regain_minutes:
            self._hold(usage.regain_minutes, APP if usage.account is None else payer)

    def refused(self, payer: str) -> None:
        """Let no call of an account go for as long as Meta has said, because one was refused."""
        now = time.monotonic()
        if max(self._readings[payer].held_until, self._readings[APP].held_until) <= now:
            self._hold(DEFAULT_WAIT_MINUTES, payer)

    def _hold(self, minutes: float, payer: str) -> None:
        with self._changed:
            now, reading = time.monotonic(), self._readings[payer]
            until = now + minutes * SECONDS_A_MINUTE
            if until <= reading.held_until:
                return
            more = max(0.0, until - max(now, self._held_until)) / SECONDS_A_MINUTE
            if self.on_rate_limit == "stop" or self._waited_minutes + more > self.max_wait_minutes:
                self._ended = f"Meta's allowance is used up, back in about {minutes:g} minutes"
            else:
                if reading.held_until <= now:
                    logger.warning("Meta's allowance is used up: waiting %g minutes.", minutes)
                self._waited_minutes += more
                self._held_until = max(until, self._held_until)
                reading.hold(until)
            self._changed.notify_all()
