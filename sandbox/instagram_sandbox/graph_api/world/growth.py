"""How the figures of a media grow: fast at first, ever slower, never back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

POST_HALF_LIFE = timedelta(days=1, hours=12)
STORY_HALF_LIFE = timedelta(hours=4)


def grown(final: int, age: timedelta, half: timedelta) -> int:
    """Give what a figure has come to at an age; half of `final` is there at `half`."""
    return int(final * (age / (age + half))) if age > timedelta() else 0


def reached_at(published: datetime, number: int, final: int, half: timedelta) -> datetime:
    """Give the moment at which a figure comes to `number`: the inverse of `grown`."""
    seconds = half.total_seconds() * number / (final - number)
    return published + timedelta(seconds=int(seconds) + 1)
