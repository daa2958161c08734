"""A Singer target for BigQuery that never writes state for rows that are not in their tables.

* Every load is awaited. One that fails ends the run, without state and with one sentence.
* Rows are merged before their state is written, of the streams that have something to merge.
* What Google refuses for a moment is repeated with growing pauses, for minutes.
* A table is partitioned by the date in its key, and a merge reads the partitions of its rows only.
* New columns are added; each column and each table has its description.
* Several loaders may load into one dataset at the same time.
"""

from __future__ import annotations

import copy
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from typing import TYPE_CHECKING, Any

from click import ClickException, UsageError
from singer_sdk import typing as th
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.target_base import Target
from target_bigquery.target import TargetBigQuery
from typing_extensions import override

from target_bigquery_strict.access import dml_check, end, open_dataset
from target_bigquery_strict.refusals import GOOGLE_ERRORS, Unusable, told
from target_bigquery_strict.sink import StrictSink
from target_bigquery_strict.staging import merge_staging

if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import IO

    from google.cloud.bigquery import Dataset, Table
    from singer_sdk.sinks import Sink
    from target_bigquery.core import Compressor

    from target_bigquery_strict.jobs import Jobs

logger = logging.getLogger("target_bigquery_strict")

PARALLEL_LOADS = 4
PARALLEL_MERGES = 4
STAGED = th.Property(
    "staged",
    th.BooleanType,
    default=False,
    description=(
        "Leave the rows in staging tables, which `target-bigquery-strict merge-staging` merges when"
        " all loaders have ended: for many loaders at the same time."
    ),
)


class StrictTargetBigQuery(Target):  # type: ignore[misc]
    """The target whose state never runs ahead of its tables.

    Attributes:
        jobs: What runs jobs in BigQuery.
    """

    name = "target-bigquery"
    config_jsonschema = {  # noqa: RUF012 - as the SDK has it
        **TargetBigQuery.config_jsonschema,
        "properties": {**TargetBigQuery.config_jsonschema["properties"], **STAGED.to_dict()},
    }
    jobs: Jobs

    @classproperty
    def plugin_version(cls) -> str:  # noqa: N805 - a property of the class
        """The version of this package, which `--version` shows."""
        return metadata.version("target-bigquery-strict")

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_parallelism = 1
        self._pool = ThreadPoolExecutor(PARALLEL_LOADS)
        self._loads: list[Future[None]] = []
        self._expiring: list[str] = []

    @override
    def _validate_config(self, *args: Any, **kwargs: Any) -> tuple[list[str], list[str]]:
        if not self.config.get("project"):
            message = "Name the Google Cloud project in TARGET_BIGQUERY_PROJECT."
            raise ClickException(message)
        if self.config.get("method") != "batch_job" or not self.config.get("denormalized"):
            message = "target-bigquery-strict needs `method: batch_job` and `denormalized: true`."
            raise ClickException(message)
        if self.config.get("overwrite"):
            message = "target-bigquery-strict does not overwrite tables: leave out `overwrite`."
            raise ClickException(message)
        # Meltano passes some settings as strings, which the SDK would refuse.
        found: tuple[list[str], list[str]] = super()._validate_config(
            raise_errors=False, warnings_as_errors=False
        )
        return found

    @override
    def listen(self, file_input: IO[str] | None = None) -> None:
        opened = open_dataset(self.config)
        with dml_check(opened):
            self.jobs = opened.jobs
        self._note_default_expiration(opened.dataset)
        super().listen(file_input)

    @override
    def get_sink_class(self, stream_name: str) -> type[StrictSink]:
        return StrictSink

    @override
    def get_sink(
        self, stream_name: str, *, schema: dict[str, Any] | None = None, **options: Any
    ) -> Sink:
        # A stream has one sink: its columns stay the same for the whole run.
        is_known = self.sink_exists(stream_name)
        return super().get_sink(stream_name, schema=None if is_known else schema, **options)

    @override
    def drain_one(self, sink: StrictSink) -> None:
        self._check_loads()
        super().drain_one(sink)

    @override
    def drain_all(self, is_endofpipe: bool = False) -> None:
        state = copy.deepcopy(self._latest_state)
        sinks: list[StrictSink] = list(self._sinks_active.values())
        self._drain_all(sinks, self.max_parallelism)
        self._await_loads()
        finish = StrictSink.clean_up if is_endofpipe else StrictSink.finish_rows
        with ThreadPoolExecutor(PARALLEL_MERGES) as pool:
            list(pool.map(finish, sinks))
        self._warn_of_expiration()
        if state:
            self._write_state_message(state)
        self._reset_max_record_age()

    def submit_load(self, rows: Compressor, destination: str, table: str) -> None:
        """Begin to append a batch to a table.

        Args:
            rows: JSON lines.
            destination: The full name of the table to append to.
            table: The name of the stream's table.
        """
        self._loads.append(self._pool.submit(self._load, rows, destination, table))

    def _load(self, rows: Compressor, destination: str, table: str) -> None:
        rows.close()
        self.jobs.load(rows.buffer, destination, table)

    def _await_loads(self) -> None:
        while self._loads:
            self._check_loads()
            time.sleep(0.02)

    def _check_loads(self) -> None:
        """Forget the loads that have succeeded, and end the run if one has failed."""
        ended = [load for load in self._loads if load.done()]
        for load in ended:
            if error := load.exception():
                sentence = told(error).message if isinstance(error, GOOGLE_ERRORS) else str(error)
                message = f"A batch could not be loaded, no state is written: {sentence}"
                raise Unusable(message) from error
        self._loads = [load for load in self._loads if load not in ended]

    def note_expiration(self, table: Table) -> None:
        """Remember a table if its rows expire."""
        partitioning = table.time_partitioning
        if table.expires or (partitioning and partitioning.expiration_ms):
            self._expiring.append(f"the table {table.table_id}")

    def _note_default_expiration(self, dataset: Dataset) -> None:
        if dataset.default_table_expiration_ms or dataset.default_partition_expiration_ms:
            self._expiring.append(f"new tables of the dataset {dataset.dataset_id}")

    def _warn_of_expiration(self) -> None:
        if self._expiring:
            logger.warning(
                "BigQuery will delete rows, because there is an expiration for %s: remove it from"
                " the dataset and its tables (expiration of tables and of partitions).",
                ", ".join(self._expiring),
            )
            self._expiring = []


def main() -> None:
    """Entry point of `target-bigquery-strict`: what fails is told in one sentence."""
    try:
        if sys.argv[1:2] == ["merge-staging"]:
            merge_staging.main(sys.argv[2:], standalone_mode=False)
        else:
            StrictTargetBigQuery.cli(standalone_mode=False)
    except UsageError as error:
        error.show()
        sys.exit(error.exit_code)
    except ClickException as error:
        end(error)
    except GOOGLE_ERRORS as error:
        end(told(error))
    except FileNotFoundError as error:  # of option --config
        end(ClickException(str(error)))
