"""The statements that merge the rows that many shards have appended into their final table.

Each MERGE names the first and the last date of its rows as literals, because BigQuery leaves out
partitions of the target only for literals. So a day's merge reads a month or two of a table, not
years of it. This works for tables whose key has a date; the others have one row for each account or
media and do not grow with the days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

DATES = ("date", "snapshot_date")
"""The columns that a table is partitioned by, if one of them is in its key."""
MAX_CLUSTERING_COLUMNS = 4
NEWEST_FIRST = "`_sdc_extracted_at` DESC, `_sdc_received_at` DESC, `_sdc_batched_at` DESC"
DDL_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
ALL = "SELECT * FROM `{table}`"
BATCH = "SELECT COUNT(*) AS `rows`, MAX(`_sdc_batched_at`) AS until{dates} FROM `{staging}`"
MERGE = """\
MERGE `{target}` AS target USING (
  SELECT {names} FROM `{staging}` WHERE {condition}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY {newest_first}) = 1
) AS source ON {matches}
WHEN MATCHED THEN UPDATE SET {updates}
WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})
"""
LEFT = "SELECT COUNT(*) AS `rows` FROM `{staging}` WHERE {condition}"
CLEAR = """\
DELETE FROM `{staging}` WHERE {condition}
AND (SELECT COUNT(*) FROM `{staging}` WHERE {condition}) = {rows}
"""


@dataclass(frozen=True)
class Batch:
    """The rows of a staging table that one MERGE takes.

    Attributes:
        rows: how many rows there are.
        until: when the last of them was put into its batch (UTC); later rows are left alone.
        first: the first date in the column that the target is partitioned by; None without one.
        last: the last date.
    """

    rows: int
    until: dt.datetime
    first: dt.date | None = None
    last: dt.date | None = None

    @property
    def condition(self) -> str:
        """What is true of the rows of this batch."""
        return f"`_sdc_batched_at` <= TIMESTAMP '{self.until.isoformat()}'"


@dataclass(frozen=True)
class StagedTable:
    """A table into which shards append, and the table into which it is merged.

    Attributes:
        staging: its full name, `project.dataset.table`.
        target: the full name of the final table.
        keys: the columns that identify a row.
        columns: the names of all columns.
    """

    staging: str
    target: str
    keys: Sequence[str]
    columns: Sequence[str]

    @property
    def partition_column(self) -> str | None:
        """The date in the key, by which the target is partitioned; None if there is none."""
        return next((name for name in DATES if name in self.keys), None)

    @property
    def clustering_columns(self) -> list[str]:
        """The columns by which the target is clustered: its key, without the date."""
        names = [name for name in self.keys if name != self.partition_column]
        return names[:MAX_CLUSTERING_COLUMNS]

    def batch_query(self) -> str:
        """Return the query for the `Batch` of all rows that are there now."""
        dates = ""
        if column := self.partition_column:
            dates = f", MIN(`{column}`) AS first, MAX(`{column}`) AS last"
        return BATCH.format(staging=self.staging, dates=dates)

    def merge_statement(self, batch: Batch) -> str:
        """Return the MERGE of a batch; of several rows with one key the newest is taken."""
        names = [f"`{name}`" for name in self.columns]
        matches = [f"target.`{name}` = source.`{name}`" for name in self.keys]
        condition = batch.condition
        if self.partition_column and batch.first and batch.last:
            dates = (
                f"`{self.partition_column}` BETWEEN DATE '{batch.first}' AND DATE '{batch.last}'"
            )
            matches.append(f"target.{dates}")
            # A row of another date would be inserted beside the one that the target has.
            condition = f"{condition} AND {dates}"
        return MERGE.format(
            target=self.target,
            staging=self.staging,
            condition=condition,
            newest_first=NEWEST_FIRST,
            keys=", ".join(f"`{name}`" for name in self.keys),
            matches=" AND ".join(matches),
            names=", ".join(names),
            updates=", ".join(f"{name} = source.{name}" for name in names),
            values=", ".join(f"source.{name}" for name in names),
        )

    def clear_statement(self, batch: Batch) -> str:
        """Return the statement that deletes the rows of a batch that was merged.

        It deletes nothing if a loader that is still running has put more rows into the batch since:
        they were not merged, or not all of them.
        """
        return CLEAR.format(staging=self.staging, condition=batch.condition, rows=batch.rows)

    def left_query(self, batch: Batch) -> str:
        """Return the query for the number of rows of a batch that are still there."""
        return LEFT.format(staging=self.staging, condition=batch.condition)

    def add_column_statement(self, column: Any) -> str:  # noqa: ANN401 - a SchemaField
        """Return the statement that adds a new column of the staging table to the target."""
        kind = DDL_TYPES.get(column.field_type, column.field_type)
        data_type = f"ARRAY<{kind}>" if column.mode == "REPEATED" else kind
        return f"ALTER TABLE `{self.target}` ADD COLUMN IF NOT EXISTS `{column.name}` {data_type}"
