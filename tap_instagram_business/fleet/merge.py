"""The command that merges what shards have appended into the tables of a dataset."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import click

from tap_instagram_business.credentials.bigquery import full_name, open_client
from tap_instagram_business.credentials.commands.options import examples
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.fleet.merge_sql import ALL, Batch, StagedTable
from tap_instagram_business.tap import TapInstagramBusiness

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLES_AT_ONCE = 4

logger = logging.getLogger("tap-instagram-business.fleet")


@click.command(
    epilog=examples(
        "tap-instagram-business merge --staging instagram_stage --dataset instagram",
    )
)
@click.option(
    "--project",
    envvar="TARGET_BIGQUERY_PROJECT",
    metavar="PROJECT",
    help="Google Cloud project of both datasets.  [default: TARGET_BIGQUERY_PROJECT]",
)
@click.option(
    "--staging",
    required=True,
    metavar="DATASET",
    help="Dataset into which the shards append, with the loader's setting `upsert: false`.",
)
@click.option("--dataset", required=True, metavar="DATASET", help="Dataset of the final tables.")
@click.option(
    "--location",
    envvar="TARGET_BIGQUERY_LOCATION",
    default="US",
    show_default=True,
    help="Where the final dataset is created if there is none.",
)
def merge(project: str, staging: str, dataset: str, location: str) -> None:
    """Merge what shards have appended into the final tables.

    Run it when all shards have ended. Each table takes one MERGE that reads only the months of its
    new rows. The final tables are partitioned by their own date and clustered by their key; the
    command creates them. Staged rows are deleted after they were merged. If the command is
    interrupted at any point, the next one repeats it: nothing is lost, and no row is there twice.
    """
    merging = Merging(project, staging, dataset)
    merging.create_dataset(location)
    streams = TapInstagramBusiness(validate_config=False).streams
    keys = {name: stream.primary_keys for name, stream in streams.items()}
    with ThreadPoolExecutor(TABLES_AT_ONCE) as threads:
        rows = list(threads.map(lambda name: merging.merge(name, keys[name]), keys))
    click.echo(f"{sum(rows):,} rows of {sum(map(bool, rows))} tables were merged.", err=True)


class Merging:
    """Merges the tables of a staging dataset into those of another dataset."""

    def __init__(self, project: str, staging: str, dataset: str) -> None:
        """Open BigQuery.

        Raises:
            CredentialsError: A name is missing or invalid, or both are the same dataset.
        """
        self._staging, self._target = full_name(project, staging), full_name(project, dataset)
        if self._staging == self._target:
            message = "The staging dataset must be another one than the dataset of the final tables"
            raise CredentialsError(message)
        self._bigquery, self._client = open_client(project)

    def create_dataset(self, location: str) -> None:
        """Create the final dataset if there is none."""
        dataset = self._bigquery.Dataset(self._target)
        dataset.location = location
        self._client.create_dataset(dataset, exists_ok=True)

    def merge(self, name: str, keys: Sequence[str]) -> int:
        """Merge one table and return the number of staged rows; 0 if there is no such table.

        Raises:
            CredentialsError: A loader was still running; the next merge takes what is left.
        """
        if name not in {table.table_id for table in self._client.list_tables(self._staging)}:
            return 0
        schema = self._schema(f"{self._staging}.{name}")
        columns = [column.name for column in schema]
        table = StagedTable(f"{self._staging}.{name}", f"{self._target}.{name}", keys, columns)
        (found,) = self._query(table.batch_query())
        batch = Batch(**dict(found.items()))
        if not batch.rows:
            return 0
        self._create(table, schema)
        self._query(table.merge_statement(batch))
        self._query(table.clear_statement(batch))
        (left,) = self._query(table.left_query(batch))
        if left["rows"]:
            message = (
                f"Rows of {name} came into the staging dataset while others were merged, so all of "
                "them were kept there: wait until no shard is running, and run `merge` again"
            )
            raise CredentialsError(message)
        logger.info("%s: %d rows were merged", name, batch.rows)
        return batch.rows

    def _schema(self, table: str) -> Sequence[Any]:
        """Return the columns of a table, from a query that is not run and costs nothing."""
        only_check = self._bigquery.QueryJobConfig(dry_run=True)
        schema: Sequence[Any] = self._client.query(ALL.format(table=table), only_check).schema
        return schema

    def _create(self, table: StagedTable, schema: Sequence[Any]) -> None:
        """Create the target, or add to it the columns that are new."""
        target = self._bigquery.Table(table.target, schema=schema)
        target.clustering_fields = table.clustering_columns or None
        if table.partition_column:
            kind = self._bigquery.TimePartitioningType.MONTH
            partitioning = self._bigquery.TimePartitioning(kind, table.partition_column)
            target.time_partitioning = partitioning
        self._client.create_table(target, exists_ok=True)
        known = {column.name for column in self._schema(table.target)}
        for column in schema:
            if column.name not in known:
                self._query(table.add_column_statement(column))

    def _query(self, sql: str) -> list[Any]:
        return list(self._client.query(sql).result())
