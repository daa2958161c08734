"""Allowances: how much of them calls use up, the headers that say so, and the block after.

Graph API: rate limits. An account's calls of the last 24 hours count; at 100 % calls are refused
with HTTP 400 until a time has passed, and calling meanwhile prolongs it.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from threading import Lock

WINDOW = timedelta(hours=24)
HEADERS_AFTER = 5
"""Usage headers come only once there has been some traffic."""
DEFAULT_ALLOWANCE = 48_000


@dataclass
class _Account:
    calls: deque[datetime] = field(default_factory=deque)
    blocked_until: datetime | None = None


class Usage:
    """What each account has used up; every part may be changed at any time.

    Attributes:
        allowance_calls: How many calls an account has in 24 hours; None for no limit, and the
            percentages are then of 48,000.
        regain_minutes: How long an account is blocked when it is used up.
        code: What a blocked call answers: 80002, or 4, 17, 32 or 613.
        business_id: The business under which usage is reported too.
        refused: How many calls were refused.
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
        """Count a call; False if the account is blocked, and then for longer."""
        with self._lock:
            account = self._accounts[account_id]
            if account.blocked_until is not None and now < account.blocked_until:
                account.blocked_until = now + self._regain
                self.refused += 1
                return False
            if account.blocked_until is not None:
                self._total -= len(account.calls)
                self._accounts[account_id] = account = _Account()
            self._total -= _forget(account.calls, now)
            if self.allowance_calls is not None and len(account.calls) >= self.allowance_calls:
                account.blocked_until = now + self._regain
                self.refused += 1
                return False
            account.calls.append(now)
            self._total += 1
            return True

    def percent(self, account_id: str) -> int:
        """Give how much of an account's allowance is used up."""
        used = len(self._accounts[account_id].calls)
        return min(100, 100 * used // (self.allowance_calls or DEFAULT_ALLOWANCE))

    def reset(self) -> None:
        """Forget all calls and blocks."""
        with self._lock:
            self._accounts.clear()
            self._total = 0

    def headers(self, account_id: str | None, token_kind: str, now: datetime) -> dict[str, str]:
        """Give the usage headers of an answer.

        X-App-Usage comes with a user's token, X-Business-Use-Case-Usage with every call about an
        account; the latter is nested, under the account's id and the business's.
        """
        headers: dict[str, str] = {}
        with self._lock:
            if self._total < HEADERS_AFTER:
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


def _forget(calls: deque[datetime], now: datetime) -> int:
    """Drop the calls that count no more, and say how many they were."""
    before = len(calls)
    while calls and calls[0] <= now - WINDOW:
        calls.popleft()
    return before - len(calls)
