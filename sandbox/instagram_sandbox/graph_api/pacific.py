"""Meta's day: account insights run from midnight to midnight US Pacific."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=8192)
def midnight(day: date) -> datetime:
    """Give the moment, in UTC, at which a Pacific day begins (07:00 or 08:00)."""
    return datetime.combine(day, time(), PACIFIC).astimezone(timezone.utc)


def end_of(day: date) -> datetime:
    """Give the moment at which a Pacific day ends: 23, 24 or 25 hours after its midnight."""
    return midnight(day + ONE_DAY)


def day_of(moment: datetime) -> date:
    """Give the Pacific day a moment falls in."""
    return moment.astimezone(PACIFIC).date()


def days_starting_within(since: datetime, until: datetime) -> list[date]:
    """List the Pacific days whose midnight lies between two moments, both included."""
    day = day_of(since)
    if midnight(day) < since:
        day += ONE_DAY
    days = []
    while midnight(day) <= until:
        days.append(day)
        day += ONE_DAY
    return days


def graph_time(moment: datetime) -> str:
    """Write a moment as the Graph API does: `2026-10-01T12:34:56+0000`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")
