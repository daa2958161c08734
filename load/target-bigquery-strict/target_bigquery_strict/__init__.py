"""target-bigquery 0.7.2 that never writes state for rows that are not in their tables.

For load jobs into denormalized tables, and for nothing else, it mends this:

* A batch that failed near the end of the input was put back behind the workers' stop mark and
  lost without a word; one that failed before still had its state written. Here every load is
  awaited, and one that fails three times ends the run, without state.
* In a run longer than five minutes, `upsert` wrote state for rows not merged yet. Here the merge
  comes first, of the streams that have something to merge.
* A new column failed the merge. Here it is added to the table first.
* Two loaders that began with an empty dataset at the same time both created its tables, and the
  slower one failed. Here it goes on with the table that the other one has created.
* Every merge read the whole table. Here a new table is partitioned by the date in its key, and a
  merge reads the partitions of its rows only.
* Every stream slept 12.5 seconds for the sake of a gRPC method. Load jobs need no such wait, and
  the loads and merges of several streams run side by side.
"""

from __future__ import annotations

import copy
import logging
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from importlib import metadata
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from click import ClickException, UsageError
from google.api_core.exceptions import Conflict
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.target_base import Target
from target_bigquery import core
from target_bigquery.batch_job import BigQueryBatchJobDenormalizedSink
from target_bigquery.core import BigQueryTable
from target_bigquery.target import TargetBigQuery
from typing_extensions import override

from target_bigquery_strict.access import check_access, end
from target_bigquery_strict.merging import Merge, bounded_date, partition_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

    from google.cloud.bigquery import Dataset, SchemaField, Table
    from target_bigquery.core import BaseWorker

logger = logging.getLogger("target_bigquery_strict")

PARALLEL_MERGES = 4
STAGING_LIFETIME = timedelta(days=1)
DDL_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}

# `core` waits for gRPC streams to see a new table: load jobs see it at once.
core.time = SimpleNamespace(sleep=lambda _seconds: None, strftime=time.strftime)


class SharedTable(BigQueryTable):
    """A table that several loaders may create at the same time.

    Attributes:
        own_options: The options with which it is created, beside those that are given then.
    """

    own_options: Mapping[str, Any] | None = None

    @override
    def create_table(self, *args: Any, **kwargs: Any) -> tuple[Dataset, Table]:
        if self.own_options:
            kwargs["table"] = {**kwargs.get("table", {}), **self.own_options}
        for _ in ("dataset", "table"):
            with suppress(Conflict):
                return super().create_table(*args, **kwargs)
            logger.info("%s: another loader has just created it", self.name)
        return super().create_table(*args, **kwargs)


core.BigQueryTable = SharedTable


class StrictSink(BigQueryBatchJobDenormalizedSink):
    """One stream's table, and the staging table from which its rows are merged."""

    MAX_WORKERS = 4
    WORKER_CREATION_MIN_INTERVAL = 0.0

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._bounded_date: str | None = None
        super().__init__(*args, **kwargs)
        self.has_staged_rows = False

    @override
    def create_target(self, key_properties: list[str] | None = None) -> None:
        if key_properties and self._is_upsert_candidate():
            columns = self.table.get_resolved_schema(self.apply_transforms)
            self.table.own_options = partition_options(key_properties, columns, self.config)
        super().create_target(key_properties)

    @override
    def update_schema(self) -> None:
        _, table = self.table.create_table(self.client)  # here already: a look-up
        self._bounded_date = bounded_date(table, self.key_properties)
        existing = {column.name.lower() for column in table.schema}
        for column in self.table.get_resolved_schema(self.apply_transforms):
            if column.name.lower() not in existing:
                self.client.query(
                    f"ALTER TABLE {self.table.get_escaped_name()}"
                    f" ADD COLUMN IF NOT EXISTS `{column.name}` {ddl_type(column)}"
                ).result()

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        super().process_batch(context)
        self.has_staged_rows = True

    @override
    def pre_state_hook(self) -> None:
        if self.merge_target is not None and self.has_staged_rows:
            target = self.merge_target
            self._merge(target)
            self.table = self._new_staging_table(target)
            self.has_staged_rows = False

    @override
    def clean_up(self) -> None:
        if self.merge_target is None:
            super().clean_up()
        elif self.has_staged_rows:
            self._merge(self.merge_target)
            self.table, self.merge_target = self.merge_target, None
        else:
            self.client.delete_table(self.table.as_ref(), not_found_ok=True)
        logger.info("%s: %d rows arrived", self.table_name, self._total_records_read)

    def _merge(self, target: BigQueryTable) -> None:
        """Merge the staged rows into their table, and drop the staging table."""
        merge = Merge(
            staging=str(self.table),
            target=str(target),
            keys=self.key_properties,
            columns=[column.name for column in target.as_table().schema],
            is_deduplicated=self._is_dedupe_before_upsert_candidate(),
        )
        dates: Sequence[date | None] = ()
        if self._bounded_date:
            (row,) = self.client.query(merge.dates_query(self._bounded_date)).result()
            dates = row.values()
        self.client.query(merge.script(self._bounded_date, *dates)).result()

    def _new_staging_table(self, target: BigQueryTable) -> BigQueryTable:
        name = f"{target.name}__{time.strftime('%Y%m%d%H%M%S')}__{uuid.uuid4()}"
        staging = replace(target, name=name)
        expires = datetime.now(timezone.utc) + STAGING_LIFETIME
        staging.create_table(
            self.client, self.apply_transforms, table={"expires": expires}, dataset={}
        )
        return staging


