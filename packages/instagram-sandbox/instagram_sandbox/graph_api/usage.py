"""Rate limits: how much of its allowance each account has used, and the usage headers.

Graph API: rate limits. The calls about an account in the last 24 hours count. When they reach
100 %, the API refuses calls with HTTP 400 for some minutes, and each further call starts these
minutes again.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from threading import Lock

WINDOW = timedelta(hours=24)
MIN_CALLS_FOR_HEADERS = 5
"""Answers have usage headers only after this many calls."""
DEFAULT_ALLOWANCE = 48_000
"""Number of calls in 24 hours that percentages refer to where there is no limit."""


@dataclass
class _Account:
    calls: deque[datetime] = field(default_factory=deque)
    blocked_until: datetime | None = None


class Usage:
    """What each account has used of its allowance. Attributes may be changed at any time.

    Attributes:
        allowance_calls: Number of calls that an account may receive in 24 hours. None for no
            limit; the headers then show percentages of 48,000 calls.
        regain_minutes: Number of minutes for which an account is blocked at its limit.
        code: Code of the error for a blocked call: 80002, 4, 17, 32 or 613.
        business_id: Id of the business under which the headers report the usage too.
        refused: Number of calls that were refused.
    """

    def __init__(self, allowance_calls: int | None = None, regain_minutes: int = 5) -> None:
        self.allowance_calls = allowance_calls
        self.regain_minutes = regain_minutes
        self.code = 80002
        self.business_id = "900000000000001"
        self.refused = 0
        self._lock = Lock()
        self._accounts: dict[str, _Account] = defaultdict(_Account)
        self._total = 0

    def charge(self, account_id: str, now: datetime) -> bool:
        """Count a call; return False if the account is blocked, which the call prolongs."""
        with self._lock:
            account = self._accounts[account_id]
            if account.blocked_until is not None and now < account.blocked_until:
                account.blocked_until = now + self._regain
                self.refused += 1
                return False
            if account.blocked_until is not None:
                self._total -= len(account.calls)
                self._accounts[account_id] = account = _Account()
            self._total -= _drop_old(account.calls, now)
            if self.allowance_calls is not None and len(account.calls) >= self.allowance_calls:
                account.blocked_until = now + self._regain
                self.refused += 1
                return False
            account.calls.append(now)
            self._total += 1
            return True

    def percent(self, account_id: str) -> int:
        """Return how much of its allowance an account has used, from 0 to 100."""
        used = len(self._accounts[account_id].calls)
        return min(100, 100 * used // (self.allowance_calls or DEFAULT_ALLOWANCE))

    def reset(self) -> None:
        """Forget all calls and unblock all accounts."""
        with self._lock:
            self._accounts.clear()
            self._total = 0

    def headers(self, account_id: str | None, token_kind: str, now: datetime) -> dict[str, str]:
        """Return the usage headers of an answer.

        With a user's token there is X-App-Usage. For a call about an account there is
        X-Business-Use-Case-Usage, which holds the usage under the id of the account and, again,
        under the id of the business.
        """
        headers: dict[str, str] = {}
        with self._lock:
            if self._total < MIN_CALLS_FOR_HEADERS:
                return headers
            if token_kind == "user":  # noqa: S105 - a kind
                whole = (self.allowance_calls or DEFAULT_ALLOWANCE) * max(1, len(self._accounts))
                headers["X-App-Usage"] = json.dumps(
                    _percentages(min(100, 100 * self._total // whole))
                )
            if account_id is not None:
                case = {"type": "instagram", **_percentages(self.percent(account_id))}
                case["estimated_time_to_regain_access"] = self._wait(account_id, now)
                both = {self.business_id: [case], account_id: [case]}
                headers["X-Business-Use-Case-Usage"] = json.dumps(both)
        return headers

    @property
    def _regain(self) -> timedelta:
        return timedelta(minutes=self.regain_minutes)

    def _wait(self, account_id: str, now: datetime) -> int:
        until = self._accounts[account_id].blocked_until
        return ceil((until - now) / timedelta(minutes=1)) if until and until > now else 0


def _percentages(calls: int) -> dict[str, int | str]:
    return {"call_count": calls, "total_cputime": calls // 4, "total_time": calls // 3}


def _drop_old(calls: deque[datetime], now: datetime) -> int:
    """Drop the calls that no longer count and return their number."""
    before = len(calls)
    while calls and calls[0] <= now - WINDOW:
        calls.popleft()
    return before - len(calls)
