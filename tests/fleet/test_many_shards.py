"""64 shards load into staging tables, some at once, and one merge gives the rows of one machine."""

from __future__ import annotations

import json
import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

from tests.fleet.conftest import DAYS, set_clock
from tests.fleet.project import make_project, run_program, variables
from tests.fleet.tables import differences, read_tables, rows
from tests.targets.servers import run_sql

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from tests.fleet.tables import Tables
    from tests.local_sandbox import LocalSandbox

logger = logging.getLogger("fleet")
pytestmark = [pytest.mark.e2e, pytest.mark.long]

SHARDS, SHARDS_AT_ONCE = 64, 8
IN_KEY = re.compile(r"target\.`(date|snapshot_date)` = source")
LITERALS = re.compile(
    r"AND target\.`(?:date|snapshot_date)` BETWEEN DATE '(\S+)' AND DATE '(\S+)'$", re.MULTILINE
)


def merges(sandbox: LocalSandbox, dataset: str) -> dict[str, str]:
    """Return the last MERGE of each table of a dataset, from BigQuery's own list of jobs."""
    jobs = requests.get(
        f"{sandbox.bigquery_url}/bigquery/v2/projects/sandbox/jobs",
        params={"projection": "full", "maxResults": "1000"},
        timeout=60,
    ).json()["jobs"]
    queries = [job["configuration"].get("query", {}).get("query", "") for job in jobs]
    found = (re.match(rf"MERGE `sandbox\.{dataset}\.(\w+)`", query) for query in queries)
    return {match[1]: match.string for match in found if match}


def bounds(statement: str) -> tuple[str, ...]:
    """Return the first and the last date that a MERGE looks at; nothing for one without."""
    found = LITERALS.search(statement)
    return found.groups() if found else ()


def first_and_last_date(statement: str, merged: Counter[str]) -> tuple[str, ...]:
    """Return those of the rows of a table, if there is a date in its key."""
    column = IN_KEY.search(statement)
    if not column:
        return ()
    dates = sorted(json.loads(row)[column[1]] for row in merged)
    return dates[0], dates[-1]


def test_64_shards_and_one_merge_have_the_rows_of_one_machine(
    sandbox: LocalSandbox, single: list[Tables], postgres_port: int, tmp_path: Path
) -> None:
    set_clock(sandbox, DAYS[0])
    project = make_project(tmp_path, sandbox)
    run_sql(postgres_port, "CREATE DATABASE meltano_staged")
    env = variables(
        sandbox,
        "staged",
        MELTANO_DATABASE_URI=f"postgresql+psycopg://instagram@127.0.0.1:{postgres_port}/meltano_staged",
    )
    began = time.monotonic()
    run_program(project, "reshard-state", str(SHARDS), env=env)
    # The first of them find no dataset, and create it and its tables at the same time.
    with ThreadPoolExecutor(SHARDS_AT_ONCE) as threads:
        started = [
            threads.submit(run_program, project, "run-shard", f"{index}/{SHARDS}", env=env)
            for index in range(1, SHARDS + 1)
        ]
    assert not [shard.exception() for shard in started if shard.exception()]
    assert read_tables(sandbox, "staged") == {}
    logger.info("staged after %.0f s", time.monotonic() - began)
    began = time.monotonic()
    run_program(project, "merge", env=env)
    merged = read_tables(sandbox, "staged")
    seconds = time.monotonic() - began
    logger.info("%d rows in %d tables merged in %.0f s", rows(merged), len(merged), seconds)

    assert differences(merged, single[0]) == {}
    statements = merges(sandbox, "staged")
    assert statements.keys() == merged.keys()
    for table, statement in statements.items():
        assert bounds(statement) == first_and_last_date(statement, merged[table]), table
    assert any(bounds(statement) for statement in statements.values())