class StrictTargetBigQuery(TargetBigQuery):
    """The target whose state never runs ahead of its tables."""

    @classproperty
    def plugin_version(cls) -> str:  # noqa: N805 - a property of the class
        """The version of this package, which `--version` shows."""
        return metadata.version("target-bigquery-strict")

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._new_worker = self.worker_factory
        self.worker_factory = self._new_daemon_worker

    def _new_daemon_worker(self) -> BaseWorker:
        worker = self._new_worker()
        worker.daemon = True  # else a run that fails waits half a minute for idle workers
        return worker

    @override
    def _validate_config(self, *args: Any, **kwargs: Any) -> tuple[list[str], list[str]]:
        if not self.config.get("project"):
            message = "Name the Google Cloud project in TARGET_BIGQUERY_PROJECT."
            raise ClickException(message)
        if self.config.get("method") != "batch_job" or not self.config.get("denormalized"):
            message = "target-bigquery-strict needs `method: batch_job` and `denormalized: true`."
            raise ClickException(message)
        return super()._validate_config(*args, **kwargs)

    @override
    def listen(self, file_input: IO[str] | None = None) -> None:
        check_access(self.config)
        super().listen(file_input)

    @override
    def get_sink_class(self, stream_name: str | None = None) -> type[StrictSink]:
        return StrictSink

    @override
    def drain_one(self, sink: StrictSink) -> None:
        self._check_loads()
        self.resize_worker_pool()
        Target.drain_one(self, sink)  # the parent's would write state after a failed load

    @override
    def drain_all(self, is_endofpipe: bool = False) -> None:
        state = copy.deepcopy(self._latest_state)
        sinks: list[StrictSink] = list(self._sinks_active.values())
        self._drain_all(sinks, self.max_parallelism)
        self._await_loads()
        finish = StrictSink.clean_up if is_endofpipe else StrictSink.pre_state_hook
        with ThreadPoolExecutor(PARALLEL_MERGES) as pool:
            list(pool.map(finish, sinks))
        if state:
            self._write_state_message(state)
        self._reset_max_record_age()

    def _await_loads(self) -> None:
        while self.queue.unfinished_tasks:
            self._check_loads()
            self.resize_worker_pool()
            time.sleep(0.02)
        self._check_loads()

    def _check_loads(self) -> None:
        while self.job_notification.poll():
            self.job_notification.recv()
            self._jobs_enqueued -= 1
        while self.log_notification.poll():
            self.logger.info(self.log_notification.recv())
        if self.error_notification.poll():
            error, _traceback = self.error_notification.recv()
            message = f"A batch could not be loaded, no state is written: {error}"
            raise ClickException(message) from error


def main() -> None:
    """Entry point of `target-bigquery-strict`: what fails is told in one sentence."""
    try:
        StrictTargetBigQuery.cli(standalone_mode=False)
    except UsageError as error:
        error.show()
        sys.exit(error.exit_code)
    except ClickException as error:
        end(error)
    except FileNotFoundError as error:  # of option --config
        end(ClickException(str(error)))


def ddl_type(column: SchemaField) -> str:
    """Spell a column's type as GoogleSQL's DDL wants it.

    Args:
        column: A column as the client library describes it.

    Returns:
        The type, such as `INT64` or `ARRAY<STRUCT<id STRING>>`.
    """
    if column.fields:
        inner = ", ".join(f"`{field.name}` {ddl_type(field)}" for field in column.fields)
        spelled = f"STRUCT<{inner}>"
    else:
        spelled = DDL_TYPES.get(column.field_type, column.field_type)
    return f"ARRAY<{spelled}>" if column.mode == "REPEATED" else spelled
