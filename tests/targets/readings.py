"""How the rows of each target are read, and compared in spite of the target's own types."""

from __future__ import annotations

import ast
import csv
import datetime as dt
import functools
import json
from typing import TYPE_CHECKING, Any

from tap_instagram_business.tap import TapInstagramBusiness
from tests.truth.comparison import unsigned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.targets.user_project import UserProject

Row = dict[str, Any]
Tables = dict[str, "list[Row]"]
Key = tuple[Any, ...]

AS_JSON = """
import json, sys

def write(tables):
    print(json.dumps(tables, default=lambda value: getattr(value, "isoformat", value.__str__)()))
"""
POSTGRES = (
    AS_JSON
    + """
import psycopg
from psycopg.rows import dict_row

with psycopg.connect(sys.argv[1], row_factory=dict_row) as connection:
    connection.execute("SET TIME ZONE 'UTC'")
    names = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'instagram'"
    ).fetchall()
    write({
        name: connection.execute(f'SELECT * FROM instagram."{name}"').fetchall()
        for name in (row["table_name"] for row in names)
    })
"""
)
DUCKDB = (
    AS_JSON
    + """
import duckdb

connection = duckdb.connect("output/warehouse.duckdb", read_only=True)
names = connection.execute(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'instagram'"
).fetchall()
tables = {}
for (name,) in names:
    found = connection.execute(f'SELECT * FROM instagram."{name}"')
    columns = [column[0] for column in found.description]
    tables[name] = [dict(zip(columns, row)) for row in found.fetchall()]
write(tables)
"""
)
PARQUET = (
    AS_JSON
    + """
import io
import boto3
import pyarrow.parquet

client = boto3.client(
    "s3", endpoint_url=sys.argv[1], region_name="eu-central-1",
    aws_access_key_id="x", aws_secret_access_key="x",
)
pages = client.get_paginator("list_objects_v2").paginate(Bucket=sys.argv[2])
objects = [found for page in pages for found in page.get("Contents", ())]
tables = {}
for found in sorted(objects, key=lambda found: (found["LastModified"], found["Key"])):
    content = client.get_object(Bucket=sys.argv[2], Key=found["Key"])["Body"].read()
    rows = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    tables.setdefault(found["Key"].split("/")[1], []).extend(rows)
write(tables)
"""
)


def read_jsonl(project: UserProject) -> Tables:
    """Read the files that target-jsonl adds lines to."""
    return {
        path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in (project.directory / "output").glob("*.jsonl")
    }


def read_csv(project: UserProject) -> Tables:
    """Read the files of each run, the older ones first. An empty field is NULL."""
    tables: Tables = {}
    for path in sorted((project.directory / "output").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = [
                {name: value for name, value in row.items() if value != ""}
                for row in csv.DictReader(file)
            ]
        tables.setdefault(path.stem.rpartition("-")[0], []).extend(rows)
    return tables


def read_bigquery(project: UserProject) -> Tables:
    """Read the tables of the dataset."""
    names = "SELECT table_name FROM instagram.INFORMATION_SCHEMA.TABLES"
    return {
        name: project.sandbox.rows(f"SELECT * FROM instagram.{name}")
        for name in sorted(row["table_name"] for row in project.sandbox.rows(names))
    }


@functools.cache
def schemas() -> Mapping[str, Any]:
    """Return the schema of each table as the tap declares it."""
    tap = TapInstagramBusiness(validate_config=False)
    return {name: stream.schema for name, stream in tap.streams.items()}


@functools.cache
def key_of(table: str) -> tuple[str, ...]:
    """Return the names of a table's key columns."""
    return tuple(TapInstagramBusiness(validate_config=False).streams[table].primary_keys)


def by_key(table: str, rows: Iterable[Row]) -> dict[Key, Row]:
    """Return the rows of a table by key, the last row of each key, in the types of the tap.

    NULLs are left out, as are the columns in which a target keeps its own notes. Of `read_at` the
    hour is left, because the runs are of different minutes.
    """
    columns = schemas()[table]["properties"]
    found = {}
    for row in rows:
        own = {name: value for name, value in row.items() if not name.startswith("_sdc_")}
        assert own.keys() <= columns.keys(), f"{table}: {own.keys() - columns.keys()}"
        typed = {
            name: _typed(value, columns[name]) for name, value in own.items() if value is not None
        }
        if "read_at" in typed:
            typed["read_at"] = typed["read_at"].replace(minute=0, second=0, microsecond=0)
        found[tuple(typed[name] for name in key_of(table))] = typed
    return found


def _typed(value: Any, column: Mapping[str, Any]) -> Any:
    kind = column.get("format") or next(kind for kind in column["type"] if kind != "null")
    return TYPES[kind](value)


def _moment(value: Any) -> dt.datetime:
    text = str(value).strip().replace("Z", "+00:00")
    found = dt.datetime.fromisoformat(text)
    return (
        found.astimezone(dt.timezone.utc) if found.tzinfo else found.replace(tzinfo=dt.timezone.utc)
    )


def _truth_value(value: Any) -> bool:
    return value if isinstance(value, bool) else {"true": True, "false": False}[value.lower()]


def _list(value: Any) -> list[Any]:
    return list(ast.literal_eval(value)) if isinstance(value, str) else list(value)


TYPES: Mapping[str, Callable[[Any], Any]] = {
    "date-time": _moment,
    "date": lambda value: str(value)[:10],
    "integer": int,
    "number": float,
    "boolean": _truth_value,
    "array": _list,
    "string": unsigned,
}
