"""How the columns of a table are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.fields import Field

TYPES: Mapping[str, th.JSONTypeHelper[Any]] = {
    "string": th.StringType(),
    "id": th.StringType(),
    "digits": th.StringType(),
    "integer": th.IntegerType(),
    "number": th.NumberType(),
    "boolean": th.BooleanType(),
    "date": th.DateType(),
    "date-time": th.DateTimeType(),
    "strings": th.ArrayType(th.StringType()),
}

DOES_NOT_APPLY = "-"
"""Stands in a key column that does not apply to a row. No id, metric or part has this name.

A key holds neither NULL nor an empty string, because some loaders read an empty string as NULL.
"""

ACCOUNT_ID = th.Property(
    "account_id", th.StringType, required=True, description="Id of the account (`17841…`)."
)


def column(name: str, kind: str, description: str, *, key: bool = False) -> th.Property[Any]:
    """Return a column; a key column is never null."""
    return th.Property(name, TYPES[kind], required=key, description=description)


DAY = column("date", "date", "The US Pacific day.", key=True)
IS_FINAL = column(
    "is_final",
    "boolean",
    "True if the row was read 48 hours or more after the end of the day: it is final.",
)
READ_AT = column(
    "read_at",
    "date-time",
    "When the run began to read these figures of the account (UTC).",
)
READING_KEYS = ("snapshot_date", "hour")
"""The part of a key that says which reading of a media or an account a row is."""
READING = (
    column("snapshot_date", "date", "UTC date of the reading.", key=True),
    column("hour", "integer", "UTC hour of the reading, 0 to 23.", key=True),
    READ_AT,
)
"""The columns of a table that keeps each reading; two readings within one hour are one row."""


def read_at(moment: dt.datetime) -> str:
    """Return the value of column `read_at`: RFC 3339 in UTC, to the second."""
    return moment.replace(microsecond=0).isoformat()


def reading(moment: dt.datetime) -> Record:
    """Return the values of the columns `READING` of a row that is read at a moment (UTC)."""
    return {
        "snapshot_date": moment.date().isoformat(),
        "hour": moment.hour,
        "read_at": read_at(moment),
    }


def columns(fields: Iterable[Field]) -> list[th.Property[Any]]:
    """Return the columns of a node's fields."""
    return [column(field.name, field.type, field.description) for field in fields]
