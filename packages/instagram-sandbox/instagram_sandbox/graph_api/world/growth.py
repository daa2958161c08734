"""The growth of a media's numbers: fast at first, then slower and slower, never downwards."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

POST_HALF_LIFE = timedelta(days=1, hours=12)
STORY_HALF_LIFE = timedelta(hours=4)


def value_at_age(final: int, age: timedelta, half: timedelta) -> int:
    """Return a number at an age of its media.

    Args:
        final: The final number.
        age: Time since the media was published.
        half: Age at which half of the final number is reached.
    """
    return int(final * (age / (age + half))) if age > timedelta() else 0


def time_of_value(published: datetime, number: int, final: int, half: timedelta) -> datetime:
    """Return the moment at which a number reaches `number`: the inverse of `value_at_age`."""
    seconds = half.total_seconds() * number / (final - number)
    return published + timedelta(seconds=int(seconds) + 1)
