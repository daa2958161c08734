"""Shards append to a staging dataset, and one MERGE a table brings their rows together."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_instagram_business.fleet.merge_sql import Batch, StagedTable
from tests.meltano_project import ROOT
from tests.program import PROGRAM

if TYPE_CHECKING:
    from tests.load.conftest import Loader

UNTIL = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
DATE = {"type": ["string"], "format": "date"}
ROW = {"account_id": {"type": ["string"]}, "followers_count": {"type": ["integer", "null"]}}
KEYS = {"account_history": ["account_id", "date"], "media": ["id"]}


def staged(*keys: str) -> StagedTable:
    return StagedTable("p.stage.t", "p.final.t", keys, [*keys, "value"])


def test_a_merge_is_bounded_by_the_dates_of_its_batch() -> None:
    batch = Batch(9, UNTIL, dt.date(2026, 10, 30), dt.date(2026, 11, 19))
    statement = staged("account_id", "date").merge_statement(batch)
    assert "AND target.`date` BETWEEN DATE '2026-10-30' AND DATE '2026-11-19'\n" in statement
    dates = "`date` BETWEEN DATE '2026-10-30' AND DATE '2026-11-19'"
    batched = "`_sdc_batched_at` <= TIMESTAMP '2026-11-20T12:00:00+00:00'"
    assert f"WHERE {batched} AND {dates}\n" in statement
    assert staged("account_id", "date").clustering_columns == ["account_id"]


def test_a_table_whose_key_has_no_date_is_not_bounded() -> None:
    statement = staged("id").merge_statement(Batch(9, UNTIL))
    assert "BETWEEN" not in statement
    assert staged("id").partition_column is None


def messages(shard: int, day: int, **more: Any) -> list[dict[str, Any]]:
    """What a shard with two accounts writes on a day; it reads the day before again."""
    found: list[dict[str, Any]] = []
    for stream, keys in KEYS.items():
        columns = {**ROW, "date": DATE} if "date" in keys else {**ROW, "id": {"type": ["string"]}}
        columns |= {name: {"type": ["integer", "null"]} for name in more}
        body = {"type": "object", "properties": columns}
        found.append({"type": "SCHEMA", "stream": stream, "schema": body, "key_properties": keys})
        for account in (f"1784{shard}1", f"1784{shard}2"):
            for days in (day - 1, day):
                row = {"account_id": account, "followers_count": 100 * day + days, **more}
                own = {"date": f"2026-11-{days:02d}"} if "date" in keys else {"id": f"m{account}"}
                found.append(
                    {
                        "type": "RECORD",
                        "stream": stream,
                        "record": {**row, **own},
                        "time_extracted": f"2026-11-{day:02d}T12:00:0{days - day + 1}+00:00",
                    }
                )
    return [*found, {"type": "STATE", "value": {"bookmarks": {}}}]


def merge(loader: Loader) -> str:
    names = [f"--staging={loader.dataset}_stage", f"--dataset={loader.dataset}_final"]
    done = subprocess.run(
        [*PROGRAM, "merge", "--project=sandbox", *names],
        env={
            **os.environ,
            "BIGQUERY_EMULATOR_HOST": loader.sandbox.bigquery_url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(ROOT / "load" / "sandbox-adc.json"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.e2e
def test_rows_that_come_while_others_are_merged_are_not_deleted(loader: Loader) -> None:
    staging = replace(loader, dataset=f"{loader.dataset}_stage", options={"upsert": False})
    assert staging.run(messages(1, 10)).returncode == 0
    name = f"sandbox.{staging.dataset}.media"
    table = StagedTable(name, name.replace("_stage", "_final"), ["id"], ["id"])
    (found,) = loader.rows(table.batch_query())
    until = dt.datetime.fromisoformat(str(found["until"]).replace("Z", "+00:00"))
    too_few = Batch(found["rows"] - 1, until)
    count = f"SELECT COUNT(*) AS n FROM {name}"
    loader.rows(table.clear_statement(too_few))
    assert loader.rows(count) == [{"n": found["rows"]}]
    assert loader.rows(table.left_query(too_few)) == [{"rows": found["rows"]}]
    loader.rows(table.clear_statement(replace(too_few, rows=found["rows"])))
    assert loader.rows(count) == [{"n": 0}]


@pytest.mark.e2e
@pytest.mark.long
def test_staged_shards_give_the_same_tables_as_direct_ones(loader: Loader) -> None:
    staging = replace(
        loader, dataset=f"{loader.dataset}_stage", options={"upsert": False, "batch_size": 3}
    )
    direct = replace(loader, dataset=f"{loader.dataset}_direct")
    first, second = messages(1, 10), [*messages(1, 11, likes=5), *messages(2, 11, likes=5)]
    assert staging.run(first).returncode == 0
    assert "8 rows of 2 tables were merged" in merge(loader)
    assert staging.run(second).returncode == 0
    assert "16 rows of 2 tables were merged" in merge(loader)
    # What was merged by a command that ended before it deleted the rows is merged again.
    assert staging.run(messages(2, 11, likes=5)).returncode == 0
    assert "8 rows of 2 tables were merged" in merge(loader)
    assert direct.run(first).returncode == 0
    assert direct.run(second).returncode == 0

    for stream, keys in KEYS.items():
        order = ", ".join(keys)
        columns = f"account_id, followers_count, likes, {order}"
        sql = f"SELECT {columns} FROM {{}}.{stream} ORDER BY {order}"
        final = replace(loader, dataset=f"{loader.dataset}_final").rows(sql)
        assert final == direct.rows(sql)
        assert len(final) == (10 if "date" in keys else 4)
