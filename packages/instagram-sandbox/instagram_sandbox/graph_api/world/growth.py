"""The growth of a media's numbers: fast at first, then slower, until they are final."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Growth:
    """A hyperbola from nothing to the final number.

    Args:
        life: Age of a media at which its numbers are final.
        half: Age at which half of the final numbers is reached; less than half of `life`.

    Attributes:
        life: Age of a media at which its numbers are final.
    """

    def __init__(self, life: timedelta, half: timedelta) -> None:
        self.life, self._seconds = life, life.total_seconds()
        self._bend = half / (life - 2 * half)

    def share_at(self, age: timedelta) -> float:
        """Return the share of the final numbers that is reached at an age, from 0 to 1."""
        place = age.total_seconds() / self._seconds
        if place <= 0:
            return 0.0
        return 1.0 if place >= 1 else place * (1 + self._bend) / (place + self._bend)

    def time_of_value(self, published: datetime, number: int, final: int) -> datetime:
        """Return the moment at which a number reaches `number`, which is not above `final`."""
        share = number / final
        place = share * self._bend / (1 + self._bend - share)
        return published + timedelta(seconds=int(self._seconds * place) + 1)


POST_GROWTH = Growth(life=timedelta(days=28), half=timedelta(hours=36))
STORY_GROWTH = Growth(life=timedelta(hours=24), half=timedelta(hours=4))
