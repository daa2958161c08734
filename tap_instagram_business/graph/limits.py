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
OWN_CASE = "instagram"
APP = ""
"""Whose allowance is the app's."""
FIGURES = ("call_count", "total_cputime", "total_time")
FIRST_CALLS = 50
"""How many calls may be under way before one is answered; then one more for each that is."""
DEFAULT_WAIT_MINUTES = 5.0
"""How long to wait where Meta refuses and does not say for how long; twice as long the next time:
asking while one is refused prolongs it."""

NEARLY_USED_UP = 90
FEW_CALLS = 10.0
"""What is taken to be left of a nearly used up allowance, until the cost of calls is known."""
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
    # An app that also runs ads or Pages is told of those allowances too, which are others.
    cases = [case for case in cases if case.get("type") == OWN_CASE] or cases
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

    percent: float | None = None
    noted: float = 0.0
    spent: float = 0.0
    answers: int = 0
    under_way: int = 0
    most_at_once: float = float("inf")
    held_until: float = 0.0
    refusals: int = 0
    ended: str = ""

    def note(self, percent: float, sent: float) -> None:
        """Take note of what the answer of a call said that was sent at a moment."""
        if self.percent is not None:
            self.spent += max(0.0, percent - self.percent)
            self.answers += 1
        # Answers overtake each other. One that says less than what was known when it was sent is
        # of an allowance that comes back; one that was under way by then is only older.
        if self.percent is None or percent > self.percent or sent >= self.noted:
            self.percent, self.noted = percent, time.monotonic()

    def room(self) -> float:
        """Return how many more calls may be under way: half of those left, one if none is."""
        percent = self.percent or 0.0
        left = float("inf") if percent < NEARLY_USED_UP else FEW_CALLS
        if self.spent > 0:
            left = (100 - percent) * self.answers / self.spent
        return max(1.0, min(left / 2, self.most_at_once)) - self.under_way

    def give_back(self) -> None:
        """Note that a call is answered, or lost."""
        self.under_way -= 1
        self.most_at_once += 1

    def hold(self, until: float) -> None:
        """Let no call go before a moment, and then one: it finds out whether that was enough."""
        self.held_until = until
        self.percent = None
        self.most_at_once = 1.0 - self.under_way


@dataclass
class Allowance:
    """Lets calls go as the allowances permit, and holds them where one is used up.

    There is one allowance for each account, and one of the app for all calls. An account whose own
    is used up for longer than a run may wait is asked no more in that run; the others are.

    Attributes:
        on_rate_limit: `wait` for an allowance, or `stop` asking with the state kept.
        max_wait_minutes: how long a run may wait in all.
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
        self._readings[APP].most_at_once = FIRST_CALLS
        self._calls = 0
        self._held_until = 0.0
        self._waited_minutes = 0.0

    @property
    def calls_left(self) -> float:
        """How many calls the run may still make, by its own setting."""
        return self.max_calls - self._calls if self.max_calls else float("inf")

    def ended(self, payer: str) -> str:
        """Say why an account may be asked no more in this run; '' where it may."""
        with self._changed:
            return self._readings[payer].ended

    def close(self) -> None:
        """Let nothing go any more, and nothing wait."""
        with self._changed:
            self._readings[APP].ended = "the run has ended"
            self._changed.notify_all()

    def take(self, payers: Sequence[str]) -> list[int]:
        """Wait until calls may go, and say which.

        Args:
            payers: for each call the account whose allowance it uses.

        Returns:
            The places of the calls that may go, in order; none where one of them never will.

        Raises:
            RateLimited: where none may go any more in this run.
        """
        with self._changed:
            while True:
                if self.calls_left <= 0:
                    reason = f"this run may make {self.max_calls} calls (setting `max_calls`)"
                    self._readings[APP].ended = reason
                if ended := self._readings[APP].ended:
                    raise RateLimited(ended)
                granted = self._grant(payers)
                if granted or any(self._readings[payer].ended for payer in payers):
                    return granted
                self._changed.wait(self._next_release(payers))

    def _grant(self, payers: Sequence[str]) -> list[int]:
        now = time.monotonic()
        room = min(self._readings[APP].room(), self.calls_left)
        granted: list[int] = []
        if self._readings[APP].held_until > now:
            return granted
        for place, payer in enumerate(payers):
            reading = self._readings[payer]
            if len(granted) + 1 > room:
                break
            if not reading.ended and reading.held_until <= now and reading.room() >= 1:
                reading.under_way += 1
                granted.append(place)
        self._calls += len(granted)
        self._readings[APP].under_way += len(granted)
        return granted

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
                self._readings[APP].give_back()
            self._changed.notify_all()

    def read(self, usage: Usage, payer: str, sent: float) -> None:
        """Take note of what the answer of one call said, and when that was sent (monotonic)."""
        with self._changed:
            self.highest_percent = max(self.highest_percent, usage.percent)
            self.regain_minutes = max(self.regain_minutes, usage.regain_minutes)
            if usage.app is not None:
                self._readings[APP].note(usage.app, sent)
            if usage.account is not None:
                self._readings[payer].note(usage.account, sent)
            if usage.regain_minutes:
                self._hold(usage.regain_minutes, APP if usage.account is None else payer)

    def refused(self, payer: str, *, of_app: bool) -> None:
        """Let nothing go for as long as Meta has said, because a call was refused.

        Args:
            payer: the account whose call it was.
            of_app: whether it was refused for an allowance that all calls share.
        """
        with self._changed:
            known = [self._readings[payer], self._readings[APP]]
            now = time.monotonic()
            if not any(reading.ended or reading.held_until > now for reading in known):
                refusing = APP if of_app else payer
                self._hold(DEFAULT_WAIT_MINUTES * 2 ** self._readings[refusing].refusals, refusing)
                self._readings[refusing].refusals += 1

    def answered(self, payer: str) -> None:
        """Note that a call was not refused."""
        with self._changed:
            self._readings[payer].refusals = self._readings[APP].refusals = 0

    def _hold(self, minutes: float, payer: str) -> None:
        now, reading = time.monotonic(), self._readings[payer]
        until = now + minutes * SECONDS_A_MINUTE
        if reading.ended or until <= reading.held_until:
            return
        more = max(0.0, until - max(now, self._held_until)) / SECONDS_A_MINUTE
        if self.on_rate_limit == "stop" or self._waited_minutes + more > self.max_wait_minutes:
            reading.ended = f"Meta's allowance is used up, back in about {minutes:g} minutes"
        else:
            if reading.held_until <= now:
                whose = f" of account {payer}" if payer else ""
                logger.warning("Meta's allowance%s is used up: waiting %g minutes.", whose, minutes)
            self._waited_minutes += more
            self._held_until = max(until, self._held_until)
            reading.hold(until)
        self._changed.notify_all()
