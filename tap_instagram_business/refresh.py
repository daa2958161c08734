"""When a media's numbers are read again: often while it is young, rarely when it is old.

Spread over the days by the media's id, so that no day is heavy, and computed from the date of the
last reading alone, so that nothing is kept per media and a day without a run is made good.
"""

from __future__ import annotations

import datetime as dt
import re
import zlib
from dataclasses import dataclass

DAY = dt.timedelta(days=1)
ALWAYS = "always"
DEFAULT_TIERS = "7:0 30:3 365:7 *:30"
TIERS_PATTERN = r"^(always|(\d+:\d+ )*\*:\d+)$"


@dataclass(frozen=True)
class Tiers:
    """How many days lie between two readings of a media, by its age.

    Attributes:
        steps: (age in days below which it holds, days between readings; 0 for every run).
    """

    steps: tuple[tuple[float, int], ...]

    @classmethod
    def parse(cls, setting: str) -> Tiers:
        """Read setting `media_refresh`, such as `7:0 30:3 365:7 *:30` or `always`."""
        if setting == ALWAYS:
            return cls(((float("inf"), 0),))
        steps = re.findall(r"(\*|\d+):(\d+)", setting)
        return cls(
            tuple((float("inf") if age == "*" else float(age), int(days)) for age, days in steps)
        )

    def slower(self, times: int) -> Tiers:
        """Return tiers of so many times the days; what is read at every run still is."""
        return Tiers(tuple((age, days * times) for age, days in self.steps))

    def days_between(self, age: dt.timedelta) -> int:
        """Return how many days lie between two readings at an age; 0 for every run."""
        return next(days for below, days in self.steps if age / DAY < below)


@dataclass(frozen=True)
class LastReading:
    """What a bookmark says of an account's media.

    Attributes:
        date: the UTC date of the last complete reading; None before the first.
        since: how far back it went; None for all media.
        partial_date: the UTC date of a later reading that was cut short.
        partial_until: what was posted after this was read by then; media are read newest first.
        again: ids that Meta did not give.
    """

    date: dt.date | None = None
    since: dt.datetime | None = None
    partial_date: dt.date | None = None
    partial_until: dt.datetime | None = None
    again: frozenset[str] = frozenset()

    def of(self, posted: dt.datetime) -> dt.date | None:
        """Return when a media posted then was last seen to; None if it never was."""
        if self.partial_until is not None and posted > self.partial_until:
            return self.partial_date
        if self.since is not None and posted < self.since:
            return None
        return self.date


def is_due(
    media_id: str, posted: dt.datetime, *, last: LastReading, now: dt.datetime, tiers: Tiers
) -> bool:
    """Say whether a media is to be read in this run.

    It is when it was never read, or when one of its days has come since the last reading.
    """
    seen = last.of(posted)
    if seen is None or posted.date() >= seen or media_id in last.again:
        return True
    every = tiers.days_between(now - posted)
    if every == 0:
        return True
    phase = zlib.crc32(media_id.encode()) % every
    return (now.date().toordinal() + phase) // every > (seen.toordinal() + phase) // every
