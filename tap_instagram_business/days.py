"""Meta's days: midnight to midnight US Pacific, through both changes of daylight saving.

Graph API: IG User insights. An insight of a day is restated for up to 48 hours after its end.
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
MOST_DAYS_A_REQUEST = 30
KEPT_DAYS = 729
"""How far back Meta answers for an account's day; a day more is refused."""
KEPT_DAYS_FOLLOWERS = 30
"""The same for `follower_count` and `online_followers`, today left out."""


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
    """Say whether Meta restates a day no more."""
    return now >= start_of(day + DAY) + SETTLED_AFTER


def days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """List the days from first to last, both included; none if last is before first."""
    return [first + DAY * number for number in range((last - first).days + 1)]


def window(first: dt.date, last: dt.date) -> dict[str, str]:
    """Return the `since` and `until` (unix seconds) that cover these days and nothing of the next.

    One second more and Meta answers for a day more.
    """
    return {
        "since": str(int(start_of(first).timestamp())),
        "until": str(int(start_of(last + DAY).timestamp()) - 1),
    }


def windows(
    days: Iterable[dt.date], most_days: int = MOST_DAYS_A_REQUEST
) -> Iterator[tuple[dt.date, dt.date]]:
    """Cut days, in order, into consecutive ones that one request may cover.

    The limit is in seconds: 30 days in which clocks go back are an hour too long.
    """
    most = dt.timedelta(days=most_days)
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
    """Lays series onto the days that were asked for.

    Meta does not say whether a bucket's `end_time` is its day's start or its end, so the window
    says it: an `end_time` after the window means ends, one at its start means starts. Where the
    window's first or last day has no figure, figures whose days are known say it. What one series
    has shown holds for those that show neither.
    """

    def __init__(self) -> None:
        self.are_ends: bool | None = None

    def learn(self, buckets: Iterable[tuple[dt.datetime, T]], known: Mapping[dt.date, T]) -> None:
        """Learn what `end_time` means from figures that were asked for day by day."""
        labelled = {pacific_date(end_time): content for end_time, content in buckets}
        as_starts = sum(known.get(label) == content for label, content in labelled.items())
        as_ends = sum(known.get(label - DAY) == content for label, content in labelled.items())
        if self.are_ends is None and as_starts != as_ends:
            self.are_ends = as_ends > as_starts

    def lay_out(
        self, buckets: Iterable[tuple[dt.datetime, T]], first: dt.date, last: dt.date
    ) -> dict[dt.date, T]:
        """Return what each day has; nothing where nobody can say which day it is.

        Args:
            buckets: `end_time` and content of each.
            first: the first day asked for.
            last: the last day asked for.
        """
        labelled = {pacific_date(end_time): content for end_time, content in buckets}
        if last + DAY in labelled:
            self.are_ends = True
        elif first in labelled:
            self.are_ends = False
        if self.are_ends is None:
            return {}
        shift = DAY if self.are_ends else dt.timedelta()
        days = {label - shift: content for label, content in labelled.items()}
        return {day: content for day, content in days.items() if first <= day <= last}
