"""A direct upsert reads only the partitions that its rows belong to, and changes what it should."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_instagram_business.fleet.merge_sql import StagedTable
from tap_instagram_business.tap import TapInstagramBusiness
from tests.load.messages import Message, feed, state
from tests.load.test_state import WRITE_STATE_AT_ONCE

if TYPE_CHECKING:
    from tests.load.conftest import Loader

pytestmark = pytest.mark.e2e

SHOW_MERGES = """
import sys
from google.cloud.bigquery import Client
def shown(ask):
    def asked(client, sql, *args, **options):
        if "MERGE" in sql:
            sys.stderr.write(f"ASKED {' '.join(sql.split())}\\n")
        return ask(client, sql, *args, **options)
    return asked
Client.query = shown(Client.query)
"""
PARTITIONED_OTHERWISE = """
import target_bigquery_strict
target_bigquery_strict.partition_options = lambda *_: {}
"""
"""A table that another loader created."""
OPTIONS_OF_KEYS = """
import json, sys
from google.cloud.bigquery import SchemaField
from target_bigquery_strict.merging import partition_options
found = {}
for name, (keys, dates) in json.load(sys.stdin).items():
    columns = [SchemaField(key, "DATE" if key in dates else "STRING") for key in keys]
    options = partition_options(keys, columns, {"cluster_on_key_properties": True})
    partitioning = options.get("time_partitioning")
    found[name] = [partitioning and partitioning.field, options.get("clustering_fields")]
