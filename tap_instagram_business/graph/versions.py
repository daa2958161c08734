"""Until when Meta serves which version (Graph API: versions and their dates).

Metrics come and go in all versions at once: a version only keeps fields and errors as they are.
"""

from __future__ import annotations

import datetime as dt

WARN_DAYS = 90
"""How long before a version's end it is warned of."""

ENDS = {
    "v19.0": dt.date(2026, 5, 21),
    "v20.0": dt.date(2026, 9, 24),
    "v21.0": dt.date(2027, 1, 21),
    "v22.0": dt.date(2027, 5, 20),
    "v23.0": dt.date(2027, 10, 8),
    "v24.0": dt.date(2028, 2, 18),
    "v25.0": dt.date(2028, 7, 29),
}
"""The day on which a version ends, as far as Meta has set one; older ones ended before."""

REMEDY = "raise setting `api_version`, or leave it out"


def number(version: str) -> float:
    """Return the number of a version, so that versions can be compared."""
    return float(version.removeprefix("v"))


OLDEST = min(ENDS, key=number)


def end_of(version: str) -> dt.date | None:
    """Return the day a version ends; None where Meta has set none yet."""
    return ENDS[OLDEST] if number(version) < number(OLDEST) else ENDS.get(version)


def has_ended(version: str, today: dt.date) -> bool:
    """Say whether Meta answers calls of a version as some newer one."""
    end = end_of(version)
    return end is not None and end <= today


def warning(version: str, today: dt.date) -> str:
    """Say that a version has ended or will soon; '' where it is good for long."""
    end = end_of(version)
    if end is None or (end - today).days >= WARN_DAYS:
        return ""
    if end <= today:
        when = "before" if number(version) < number(OLDEST) else "on"
        return f"API version {version} ended {when} {end}, Meta answers as another one: {REMEDY}"
    return f"API version {version} ends on {end}, in {(end - today).days} days: {REMEDY}"
