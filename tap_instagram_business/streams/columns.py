"""How the columns of a table are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def columns(fields: Iterable[Field]) -> list[th.Property[Any]]:
    """Return the columns of a node's fields."""
    return [column(field.name, field.type, field.description) for field in fields]
