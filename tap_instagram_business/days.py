"""Meta's days: midnight to midnight US Pacific time, daylight saving included.

Graph API: IG User insights. Meta corrects the insights of a day for up to 48 hours after its end.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

T = TypeVar("T")

PACIFIC = ZoneInfo("America/Los_Angeles")
DAY = dt.timedelta(days=1)
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


def window(first: dt.date, last: dt.date) -> dict[str, str]:
    """Return the `since` and `until` (unix seconds) that cover these days and nothing of the next.

    With one second more, Meta would answer for one more day.
    """
    return {
        "since": str(int(start_of(first).timestamp())),
        "until": str(int(start_of(last + DAY).timestamp()) - 1),
    }


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


class DayLabels:
    """Finds the day of each bucket of a series.

    Meta does not say whether a bucket's `end_time` is the start or the end of its day, so this
    learns it from the answers of a run, and keeps what it has learnt for the rest of the run:

    - An `end_time` after the requested window means ends, one at its start means starts.
    - Otherwise figures whose days are known, because each day was asked for alone, show it.

    Attributes:
        are_ends: whether an `end_time` is the end of its day; None while that is not known.
    """

    def __init__(self) -> None:
        self.are_ends: bool | None = None

    def learn_from_window(
        self, buckets: Iterable[tuple[dt.datetime, T]], first: dt.date, last: dt.date
    ) -> None:
        """Learn from a series that was asked for from the first to the last day.

        Args:
            buckets: `end_time` and content of each bucket.
            first: the first day asked for.
            last: the last day asked for.
        """
        labels = {pacific_date(end_time) for end_time, _ in buckets}
        if last + DAY in labels:
            self.are_ends = True
        elif first in labels:
            self.are_ends = False

    def learn_from_days(
        self, buckets: Iterable[tuple[dt.datetime, T]], known: Mapping[dt.date, T]
    ) -> None:
        """Learn from figures that were also asked for day by day.

        Args:
            buckets: `end_time` and figure of each bucket.
            known: the figure of each day.
        """
        labelled = {pacific_date(end_time): content for end_time, content in buckets}
        as_starts = sum(known.get(label) == content for label, content in labelled.items())
        as_ends = sum(known.get(label - DAY) == content for label, content in labelled.items())
        if self.are_ends is None and as_starts != as_ends:
            self.are_ends = as_ends > as_starts

    def place(
        self, buckets: Iterable[tuple[dt.datetime, T]], first: dt.date, last: dt.date
    ) -> dict[dt.date, T]:
        """Return the content of each day; nothing while it is not known which day is which.

        Args:
            buckets: `end_time` and content of each bucket.
            first: the first day to return.
            last: the last day to return.
        """
        if self.are_ends is None:
            return {}
        shift = DAY if self.are_ends else dt.timedelta()
        days = {pacific_date(end_time) - shift: content for end_time, content in buckets}
        return {day: content for day, content in days.items() if first <= day <= last}
