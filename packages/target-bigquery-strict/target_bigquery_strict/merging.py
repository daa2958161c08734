"""The statements that bring rows into their table, and add columns to it.

BigQuery leaves out partitions of a table only where literals bound the column that the table is
partitioned by. So a table is partitioned by month of a date in its key, such as the day of the
numbers, and a MERGE names the first and the last date of its rows.

Only a date in the key can be bounded. A row whose other dates have changed since it was loaded
would not be found in its old partition, and would be inserted a second time.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.cloud.bigquery import SchemaField

DDL_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
DATE_LENGTH = len("2026-11-20")
MERGE = """\
MERGE `{target}` AS target USING (
{rows}
) AS source ON {matches}
WHEN MATCHED THEN UPDATE SET {updates}
WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})"""
ALL = "SELECT {names} FROM `{table}`"
NEWEST = """\
SELECT {names} FROM (
{rows}
)
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY {keys} ORDER BY `_sdc_extracted_at` DESC, `_sdc_received_at` DESC
) = 1"""


class DateRange:
    """The first and the last of some dates.

    Attributes:
        first: The first date; None if there is none, or if one of them is not written as
            `YYYY-MM-DD`.
        last: The last date.
    """

    def __init__(self) -> None:
        self._first = ""
        self._last = ""
        self._is_known = True

    def add(self, value: object) -> None:
        """Add a date as the tap sends it; None is no date."""
        if value is None:
            return
        if not isinstance(value, str) or len(value) != DATE_LENGTH:
            self._is_known = False
            return
        if not self._first or value < self._first:
            self._first = value
        self._last = max(self._last, value)

    @property
    def first(self) -> dt.date | None:
        """The first date."""
        return self._read(self._first)

    @property
    def last(self) -> dt.date | None:
        """The last date."""
        return self._read(self._last)

    def _read(self, value: str) -> dt.date | None:
        try:
            return dt.date.fromisoformat(value) if self._is_known else None
        except ValueError:
            return None


@dataclass(frozen=True)
class Merge:
    """A MERGE of staging tables, which have the same columns, into their table.

    Attributes:
        staging: The full names of the staging tables, `project.dataset.table`.
        target: The full name of the table.
        keys: The columns that identify a row.
        columns: The names of all columns.
        is_deduplicated: Whether of several rows with one key only the newest is taken.
    """

    staging: Sequence[str]
    target: str
    keys: Sequence[str]
    columns: Sequence[str]
    is_deduplicated: bool = True

    def statement(
        self, date: str | None = None, first: dt.date | None = None, last: dt.date | None = None
    ) -> str:
        """Return the statement. Repeated, it changes nothing.

        Args:
            date: The date in the key by which the table is partitioned; None without one.
            first: The first date of the rows; None if it is not known.
            last: The last date of the rows.
        """
        matches = [f"target.{_quoted(name)} = source.{_quoted(name)}" for name in self.keys]
        if date and first and last:
            matches.append(f"target.{_quoted(date)} BETWEEN DATE '{first}' AND DATE '{last}'")
        names = [_quoted(name) for name in self.columns]
        return MERGE.format(
            target=self.target,
            rows=self._rows(", ".join(names)),
            matches=" AND ".join(matches),
            updates=", ".join(f"{name} = source.{name}" for name in names),
            names=", ".join(names),
            values=", ".join(f"source.{name}" for name in names),
        )

    def _rows(self, names: str) -> str:
        tables = [ALL.format(names=names, table=table) for table in self.staging]
        rows = "\nUNION ALL\n".join(tables)
        if not self.is_deduplicated:
            return rows
        keys = ", ".join(_quoted(name) for name in self.keys)
        return NEWEST.format(names=names, rows=rows, keys=keys)


def add_columns_statement(table: str, columns: Sequence[SchemaField]) -> str:
    """Return the statement that adds columns to a table, unless they are there.

    Args:
        table: The full name of the table.
        columns: The new columns.
    """
    added = ", ".join(
        f"ADD COLUMN IF NOT EXISTS {_quoted(column.name)} {ddl_type(column)}{_options(column)}"
        for column in columns
    )
    return f"ALTER TABLE `{table}` {added}"


def ddl_type(column: SchemaField) -> str:
    """Return a column's type in GoogleSQL, such as `INT64` or `ARRAY<STRUCT<id STRING>>`."""
    if column.fields:
        inner = ", ".join(
            f"{_quoted(item.name)} {ddl_type(item)}{_options(item)}" for item in column.fields
        )
        spelled = f"STRUCT<{inner}>"
    else:
        spelled = DDL_TYPES.get(column.field_type, column.field_type)
    return f"ARRAY<{spelled}>" if column.mode == "REPEATED" else spelled


def _options(column: SchemaField) -> str:
    # A string of JSON is a string of GoogleSQL too.
    text = json.dumps(column.description) if column.description else ""
    return f" OPTIONS (description = {text})" if text else ""


def _quoted(name: str) -> str:
    return f"`{name}`"
