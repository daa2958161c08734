"""The command that merges what loaders with the setting `staged` have left in staging tables.

Each loader has staging tables of its own, so that any number of them can load at once. The labels
of a staging table hold the key of its rows and their first and last date.
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import click
from google.api_core.exceptions import NotFound
from google.api_core.retry import Retry
from google.cloud.bigquery import Table

from target_bigquery_strict.access import dml_check, open_dataset
from target_bigquery_strict.jobs import MAX_LABEL
from target_bigquery_strict.merging import DateRange, Merge
from target_bigquery_strict.refusals import Unusable
from target_bigquery_strict.tables import STAGING, create_or_extend, full_name, key_date

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from google.cloud.bigquery import Dataset

    from target_bigquery_strict.jobs import Jobs

logger = logging.getLogger("target_bigquery_strict")

TABLES_AT_ONCE = 4
LOOK_UPS_AT_ONCE = 8
MAX_MERGED_AT_ONCE = 500
"""How many staging tables one MERGE reads; BigQuery lets a query name 1,000 tables."""
READY = "ready"
KEY, FIRST_DATE, LAST_DATE = "key_{}", "first_date", "last_date"
IN_LABELS = re.compile(r"\w[\w-]{0,62}")


def _is_table_gone(error: BaseException) -> bool:
    return isinstance(error, NotFound) and "Not found: Table" in str(error)


WHILE_ANOTHER_MERGES = Retry(predicate=_is_table_gone, timeout=600.0)
"""Another `merge-staging` has merged and deleted a staging table: the rest is merged again."""


def ready_labels(keys: Sequence[str], dates: DateRange) -> dict[str, str]:
    """Return the labels of a staging table whose rows are complete.

    Args:
        keys: The columns that identify a row.
        dates: The dates of the rows, in the date of the key.

    Raises:
        Unusable: A name is too long for a label.
    """
    labels = {READY: "true"}
    for number, name in enumerate(keys, 1):
        if not IN_LABELS.fullmatch(name):
            message = (
                f"The key column {name} cannot be written into a label of BigQuery, which holds"
                f" {MAX_LABEL} letters, digits and underscores: turn off the setting `staged`."
            )
            raise Unusable(message)
        labels[KEY.format(number)] = name.lower()
    if dates.first and dates.last:
        labels |= {FIRST_DATE: str(dates.first), LAST_DATE: str(dates.last)}
    return labels


def _keys(table: Table) -> list[str]:
    names = (table.labels.get(KEY.format(number)) for number in itertools.count(1))
    return list(itertools.takewhile(bool, names))  # type: ignore[arg-type]


def _layout(table: Table) -> tuple[Any, ...]:
    """Return what the staging tables of one MERGE have in common."""
    columns = sorted((column.name, column.field_type, column.mode) for column in table.schema)
    return tuple(_keys(table)), columns


def _table_name(table: Table) -> str:
    found = STAGING.fullmatch(table.table_id)
    return found[1] if found else ""


class StagedMerge:
    """Merges staging tables of a dataset into their tables."""

    def __init__(self, jobs: Jobs, dataset: Dataset) -> None:
        self._jobs = jobs
        self._dataset = dataset

    def merge_all(self) -> dict[str, int]:
        """Merge what is there, and return the number of staged rows by table.

        Raises:
            GoogleAPIError: Google refuses something. What was not merged stays staged.
        """
        merged: dict[str, int] = {}
        with ThreadPoolExecutor(TABLES_AT_ONCE) as threads:
            while names := sorted({_table_name(table) for table in self._ready()}):
                counts = threads.map(WHILE_ANOTHER_MERGES(self._merge_table), names)
                for name, count in zip(names, counts, strict=True):
                    merged[name] = merged.get(name, 0) + count
        return merged

    def _ready(self, name: str | None = None) -> list[Table]:
        """Return the staging tables with complete rows, the oldest first."""
        found = [
            item.reference
            for item in self._jobs.client.list_tables(self._dataset)
            if (match := STAGING.fullmatch(item.table_id)) and name in {None, match[1]}
        ]
        with ThreadPoolExecutor(LOOK_UPS_AT_ONCE) as threads:
            tables = [table for table in threads.map(self._look_up, found) if table]
        ready = [table for table in tables if READY in table.labels]
        return sorted(ready, key=lambda table: table.table_id)

    def _look_up(self, reference: Any) -> Table | None:  # noqa: ANN401 - a TableReference
        try:
            return self._jobs.client.get_table(reference)
        except NotFound:
            return None

    def _merge_table(self, name: str) -> int:
        """Merge the staging tables of one table, and return the number of their rows.

        The oldest are merged first and deleted in the same order. After an interruption, the next
        command merges the remaining ones again, so that older rows never replace newer ones.
        """
        rows = 0
        for group in self._groups(self._ready(name)):
            self._merge_group(group)
            rows += sum(int(table.num_rows or 0) for table in group)
        logger.info("%s: %d rows were merged", name, rows)
        return rows

    @staticmethod
    def _groups(tables: Sequence[Table]) -> Iterator[list[Table]]:
        for _, alike in itertools.groupby(tables, _layout):
            rest = list(alike)
            while rest:
                yield rest[:MAX_MERGED_AT_ONCE]
                rest = rest[MAX_MERGED_AT_ONCE:]

    def _merge_group(self, group: Sequence[Table]) -> None:
        newest = group[-1]
        name, keys = _table_name(newest), _keys(newest)
        target = create_or_extend(self._jobs, _target_of(newest))
        merge = Merge(
            staging=[full_name(table) for table in group],
            target=full_name(target),
            keys=keys,
            columns=[column.name for column in newest.schema],
        )
        firsts = [table.labels.get(FIRST_DATE) for table in group]
        lasts = [table.labels.get(LAST_DATE) for table in group]
        first = dt.date.fromisoformat(min(firsts)) if all(firsts) else None
        last = dt.date.fromisoformat(max(lasts)) if all(lasts) else None
        self._jobs.query(merge.statement(key_date(keys, newest.schema), first, last), name)
        for table in group:
            self._jobs.client.delete_table(table, not_found_ok=True)


def _target_of(staging: Table) -> Table:
    """Return the table of a staging table, as it is created."""
    name = f"{staging.project}.{staging.dataset_id}.{_table_name(staging)}"
    target = Table(name, schema=staging.schema)
    target.description = staging.description
    target.time_partitioning = staging.time_partitioning
    if target.time_partitioning:
        target.time_partitioning.expiration_ms = None
    target.clustering_fields = staging.clustering_fields
    return target


@click.command("target-bigquery-strict merge-staging")
@click.option(
    "--project",
    envvar="TARGET_BIGQUERY_PROJECT",
    required=True,
    show_envvar=True,
    help="Google Cloud project of the dataset.",
)
@click.option(
    "--dataset",
    envvar="TARGET_BIGQUERY_DATASET",
    required=True,
    show_envvar=True,
    help="Dataset into which the loaders have loaded.",
)
@click.option(
    "--location",
    envvar="TARGET_BIGQUERY_LOCATION",
    default="US",
    show_default=True,
    show_envvar=True,
    help="Location of the dataset.",
)
@click.option(
    "--credentials-path",
    envvar="TARGET_BIGQUERY_CREDENTIALS_PATH",
    show_envvar=True,
    help="Key file of a service account.  [default: Google's application default credentials]",
)
@click.option(
    "--credentials-json",
    envvar="TARGET_BIGQUERY_CREDENTIALS_JSON",
    show_envvar=True,
    help="The same key as JSON.",
)
def merge_staging(**config: str | None) -> None:
    """Merge the rows that loaders with the setting `staged` have left in staging tables.

    Each table takes one MERGE, which reads only the months of the new rows. The command creates
    tables and adds columns as the loader does. Staging tables are deleted after they were merged.
    If the command is interrupted at any point, the next one repeats it: nothing is lost, and no row
    is there twice. Rows of a loader that is still running wait for the next one.
    """
    opened = open_dataset(config)
    # The table of the check also shows `tap-instagram-business erase` that rows are being changed.
    with dml_check(opened):
        merged = StagedMerge(opened.jobs, opened.dataset).merge_all()
    click.echo(f"{sum(merged.values()):,} rows of {len(merged)} tables were merged.", err=True)
