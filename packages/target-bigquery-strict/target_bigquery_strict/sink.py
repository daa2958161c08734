"""One stream's rows: into a staging table, and from there into the stream's table."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import orjson
from google.cloud.bigquery import Table
from singer_sdk.sinks import BatchSink
from target_bigquery.core import Compressor, SchemaTranslator, transform_column_name
from typing_extensions import override

from target_bigquery_strict.merging import DateRange, Merge
from target_bigquery_strict.staging import ready_labels
from target_bigquery_strict.tables import (
    columns_of,
    create_or_extend,
    described_table,
    full_name,
    key_date,
    staging_name,
)

if TYPE_CHECKING:
    from target_bigquery_strict import StrictTargetBigQuery

logger = logging.getLogger("target_bigquery_strict")

DEFAULT_BATCH_SIZE = 10_000
STAGING_LIFETIME = timedelta(days=1)


class StrictSink(BatchSink):  # type: ignore[misc]
    """One stream's rows.

    They are appended to the stream's table, or put into a staging table first: to be merged when
    state is written (`upsert`), or by `merge-staging` (`staged`).
    """

    include_sdc_metadata_properties = True

    @override
    def __init__(self, target: StrictTargetBigQuery, *args: Any, **kwargs: Any) -> None:
        super().__init__(target, *args, **kwargs)
        self._jobs = target.jobs
        self._submit_load = target.submit_load
        transforms = {**(self.config.get("column_name_transforms") or {}), "quote": False}
        self._keys = [transform_column_name(name, **transforms) for name in self.key_properties]
        self._translator = SchemaTranslator(self.schema, transforms)
        columns = columns_of(self.schema, self.config)
        self._date = key_date(self._keys, columns)
        description = self.schema.get("description")
        name = f"{self.config['project']}.{self.config['dataset']}.{self.table_name}"
        self._table = described_table(name, columns, self._keys, description, self.config)
        self._is_staged = bool(self._keys and self.config.get("staged"))
        is_merged = bool(self._keys) and is_selected(self.config.get("upsert"), self.stream_name)
        if not self._is_staged:
            target.note_expiration(create_or_extend(self._jobs, self._table))
        self._staging: Table | None = None
        if self._is_staged or is_merged:
            self._staging = self._new_staging_table()
        self._buffer = Compressor()
        self._dates = DateRange()
        self._has_rows = False

    @property
    def table_name(self) -> str:
        """The name of the stream's table."""
        name: str = self.stream_name.lower().replace("-", "_").replace(".", "_")
        return name

    @property
    @override
    def max_size(self) -> int:
        return int(self.config.get("batch_size") or DEFAULT_BATCH_SIZE)

    @override
    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        return record  # BigQuery validates it.

    @override
    def preprocess_record(self, record: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        translated: dict[str, Any] = self._translator.translate_record(record)
        return translated

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        if self._date:
            self._dates.add(record.get(self._date))
        self._buffer.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        rows, self._buffer = self._buffer, Compressor()
        self._submit_load(rows, full_name(self._staging or self._table), self.table_name)
        self._has_rows = True

    def finish_rows(self) -> None:
        """Bring the rows that are loaded to where state may be written for them."""
        if self._staging and self._has_rows:
            self._leave(self._staging)
            self._staging = self._new_staging_table()

    @override
    def clean_up(self) -> None:
        if self._staging and self._has_rows:
            self._leave(self._staging)
        elif self._staging:
            self._jobs.client.delete_table(self._staging, not_found_ok=True)
        logger.info("%s: %d rows arrived", self.table_name, self._total_records_read)

    def _leave(self, staging: Table) -> None:
        """Merge the rows of a staging table, or hand it over; no more rows come into it."""
        if self._is_staged:
            self._hand_over(staging)
        else:
            self._merge(staging)
        self._dates = DateRange()
        self._has_rows = False

    def _merge(self, staging: Table) -> None:
        merge = Merge(
            staging=[full_name(staging)],
            target=full_name(self._table),
            keys=self._keys,
            columns=[column.name for column in self._table.schema],
            is_deduplicated=is_selected(self.config.get("dedupe_before_upsert"), self.stream_name),
        )
        statement = merge.statement(self._date, self._dates.first, self._dates.last)
        self._jobs.query(statement, self.table_name)
        self._jobs.client.delete_table(staging, not_found_ok=True)

    def _hand_over(self, staging: Table) -> None:
        """Keep the staging table until `merge-staging` has merged it."""
        changed = Table(staging.reference)
        changed.expires = None
        changed.labels = ready_labels(self._keys, self._dates)
        self._jobs.client.update_table(changed, ["expires", "labels"])

    def _new_staging_table(self) -> Table:
        """Create a table like the stream's, which expires if this run does not end well."""
        resource = self._table.to_api_repr()
        resource["tableReference"] |= {"tableId": staging_name(self.table_name)}
        staging = Table.from_api_repr(resource)
        staging.expires = datetime.now(timezone.utc) + STAGING_LIFETIME
        return self._jobs.client.create_table(staging)


def is_selected(selection: bool | list[str] | None, stream: str) -> bool:  # noqa: FBT001
    """Return whether a setting holds for a stream.

    Args:
        selection: Yes or no for all streams, or patterns of names of streams, of which the last one
            that matches counts. `!` before a pattern excludes.
        stream: The name of the stream.
    """
    if not isinstance(selection, list):
        return bool(selection)
    matching = [name for name in selection if fnmatch(stream, name.removeprefix("!"))]
    return bool(matching) and not matching[-1].startswith("!")
