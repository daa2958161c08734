"""The tables of streams: their columns with descriptions, partitions, clusters and new columns."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import NotFound
from google.cloud.bigquery import SchemaField, Table, TimePartitioning
from target_bigquery.core import SchemaResolverVersion, SchemaTranslator

from target_bigquery_strict.merging import add_columns_statement
from target_bigquery_strict.refusals import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_bigquery_strict.jobs import Jobs

logger = logging.getLogger("target_bigquery_strict")

STAGING = re.compile(r"(.+)__[0-9]{14}__[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Names of staging tables; the group is the name of the table into which they are merged."""
MAX_CLUSTERING_COLUMNS = 4
MAX_COLUMN_DESCRIPTION, MAX_TABLE_DESCRIPTION = 1024, 16384
DATE_GRANULARITIES = frozenset({"DAY", "MONTH", "YEAR"})
"""How a table can be partitioned by a date; `HOUR` needs a timestamp."""
METADATA_DESCRIPTIONS = {
    "_sdc_extracted_at": "When the tap read the row (UTC).",
    "_sdc_received_at": "When the loader received the row.",
    "_sdc_batched_at": "When the loader began the batch of the row.",
    "_sdc_deleted_at": "When the row was deleted at its source; NULL if it was not.",
    "_sdc_sequence": "When the loader received the row, in milliseconds since 1970.",
    "_sdc_table_version": "The version of the table that the tap sends; NULL if it sends none.",
}
WIDER_TYPES = {"INTEGER": {"FLOAT", "NUMERIC", "BIGNUMERIC"}, "FLOAT": set(), "DATE": {"DATETIME"}}
"""The types of columns that take the values of another type."""
TYPE_NAMES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}


def columns_of(schema: Mapping[str, Any], config: Mapping[str, Any]) -> list[SchemaField]:
    """Return the columns of a stream's table, with the descriptions of its JSON schema.

    Args:
        schema: The JSON schema of the stream's records.
        config: The settings of the target.
    """
    translator = SchemaTranslator(
        schema=dict(schema),
        transforms=config.get("column_name_transforms") or {},
        resolver_version=SchemaResolverVersion(config.get("schema_resolver_version") or 1),
    )
    properties = schema["properties"].values()
    columns = [
        _described(column, contents)
        for column, contents in zip(
            translator.translated_schema_transformed, properties, strict=True
        )
    ]
    # The SDK appends its own columns in another order in each process.
    own = list(METADATA_DESCRIPTIONS)
    return sorted(columns, key=lambda item: own.index(item.name) if item.name in own else -1)


def _described(column: SchemaField, schema: Mapping[str, Any]) -> SchemaField:
    inner = schema.get("items", schema).get("properties", {})
    text = schema.get("description") or METADATA_DESCRIPTIONS.get(column.name)
    return SchemaField(
        column.name.strip("`"),
        column.field_type.upper(),
        column.mode,
        description=text[:MAX_COLUMN_DESCRIPTION] if text else None,
        fields=[_described(item, inner.get(item.name, {})) for item in column.fields],
    )


def key_date(keys: Iterable[str], columns: Iterable[SchemaField]) -> str | None:
    """Return the first date in a key; None if it has none."""
    dates = {column.name for column in columns if column.field_type == "DATE"}
    return next((name for name in keys if name in dates), None)


def described_table(
    name: str,
    columns: Sequence[SchemaField],
    keys: Sequence[str],
    description: str | None,
    config: Mapping[str, Any],
) -> Table:
    """Return a table as it is created.

    Args:
        name: The full name of the table.
        columns: All columns.
        keys: The columns that identify a row.
        description: What a row is.
        config: The settings of the target.

    Returns:
        A table that is partitioned by the date in its key if there is one, and clustered by the
        rest of its key if the setting says so. It does not expire.
    """
    table = Table(name, schema=columns)
    table.description = description[:MAX_TABLE_DESCRIPTION] if description else None
    date = key_date(keys, columns)
    granularity = str(config.get("partition_granularity") or "month").upper()
    if date and granularity in DATE_GRANULARITIES:
        table.time_partitioning = TimePartitioning(granularity, date)
    if config.get("cluster_on_key_properties"):
        others = [key for key in keys if key != date]
        table.clustering_fields = others[:MAX_CLUSTERING_COLUMNS] or None
    return table


def staging_name(table: str) -> str:
    """Return a new name for a staging table of a table."""
    return f"{table}__{time.strftime('%Y%m%d%H%M%S', time.gmtime())}__{uuid.uuid4()}"


def create_or_extend(jobs: Jobs, wanted: Table) -> Table:
    """Create a table, or add to it the columns that are new.

    Args:
        jobs: What runs the statement.
        wanted: The table as it is created.

    Returns:
        The table as it was found or created.

    Raises:
        Unusable: A column of the table has another type.
    """
    try:
        found = jobs.client.get_table(wanted.reference)
    except NotFound:
        found = jobs.client.create_table(wanted, exists_ok=True)
    known = {column.name.lower(): column for column in found.schema}
    for column in wanted.schema:
        if column.name.lower() in known:
            _check_type(found, known[column.name.lower()], column)
    new = [column for column in wanted.schema if column.name.lower() not in known]
    if new:
        jobs.query(add_columns_statement(full_name(found), new), found.table_id)
    return found


def full_name(table: Table) -> str:
    """Return `project.dataset.table`."""
    return f"{table.project}.{table.dataset_id}.{table.table_id}"


def _check_type(table: Table, existing: SchemaField, sent: SchemaField) -> None:
    has, gets = _type_name(existing), _type_name(sent)
    is_list = [column.mode == "REPEATED" for column in (existing, sent)]
    if is_list[0] == is_list[1] and (has == gets or has in WIDER_TYPES.get(gets, ())):
        return
    has, gets = (
        f"a list of {name}" if repeated else name
        for name, repeated in zip((has, gets), is_list, strict=True)
    )
    message = (
        f"The column {existing.name} of the table {full_name(table)} has the type {has}, and the"
        f" tap sends {gets}: load into another dataset, or rename the column in BigQuery."
    )
    raise Unusable(message)


def _type_name(column: SchemaField) -> str:
    name = column.field_type.upper()
    return TYPE_NAMES.get(name, name)
