"""Meta's rate limits: how much is used, how many calls may be sent, and when to wait.

Graph API: rate limiting. Meta reports how many percent of a quota are used, in `X-App-Usage` for
the app and in `X-Business-Use-Case-Usage` for each account, but not how large the quota is. At 100
percent it refuses calls, and calls that are sent while it refuses make that last longer. So this
module learns from the answers what a call costs, and lets at most half of the calls that are left
be in flight.

A quota goes through these states:

    open ── a call is refused, or Meta tells a time to regain access ──> paused
    paused ── the time is over: one call is let through ──> open
    open, paused ── `on_rate_limit` is stop, or waiting exceeds `max_wait_minutes` ──> exhausted
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec.json

from tap_instagram_business.graph.bodies import as_object
from tap_instagram_business.graph.calls import objects
from tap_instagram_business.graph.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

logger = logging.getLogger("tap-instagram-business.graph")

APP_USAGE = "X-App-Usage"
CASE_USAGE = "X-Business-Use-Case-Usage"
OWN_CASE = "instagram"
MAX_FIGURE = 1e9
"""No figure is as large; a larger one, or NaN, counts as no information."""
FIGURES = ("call_count", "total_cputime", "total_time")


@dataclass(frozen=True)
class Usage:
    """The usage that one answer reported: for each quota the highest of Meta's three figures.

    Attributes:
        app: percent used of the app's quota; None where Meta does not say.
        account: percent used of the account's quota; None where Meta does not say.
        regain_minutes: minutes until calls are allowed again; 0 where Meta does not say.
    """

    app: float | None = None
    account: float | None = None
    regain_minutes: float = 0.0

    @property
    def percent(self) -> float:
        """The highest of all figures; 0 where Meta says none."""
        return max(self.app or 0.0, self.account or 0.0)


def read_usage(headers: Mapping[str, str]) -> Usage:
    """Read the usage headers of an answer; absent or unreadable headers count as no information."""
    return _usage(headers.get(APP_USAGE), headers.get(CASE_USAGE))


@functools.lru_cache(1_000)  # Each call of a batch has these headers, and most have the same ones.
def _usage(app: str | None, account: str | None) -> Usage:
    apps = [_object(app)]
    cases = [case for nested in _object(account).values() for case in objects(nested)]
    # An app that also runs ads or Pages is told of those quotas too.
    cases = [case for case in cases if case.get("type") == OWN_CASE] or cases
    waits = (_number(entry.get("estimated_time_to_regain_access")) for entry in [*apps, *cases])
    return Usage(_highest(apps), _highest(cases), max(waits, default=0.0))


def _highest(entries: list[dict[str, Any]]) -> float | None:
    figures = [_number(entry.get(name)) for entry in entries if entry for name in FIGURES]
    return max(figures) if figures else None


def _number(value: object) -> float:
    number = float(value) if isinstance(value, (int, float)) and abs(value) < MAX_FIGURE else 0.0
    return max(number, 0.0)


def _object(header: str | None) -> dict[str, Any]:
    try:
        return as_object(msgspec.json.decode(header or "{}"))
    except (ValueError, RecursionError):
        return {}


APP = ""
"""Key of the app-wide quota in `_quotas`."""
FIRST_CALLS = 50
"""How many calls may be in flight before the first answer; each answer allows one more."""
DEFAULT_WAIT_MINUTES = 5.0
"""How long to wait if Meta refuses a call and does not say for how long; each time twice as long,
because calls that are sent while Meta refuses make it last longer."""

NEARLY_USED_UP = 90
FEW_CALLS = 10.0
"""How many calls are assumed to be left in a nearly used quota, while their cost is unknown."""
SECONDS_A_MINUTE = 60.0


@dataclass
class _Quota:
    """What is known of one quota.

    Attributes:
        percent: the usage that was last reported; None before the first report.
        noted: when that was (monotonic).
        spent: percent that the answers since the first report have cost together.
        answers: how many answers that were.
        in_flight: calls that are not answered yet.
        max_at_once: how many calls may be in flight, whatever the usage is.
        paused_until: no call is sent before this moment (monotonic).
        refusals: how often in a row Meta has refused a call without saying for how long.
        exhausted: why no call may be sent any more in this run; '' while calls may.
    """

    percent: float | None = None
    noted: float = 0.0
    spent: float = 0.0
    answers: int = 0
    in_flight: int = 0
    max_at_once: float = float("inf")
    paused_until: float = 0.0
    refusals: int = 0
    exhausted: str = ""

    def note(self, percent: float, sent: float) -> None:
        """Take the usage that the answer to a call reported, and when that call was sent."""
        if self.percent is not None:
            self.spent += max(0.0, percent - self.percent)
            self.answers += 1
        # Answers overtake each other. A lower figure means that the quota recovers only if the call
        # was sent after the last report; otherwise the figure is just older.
        if self.percent is None or percent > self.percent or sent >= self.noted:
            self.percent, self.noted = percent, time.monotonic()

    def room(self) -> float:
        """Return how many more calls may be sent: half of those left, one if none is in flight."""
        percent = self.percent or 0.0
        left = float("inf") if percent < NEARLY_USED_UP else FEW_CALLS
        if self.spent > 0:
            left = (100 - percent) * self.answers / self.spent
        return max(1.0, min(left / 2, self.max_at_once)) - self.in_flight

    def release(self) -> None:
        """Count a call as answered or lost."""
        self.in_flight -= 1
        self.max_at_once += 1

    def pause(self, until: float) -> None:
        """Send no call before a moment, and then a single one to find out whether Meta answers."""
        self.paused_until = until
        self.percent = None
        self.max_at_once = 1.0 - self.in_flight


@dataclass
class RateLimits:
    """Decides which calls may be sent, and makes the others wait.

    Each account has a quota, and the app has one for all calls together. If an account's quota
    stays exhausted for longer than a run may wait, that account is left for the next run, and the
    other accounts are read.

    Attributes:
        on_rate_limit: `wait` until calls are allowed again, or `stop`; state is kept either way.
        max_wait_minutes: how many minutes a run may wait in total.
        max_calls: how many calls this run may make; 0 for no limit.
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
        self._quotas: dict[str, _Quota] = defaultdict(_Quota)
        self._quotas[APP].max_at_once = FIRST_CALLS
        self._calls = 0
        self._paused_until = 0.0
        self._waited_minutes = 0.0

    @property
    def calls_left(self) -> float:
        """How many calls the run may still make by setting `max_calls`."""
        return self.max_calls - self._calls if self.max_calls else float("inf")

    def exhausted_reason(self, account_id: str) -> str:
        """Return why no call of an account may be sent in this run; '' if calls may."""
        with self._changed:
            return self._quotas[account_id].exhausted

    def close(self) -> None:
        """Allow no more calls, and end all waiting."""
        with self._changed:
            self._quotas[APP].exhausted = "the run has ended"
            self._changed.notify_all()

    def acquire(self, account_ids: Sequence[str]) -> list[int]:
        """Wait until calls may be sent, and return which.

        Args:
            account_ids: for each call the account whose quota it uses.

        Returns:
            The indexes of the calls that may be sent, in order; none if one of them never may.

        Raises:
            RateLimited: no call may be sent any more in this run.
        """
        with self._changed:
            while True:
                if self.calls_left <= 0:
                    reason = f"this run may make {self.max_calls} calls (setting `max_calls`)"
                    self._quotas[APP].exhausted = reason
                if reason := self._quotas[APP].exhausted:
                    raise RateLimited(reason)
                granted = self._grant(account_ids)
                if granted or any(self._quotas[account_id].exhausted for account_id in account_ids):
                    return granted
                self._changed.wait(self._next_release(account_ids))

    def _grant(self, account_ids: Sequence[str]) -> list[int]:
        now = time.monotonic()
        room = min(self._quotas[APP].room(), self.calls_left)
        granted: list[int] = []
        if self._quotas[APP].paused_until > now:
            return granted
        for place, account_id in enumerate(account_ids):
            quota = self._quotas[account_id]
            if len(granted) + 1 > room:
                break
            if not quota.exhausted and quota.paused_until <= now and quota.room() >= 1:
                quota.in_flight += 1
                granted.append(place)
        self._calls += len(granted)
        self._quotas[APP].in_flight += len(granted)
        return granted

    def _next_release(self, account_ids: Sequence[str]) -> float | None:
        now = time.monotonic()
        held = [self._quotas[account_id].paused_until for account_id in {*account_ids, APP}]
        waits = [until - now for until in held if until > now]
        return min(waits) if waits else None

    def release(self, account_ids: Iterable[str]) -> None:
        """Count calls as answered or lost."""
        with self._changed:
            for account_id in account_ids:
                self._quotas[account_id].release()
                self._quotas[APP].release()
            self._changed.notify_all()

    def note_usage(self, usage: Usage, account_id: str, sent: float) -> None:
        """Take the usage that the answer to a call reported, and when that was sent (monotonic)."""
        with self._changed:
            self.highest_percent = max(self.highest_percent, usage.percent)
            self.regain_minutes = max(self.regain_minutes, usage.regain_minutes)
            if usage.app is not None:
                self._quotas[APP].note(usage.app, sent)
            if usage.account is not None:
                self._quotas[account_id].note(usage.account, sent)
            if usage.regain_minutes:
                self._pause(usage.regain_minutes, APP if usage.account is None else account_id)

    def refused(self, account_id: str, *, of_app: bool) -> None:
        """Pause a quota for as long as Meta has said, because it refused a call.

        Args:
            account_id: the account of that call.
            of_app: whether the quota that all calls share is used up.
        """
        with self._changed:
            known = [self._quotas[account_id], self._quotas[APP]]
            now = time.monotonic()
            if not any(quota.exhausted or quota.paused_until > now for quota in known):
                refusing = APP if of_app else account_id
                self._pause(DEFAULT_WAIT_MINUTES * 2 ** self._quotas[refusing].refusals, refusing)
                self._quotas[refusing].refusals += 1

    def answered(self, account_id: str) -> None:
        """Note that Meta did not refuse a call."""
        with self._changed:
            self._quotas[account_id].refusals = self._quotas[APP].refusals = 0

    def _pause(self, minutes: float, account_id: str) -> None:
        now, quota = time.monotonic(), self._quotas[account_id]
        until = now + minutes * SECONDS_A_MINUTE
        if quota.exhausted or until <= quota.paused_until:
            return
        more = max(0.0, until - max(now, self._paused_until)) / SECONDS_A_MINUTE
        if self.on_rate_limit == "stop" or self._waited_minutes + more > self.max_wait_minutes:
            quota.exhausted = f"Meta's rate limit is used up, back in about {minutes:g} minutes"
        else:
            if quota.paused_until <= now:
                whose = f" of account {account_id}" if account_id else ""
                logger.warning(
                    "Meta's rate limit%s is used up: waiting %g minutes.", whose, minutes
                )
            self._waited_minutes += more
            self._paused_until = max(until, self._paused_until)
            quota.pause(until)
        self._changed.notify_all()


@dataclass
class Costs:
    """What a table, a command or a run has spent.

    Attributes:
        calls: calls as Meta counts them: each call in a batch is one.
        round_trips: HTTP requests, those without an answer included.
        percent: the highest usage of a rate limit that an answer reported.
    """

    calls: int = 0
    round_trips: int = 0
    percent: float = 0.0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def add(self, calls: int, percent: float) -> None:
        """Count one round trip."""
        with self._lock:
            self.calls += calls
            self.round_trips += 1
            self.percent = max(self.percent, percent)
