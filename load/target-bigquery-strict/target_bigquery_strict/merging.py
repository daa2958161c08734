"""The MERGE of a batch into its table, which reads only the partitions that its rows belong to.

BigQuery leaves out partitions of a table only where literals bound the column that the table is
partitioned by. So a new table is partitioned by month of a date in its key, such as the day of the
numbers, and a MERGE names the first and the last date of its batch.

Only a date in the key can be bounded. A row whose other dates have changed since it was loaded
would not be found in its old partition, and would be inserted a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.cloud.bigquery import TimePartitioning

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from google.cloud.bigquery import SchemaField, Table

MAX_CLUSTERING_COLUMNS = 4
DATE_GRANULARITIES = frozenset({"DAY", "MONTH", "YEAR"})
"""How a table can be partitioned by a date; `HOUR` needs a timestamp."""
DATES = "SELECT MIN(`{date}`) AS `first`, MAX(`{date}`) AS `last` FROM `{staging}`"
DEDUPLICATED = """\
SELECT * FROM `{staging}` QUALIFY ROW_NUMBER() OVER (
  PARTITION BY {keys} ORDER BY COALESCE(`_sdc_extracted_at`, `_sdc_received_at`) DESC
) = 1"""
MERGE = """\
MERGE `{target}` AS target USING ({rows}) AS source ON {matches}
WHEN MATCHED THEN UPDATE SET {updates}
WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values});
DROP TABLE IF EXISTS `{staging}`;
"""


def partition_options(
    keys: Sequence[str], columns: Sequence[SchemaField], config: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options with which a new table is created, beside those of target-bigquery.

    Args:
        keys: The columns that identify a row.
        columns: All columns of the table.
        config: The settings of the target.

    Returns:
        How the table is partitioned by the date in its key, and clustered by the rest of its key;
        nothing if its key has no date.
    """
    date = next((name for name in keys if name in _dates(columns)), None)
    granularity = str(config.get("partition_granularity") or "month").upper()
    if date is None or granularity not in DATE_GRANULARITIES:
        return {}
    options: dict[str, Any] = {"time_partitioning": TimePartitioning(granularity, date)}
    if config.get("cluster_on_key_properties"):
        others = [name for name in keys if name != date]
        options["clustering_fields"] = tuple(others[:MAX_CLUSTERING_COLUMNS]) or None
    return options


def bounded_date(table: Table, keys: Sequence[str]) -> str | None:
    """Return the date by which a table is partitioned if that is in its key, else None."""
    partitioning = table.time_partitioning
    date: str | None = partitioning.field if partitioning else None
    return date if date in keys and date in _dates(table.schema) else None


def _dates(columns: Sequence[SchemaField]) -> set[str]:
    return {column.name for column in columns if column.field_type == "DATE"}


@dataclass(frozen=True)
class Merge:
    """A MERGE of a staging table into its table.

    Attributes:
        staging: The full name of the staging table, `project.dataset.table`.
        target: The full name of the table.
        keys: The columns that identify a row.
        columns: The names of all columns.
        is_deduplicated: Whether of several rows with one key only the newest is taken.
    """

    staging: str
    target: str
    keys: Sequence[str]
    columns: Sequence[str]
    is_deduplicated: bool

    def dates_query(self, date: str) -> str:
        """Return the query for the first and the last value of a date in the batch."""
        return DATES.format(date=date, staging=self.staging)

    def script(
        self, date: str | None = None, first: dt.date | None = None, last: dt.date | None = None
    ) -> str:
        """Return the statements that merge the batch and drop its staging table.

        Args:
            date: The date in the key by which the table is partitioned; None without one.
            first: The first date of the batch; None if it has none.
            last: The last date of the batch.
        """
        matches = [f"target.`{name}` = source.`{name}`" for name in self.keys]
        if date and first and last:
            matches.append(f"target.`{date}` BETWEEN DATE '{first}' AND DATE '{last}'")
        names = [f"`{name}`" for name in self.columns]
        rows = DEDUPLICATED if self.is_deduplicated else "SELECT * FROM `{staging}`"
        return MERGE.format(
            rows=rows.format(
                staging=self.staging, keys=", ".join(f"`{name}`" for name in self.keys)
            ),
            staging=self.staging,
            target=self.target,
            matches=" AND ".join(matches),
            updates=", ".join(f"{name} = source.{name}" for name in names),
            names=", ".join(names),
            values=", ".join(f"source.{name}" for name in names),
        )
