"""Days, and rows and tables that can be compared."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]
Table = dict[tuple[Any, ...], Row]

PACIFIC = ZoneInfo("America/Los_Angeles")
DAY = dt.timedelta(days=1)
DOES_NOT_APPLY = "-"
"""What a part of a key says that does not apply to the row."""


def unsigned(value: Any) -> Any:
    """Cut the signature from an address: it differs at each reading."""
    return value.split("?")[0] if isinstance(value, str) and "://" in value else value


def comparable_value(column: str, value: Any) -> Any:
    """Leave out what signs an address and the minutes of `read_at`, to compare values."""
    return value[:13] if column == "read_at" and value else unsigned(value)


def comparable(row: Mapping[str, Any]) -> Row:
    """Return a row without NULL, and with values that can be compared."""
    return {name: comparable_value(name, value) for name, value in row.items() if value is not None}


def read_at(now: dt.datetime) -> Row:
    """The column of a row that was read at a moment."""
    return {"read_at": now.replace(microsecond=0).isoformat()}


def reading(now: dt.datetime) -> Row:
    """The columns of a row that keeps a reading."""
    return {"snapshot_date": now.date().isoformat(), "hour": now.hour, **read_at(now)}


def moment(now: dt.datetime) -> tuple[str, int]:
    """The part of a key that says which reading a row is."""
    return now.date().isoformat(), now.hour


def tables_equal(got: Mapping[tuple[Any, ...], Row], truth: Table) -> None:
    """Compare two tables row by row, so that a difference is readable."""
    assert sorted(got) == sorted(truth)
    for key, row in truth.items():
        found, expected = comparable(got[key]), comparable(row)
        differ = [name for name in found | expected if found.get(name) != expected.get(name)]
        assert found == expected, f"{key} differs in {', '.join(differ)}"


def pacific_midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), PACIFIC)


def last_complete_day(now: dt.datetime) -> dt.date:
    return now.astimezone(PACIFIC).date() - DAY


def days_to(last: dt.date, number: int) -> list[dt.date]:
    return [last - DAY * back for back in reversed(range(number))]


def days_between(first: str, last: str) -> list[dt.date]:
    begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return [begin + DAY * number for number in range((end - begin).days + 1)]


def rfc3339(timestamp: str) -> str:
    return dt.datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S%z").isoformat()
