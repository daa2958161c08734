"""Meta's days: account insights count from midnight to midnight, US Pacific time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=8192)
def midnight(day: date) -> datetime:
    """Return the moment at which a Pacific day begins, in UTC (07:00 or 08:00)."""
    return datetime.combine(day, time(), PACIFIC).astimezone(timezone.utc)


def end_of(day: date) -> datetime:
    """Return the moment at which a Pacific day ends: 23, 24 or 25 hours after its beginning."""
    return midnight(day + ONE_DAY)


def day_of(moment: datetime) -> date:
    """Return the Pacific day of a moment."""
    return moment.astimezone(PACIFIC).date()


def days_starting_within(since: datetime, until: datetime) -> list[date]:
    """Return the Pacific days that begin between two moments, including both moments."""
    day = day_of(since)
    if midnight(day) < since:
        day += ONE_DAY
    days = []
    while midnight(day) <= until:
        days.append(day)
        day += ONE_DAY
    return days


def days_ending_within(since: datetime, until: datetime) -> list[date]:
    """Return the Pacific days that end between two moments, including both moments."""
    return [day - ONE_DAY for day in days_starting_within(since, until)]


def graph_time(moment: datetime) -> str:
    """Return a moment as the Graph API writes it: `2026-10-01T12:34:56+0000`."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+0000")
