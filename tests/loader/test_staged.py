"""Loaders leave rows in staging tables, and `merge-staging` merges them into their tables."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.loader.messages import feed

if TYPE_CHECKING:
    from tests.loader.conftest import Loader

pytestmark = pytest.mark.e2e

DATE = {"type": ["string"], "format": "date"}
ROW = {"account_id": {"type": ["string"]}, "followers_count": {"type": ["integer", "null"]}}
KEYS = {"account_history": ["account_id", "date"], "media": ["id"]}
STAGED = {"staged": True, "batch_size": 3}
MAIN = "import target_bigquery_strict; target_bigquery_strict.main()"
DELETES_ONE_AND_DIES = """
import os, signal
from google.cloud.bigquery import Client
original = Client.delete_table
def delete(*arguments, **options):
    original(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
Client.delete_table = delete
"""


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


def run_merge(loader: Loader, *, set_up: str = "") -> subprocess.CompletedProcess[str]:
    names = ["--project=sandbox", f"--dataset={loader.dataset}"]
    return subprocess.run(
        [str(loader.python), "-c", f"{set_up}\n{MAIN}", "merge-staging", *names],
        env=loader.variables(),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def merge(loader: Loader) -> str:
    done = run_merge(loader)
    assert done.returncode == 0, done.stderr
    return done.stderr


def rows(loader: Loader, stream: str) -> list[dict[str, Any]]:
    columns = ", ".join(dict.fromkeys(["account_id", "followers_count", *KEYS[stream]]))
    return loader.rows(f"SELECT {columns} FROM {{}}.{stream} ORDER BY {', '.join(KEYS[stream])}")


def test_staged_rows_give_the_tables_of_a_direct_load(loader: Loader) -> None:
    staged = replace(loader, options=STAGED)
    direct = replace(loader, dataset=f"{loader.dataset}_direct")
    first, second = messages(1, 10), [*messages(1, 11, likes=5), *messages(2, 11, likes=5)]
    assert staged.run(first).returncode == 0
    assert not set(KEYS) & set(staged.tables())
    loader.sandbox.limit(conflicts=0.4, seed=1)
    assert "8 rows of 2 tables were merged" in merge(staged)
    loader.sandbox.limit()
    assert staged.run(second).returncode == 0
    assert "16 rows of 2 tables were merged" in merge(staged)
    assert "0 rows of 0 tables were merged" in merge(staged)
    assert direct.run(first).returncode == 0
    assert direct.run(second).returncode == 0

    assert staged.tables() == direct.tables() == sorted(KEYS)
    for stream, keys in KEYS.items():
        assert rows(staged, stream) == rows(direct, stream)
        assert len(rows(staged, stream)) == (10 if "date" in keys else 4)
        kept = [loader.table(stream) for loader in (staged, direct)]
        for name in ("schema", "timePartitioning", "clustering", "description"):
            assert kept[0].get(name) == kept[1].get(name)
    merges = [str(job["query"]["query"]) for job in staged.jobs() if "MERGE" in str(job)]
    bounded = [sql for sql in merges if "BETWEEN DATE '2026-11-09' AND DATE '2026-11-10'" in sql]
    tables = {sql.split("`")[1] for sql in bounded}
    assert f"sandbox.{staged.dataset}.account_history" in tables
    assert {table.rpartition(".")[2] for table in tables} == {"account_history"}


def history(date: str, followers: int) -> list[dict[str, Any]]:
    """What a shard writes of one account on a date."""
    kept = [message for message in messages(1, 10) if message.get("stream") == "account_history"]
    row = {"account_id": "17841", "date": date, "followers_count": followers}
    record = {**kept[1], "record": row, "time_extracted": f"2026-11-{followers:02d}T12:00:00+00:00"}
    return [kept[0], record, {"type": "STATE", "value": {"bookmarks": {}}}]


@pytest.mark.long
def test_a_staging_table_whose_dates_are_not_known_is_merged_without_bounds(
    loader: Loader,
) -> None:
    staged = replace(loader, options=STAGED)
    assert loader.run(history("2026-11-05", 1)).returncode == 0
    for date, followers in (("2026-11-20", 2), ("2026-11-5", 3)):
        assert staged.run(history(date, followers)).returncode == 0
    assert "2 rows of 1 tables were merged" in merge(staged)
    found = [(row["date"], row["followers_count"]) for row in rows(staged, "account_history")]
    assert found == [("2026-11-05", 3), ("2026-11-20", 2)]


@pytest.mark.long
def test_a_merge_that_was_killed_is_repeated_and_older_rows_stay_older(loader: Loader) -> None:
    staged = replace(loader, options=STAGED)
    for day in (10, 11):  # The SDK appends columns in an order that depends on this seed.
        shard = replace(staged, environment={"PYTHONHASHSEED": str(day)})
        assert shard.run(messages(1, day)).returncode == 0

    killed = run_merge(staged, set_up=DELETES_ONE_AND_DIES)
    merge(staged)

    assert killed.returncode == -9
    merges = [str(job) for job in staged.jobs() if "MERGE" in str(job)]
    assert any("UNION ALL" in job for job in merges)
    history = {row["date"]: row["followers_count"] for row in rows(staged, "account_history")}
    assert history == {"2026-11-09": 1009, "2026-11-10": 1110, "2026-11-11": 1111}
    # The table of the check stays until it expires.
    assert [name.partition("__")[0] for name in staged.tables()] == [
        "account_history",
        "dml_check",
        "media",
    ]


@pytest.mark.long
def test_rows_of_a_loader_that_is_running_wait_for_the_next_merge(loader: Loader) -> None:
    staged = replace(loader, options=STAGED)
    assert staged.run(messages(1, 10)).returncode == 0
    with staged.started() as process:
        feed(process.stdin, messages(2, 10))
        assert process.stdin
        while len(staged.tables()) < 2 * len(KEYS):
            assert process.poll() is None
        assert "8 rows of 2 tables were merged" in merge(staged)
        process.communicate()
    assert process.returncode == 0
    assert len(rows(staged, "media")) == 2
    assert "8 rows of 2 tables were merged" in merge(staged)
    assert len(rows(staged, "media")) == 4


@pytest.mark.long
def test_two_merges_at_the_same_time_merge_everything_once(loader: Loader) -> None:
    staged = replace(loader, options=STAGED)
    for shard in (1, 2):
        assert staged.run(messages(shard, 10)).returncode == 0
    with ThreadPoolExecutor() as threads:
        ended = list(threads.map(lambda _: run_merge(staged), range(2)))
    assert [done.returncode for done in ended] == [0, 0], ended
    assert staged.tables() == sorted(KEYS)
    assert len(rows(staged, "account_history")) == 8
