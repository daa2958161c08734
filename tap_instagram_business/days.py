"""Meta's days: midnight to midnight US Pacific time, daylight saving included.

Graph API: IG User insights. Meta corrects the insights of a day for up to 48 hours after its end.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

PACIFIC = ZoneInfo("America/Los_Angeles")
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
SETTLED_AFTER = dt.timedelta(hours=48)
MAX_DAYS_PER_REQUEST = 30
KEPT_DAYS = 729
"""For how many days before today Meta keeps account insights; an earlier day is refused."""
KEPT_DAYS_FOLLOWERS = 30
"""The same for `follower_count` and `online_followers`: 30 days, not counting today."""


def start_of(day: dt.date) -> dt.datetime:
    """Return the moment a Pacific day begins, in UTC."""
    return dt.datetime.combine(day, dt.time(), PACIFIC).astimezone(dt.timezone.utc)


def pacific_date(moment: dt.datetime) -> dt.date:
    """Return the Pacific day that a moment is in."""
    return moment.astimezone(PACIFIC).date()


def yesterday(now: dt.datetime) -> dt.date:
    """Return the last Pacific day that is complete."""
    return pacific_date(now) - DAY


def is_final(day: dt.date, now: dt.datetime) -> bool:
    """Return whether the insights of a day are final: Meta corrects them for 48 hours."""
    return now >= start_of(day + DAY) + SETTLED_AFTER


def days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the days from first to last, both included; none if last is before first."""
    return [first + DAY * number for number in range((last - first).days + 1)]


def windows(
    days: Iterable[dt.date], max_days: int = MAX_DAYS_PER_REQUEST
) -> Iterator[tuple[dt.date, dt.date]]:
    """Split days, in order, into windows of consecutive days that one request may cover.

    Meta's limit is in seconds: 30 days in which the clocks go back are one hour too long.
    """
    most = dt.timedelta(days=max_days)
    first = last = None
    for day in days:
        if first is None or last is None:
            first = day
        elif day != last + DAY or start_of(day + DAY) - start_of(first) > most:
            yield first, last
            first = day
        last = day
    if first is not None and last is not None:
        yield first, last


@dataclass(frozen=True)
class DayLabels:
    """Whether the `end_time` of a day's figures is the start or the end of the day.

    Meta does not say it, and both are asserted. Figures are selected by their `end_time` too, for
    totals as well as for series, so it also decides what to ask for.

    Attributes:
        are_ends: whether an `end_time` is the end of its day.
    """

    are_ends: bool = False

    @classmethod
    def named(cls, name: str) -> DayLabels:
        """Return what `name` is the name of."""
        return cls(are_ends=name == "end")

    @property
    def name(self) -> str:
        """`start` or `end`: which moment of a day Meta calls its `end_time`."""
        return "end" if self.are_ends else "start"

    def of(self, day: dt.date) -> dt.datetime:
        """Return the `end_time` of a day's figures."""
        return start_of(day + DAY) if self.are_ends else start_of(day)

    def window(self, first: dt.date, last: dt.date) -> dict[str, str]:
        """Return the `since` and `until` (Unix seconds) of the figures of some days.

        The figures of a day are in the window if their `end_time` is, both ends included.
        """
        since, until = start_of(first), start_of(last + DAY)
        if self.are_ends:
            since += SECOND
        else:
            until -= SECOND
        return {"since": str(int(since.timestamp())), "until": str(int(until.timestamp()))}

    def place(
        self, buckets: Iterable[tuple[dt.datetime, T]], first: dt.date, last: dt.date
    ) -> dict[dt.date, T]:
        """Return the content of each day, from buckets with an `end_time` and a content."""
        shift = DAY if self.are_ends else dt.timedelta()
        found = {pacific_date(end_time) - shift: content for end_time, content in buckets}
        return {day: content for day, content in found.items() if first <= day <= last}