print(json.dumps(found))
"""
DATE: Message = {"type": ["string", "null"], "format": "date"}


def schema(*keys: str) -> Message:
    columns = {name: {"type": ["string"]} for name in ("account_id", "id")}
    columns |= {"date": DATE, "reach": {"type": ["integer", "null"]}}
    body = {"type": "object", "properties": columns}
    return {"type": "SCHEMA", "stream": "insights", "schema": body, "key_properties": [*keys]}


def row(date: str | None, reach: int, account: str = "1", *, read: int = 0) -> Message:
    return {
        "type": "RECORD",
        "stream": "insights",
        "record": {"account_id": account, "id": account, "date": date, "reach": reach},
        "time_extracted": f"2026-11-20T12:00:{read:02d}+00:00",
    }


def merges(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if line.startswith("ASKED")]


def load(loader: Loader, *messages: Message, set_up: str = SHOW_MERGES) -> list[str]:
    """Load rows into the table and return the MERGE statements."""
    result = loader.run([*messages, state(1)], set_up=set_up)
    assert result.returncode == 0, result.stderr
    return merges(result.stderr)


def kept(loader: Loader) -> list[tuple[Any, ...]]:
    found = loader.rows("SELECT account_id, date, reach FROM {}.insights ORDER BY 1, 2, 3")
    return [tuple(line.values()) for line in found]


def partitioned_by(loader: Loader) -> tuple[str, str]:
    """The column that the table is partitioned by, and those that it is clustered by."""
    sql = (
        "SELECT column_name, is_partitioning_column, clustering_ordinal_position"
        " FROM {}.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'insights'"
    )
    columns = loader.rows(sql)
    partitioning = [c["column_name"] for c in columns if c["is_partitioning_column"] == "YES"]
    clustering = [c["column_name"] for c in columns if c["clustering_ordinal_position"]]
    return ",".join(partitioning), ",".join(clustering)


def test_a_merge_is_bounded_by_the_dates_of_its_batch(loader: Loader) -> None:
    keys = schema("account_id", "date")
    load(loader, keys, row("2025-01-31", 1), row("2026-11-18", 2), row("2026-11-19", 3))
    assert partitioned_by(loader) == ("date", "account_id")

    (merge,) = load(
        loader,
        keys,
        row("2026-11-19", 31, read=1),
        row("2026-11-19", 30),
        row("2026-11-20", 4),
        row("2026-11-18", 5, "2"),
    )

    assert "AND target.`date` BETWEEN DATE '2026-11-18' AND DATE '2026-11-20' WHEN" in merge
    assert kept(loader) == [
        ("1", "2025-01-31", 1),
        ("1", "2026-11-18", 2),
        ("1", "2026-11-19", 31),
        ("1", "2026-11-20", 4),
        ("2", "2026-11-18", 5),
    ]


def test_a_date_that_is_not_in_the_key_may_change(loader: Loader) -> None:
    keys = schema("id")
    load(loader, keys, row("2025-01-31", 1), row(None, 2, "2"))
    assert partitioned_by(loader) == ("_sdc_batched_at", "id")

    (merge,) = load(loader, keys, row("2026-11-20", 10), row("2026-11-20", 20, "2"))

    assert "BETWEEN" not in merge
    assert kept(loader) == [("1", "2026-11-20", 10), ("2", "2026-11-20", 20)]


@pytest.mark.long
def test_a_table_that_somebody_has_partitioned_by_such_a_date_is_not_bounded(
    loader: Loader,
) -> None:
    load(loader, schema("id", "date"), row("2025-01-31", 1))
    assert partitioned_by(loader) == ("date", "id")

    (merge,) = load(loader, schema("id"), row("2026-11-20", 10))

    assert "BETWEEN" not in merge
    assert kept(loader) == [("1", "2026-11-20", 10)]


def test_a_table_that_is_partitioned_otherwise_is_merged_without_bounds(loader: Loader) -> None:
    keys = schema("account_id", "date")
    load(loader, keys, row("2025-01-31", 1), row("2026-11-19", 2), set_up=PARTITIONED_OTHERWISE)
    assert partitioned_by(loader) == ("_sdc_batched_at", "account_id,date")

    (merge,) = load(loader, keys, row("2026-11-19", 20), row("2026-11-20", 3))

    assert "BETWEEN" not in merge
    assert kept(loader) == [
        ("1", "2025-01-31", 1),
        ("1", "2026-11-19", 20),
        ("1", "2026-11-20", 3),
    ]


@pytest.mark.long
def test_each_merge_of_a_long_run_has_the_bounds_of_its_own_rows(loader: Loader) -> None:
    keys = schema("account_id", "date")
    with loader.started(set_up=f"{WRITE_STATE_AT_ONCE}\n{SHOW_MERGES}") as process:
        assert process.stdout
        for number, date in enumerate(("2026-11-20", "2025-01-31", "2026-11-20")):
            feed(process.stdin, [*([] if number else [keys]), row(date, number), state(number)])
            assert json.loads(process.stdout.readline()) == state(number)["value"]
        _, stderr = process.communicate()
    dates = ["2026-11-20", "2025-01-31", "2026-11-20"]
    bounds = [merge.partition(" BETWEEN ")[2].partition(" WHEN")[0] for merge in merges(stderr)]
    assert bounds == [f"DATE '{date}' AND DATE '{date}'" for date in dates]
    assert kept(loader) == [("1", "2025-01-31", 1), ("1", "2026-11-20", 2)]


@pytest.mark.long
@pytest.mark.parametrize("options", [{"upsert": False}, {"partition_granularity": "hour"}])
def test_other_tables_are_created_as_before(loader: Loader, options: dict[str, Any]) -> None:
    chosen = replace(loader, dataset=f"before_{next(iter(options))}", options=options)
    load(chosen, schema("account_id", "date"), row("2026-11-20", 1))
    assert partitioned_by(chosen) == ("_sdc_batched_at", "account_id,date")


@pytest.mark.long
def test_rows_without_a_date_are_merged(loader: Loader) -> None:
    keys = schema("account_id", "date")
    load(loader, keys, row("2026-11-20", 1))
    (merge,) = load(loader, keys, row(None, 2))
    assert "BETWEEN" not in merge
    assert len(kept(loader)) == 2


def test_direct_and_staged_tables_are_partitioned_in_the_same_way(loader: Loader) -> None:
    streams = TapInstagramBusiness(validate_config=False).streams
    asked: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    for name, stream in streams.items():
        columns = stream.schema["properties"]
        dates = [key for key in stream.primary_keys if columns[key].get("format") == "date"]
        asked[name] = [[*stream.primary_keys], dates]
        table = StagedTable("", "", stream.primary_keys, [])
        clustering = table.clustering_columns if table.partition_column else None
        expected[name] = [table.partition_column, clustering]
    done = subprocess.run(
        [str(loader.python), "-c", OPTIONS_OF_KEYS],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == expected
    assert sum(column is not None for column, _ in expected.values()) == 10
