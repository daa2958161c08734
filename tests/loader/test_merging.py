"""A direct upsert reads only the partitions that its rows belong to, and changes what it should."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.loader.messages import Message, feed, state
from tests.loader.test_state import WRITE_STATE_AT_ONCE

if TYPE_CHECKING:
    from tests.loader.conftest import Loader

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
        *(row("2026-11-20", reach) for reach in (43, 42, 41, 4)),  # The tap read them at once.
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
    assert partitioned_by(loader) == ("", "id")

    (merge,) = load(loader, keys, row("2026-11-20", 10), row("2026-11-20", 20, "2"))

    assert "BETWEEN" not in merge
    assert kept(loader) == [("1", "2026-11-20", 10), ("2", "2026-11-20", 20)]


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
def test_a_table_into_which_rows_are_appended_has_the_same_partitions(loader: Loader) -> None:
    chosen = replace(loader, options={"upsert": False})
    load(chosen, schema("account_id", "date"), row("2026-11-20", 1))
    assert partitioned_by(chosen) == ("date", "account_id")


@pytest.mark.long
def test_a_date_cannot_be_partitioned_by_hour(loader: Loader) -> None:
    chosen = replace(loader, options={"partition_granularity": "hour"})
    load(chosen, schema("account_id", "date"), row("2026-11-20", 1))
    assert partitioned_by(chosen) == ("", "account_id")


@pytest.mark.long
def test_rows_without_a_date_are_merged(loader: Loader) -> None:
    keys = schema("account_id", "date")
    load(loader, keys, row("2026-11-20", 1))
    (merge,) = load(loader, keys, row(None, 2))
    assert "BETWEEN" not in merge
    assert len(kept(loader)) == 2


@pytest.mark.long
def test_a_batch_with_a_date_in_another_form_is_merged_without_bounds(loader: Loader) -> None:
    keys = schema("account_id", "date")
    load(loader, keys, row("2026-11-05", 1))
    (merge,) = load(loader, keys, row("2026-11-20", 2), row("2026-11-5", 3))
    assert "BETWEEN" not in merge
    assert kept(loader) == [("1", "2026-11-05", 3), ("1", "2026-11-20", 2)]
