"""Until when Meta serves which version (Graph API: versions and their dates).

Metrics appear and disappear in all versions at once: a version only keeps fields and errors the
same.
"""

from __future__ import annotations

import datetime as dt

WARN_DAYS = 90
"""How many days before the end of a version a warning is logged."""

ENDS = {
    "v19.0": dt.date(2026, 5, 21),
    "v20.0": dt.date(2026, 9, 24),
    "v21.0": dt.date(2027, 1, 21),
    "v22.0": dt.date(2027, 5, 20),
    "v23.0": dt.date(2027, 10, 8),
    "v24.0": dt.date(2028, 2, 18),
    "v25.0": dt.date(2028, 7, 29),
}
"""The day on which each version ends; versions older than these ended before.

Meta has set no end yet for v26.0 (of 2026-07-29) and v27.0 (of 2026-11-04).
"""

REMEDY = "raise setting `api_version`, or leave it out"


def number(version: str) -> float:
    """Return the number of a version, so that versions can be compared."""
    return float(version.removeprefix("v"))


OLDEST = min(ENDS, key=number)


def end_of(version: str) -> dt.date | None:
    """Return the day on which a version ends; None if Meta has not set one yet."""
    return ENDS[OLDEST] if number(version) < number(OLDEST) else ENDS.get(version)


def has_ended(version: str, today: dt.date) -> bool:
    """Return whether a version has ended: Meta then answers its calls as a newer version."""
    end = end_of(version)
    return end is not None and end <= today


def warning(version: str, today: dt.date) -> str:
    """Return a warning that a version has ended or will end soon; '' if neither."""
    end = end_of(version)
    if end is None or (end - today).days >= WARN_DAYS:
        return ""
    if end <= today:
        when = "before" if number(version) < number(OLDEST) else "on"
        return f"API version {version} ended {when} {end}, Meta answers as another one: {REMEDY}"
    return f"API version {version} ends on {end}, in {(end - today).days} days: {REMEDY}"
