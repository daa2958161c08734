"""When the numbers of a media are read again: often while it is young, rarely when it is old.

Old media are spread over the days by their ids, so that no day is heavy. What is due follows from
the date of the last refresh alone: nothing is kept for each media, and what a day without a run
misses is read by the next run.
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
    """How many days lie between two refreshes of a media, by its age.

    Attributes:
        steps: pairs of an age in days, below which the step holds, and the days between two
            refreshes; 0 days for every run.
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
        """Return tiers with so many times the days; what is read in every run stays so."""
        return Tiers(tuple((age, days * times) for age, days in self.steps))

    def days_between(self, age: dt.timedelta) -> int:
        """Return how many days lie between two refreshes at an age; 0 for every run."""
        return next(days for below, days in self.steps if age / DAY < below)


@dataclass(frozen=True)
class LastRefresh:
    """What a bookmark says of the media of an account.

    Attributes:
        date: the UTC date of the last complete refresh; None before the first.
        since: media that were posted before this were not read; None if all were.
        partial_date: the UTC date of a later refresh that was cut short.
        partial_until: that refresh has read the media that were posted after this.
        again: ids of media at which Meta failed.
    """

    date: dt.date | None = None
    since: dt.datetime | None = None
    partial_date: dt.date | None = None
    partial_until: dt.datetime | None = None
    again: frozenset[str] = frozenset()

    def of(self, posted: dt.datetime) -> dt.date | None:
        """Return when a media that was posted at this moment was last read; None if never."""
        if self.partial_until is not None and posted > self.partial_until:
            return self.partial_date
        if self.since is not None and posted < self.since:
            return None
        return self.date


def is_due(
    media_id: str, posted: dt.datetime, *, last: LastRefresh, now: dt.datetime, tiers: Tiers
) -> bool:
    """Return whether a media is to be read in this run.

    It is due if it was never read, or if one of its days has come since the last refresh.
    """
    seen = last.of(posted)
    if seen is None or posted.date() >= seen or media_id in last.again:
        return True
    every = tiers.days_between(now - posted)
    if every == 0:
        return True
    phase = zlib.crc32(media_id.encode()) % every
    return (now.date().toordinal() + phase) // every > (seen.toordinal() + phase) // every
