"""What the headers of an answer say about the usage of Meta's rate limits.

Graph API: rate limiting. `X-App-Usage` is about the app, `X-Business-Use-Case-Usage` about
accounts, nested by business.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec.json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    apps = [_object(app)] if app else []
    cases = list(_cases(_object(account)))
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


def _cases(header: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for nested in header.values():
        for case in nested if isinstance(nested, list) else ():
            if isinstance(case, dict):
                yield case


def _object(header: str | None) -> dict[str, Any]:
    try:
        content = msgspec.json.decode(header or "{}")
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
