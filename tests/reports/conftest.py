"""A local BigQuery with the tables of a small world, and the views over them."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from instagram_sandbox.graph_api import WorldSettings
from tests.local_sandbox import EMULATOR_NEEDS, LocalSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reports.warehouse import LocalBigQuery, Row, Views

Tables = dict[str, "list[Row]"]

DBT_ENDS = (3, 14)
PACIFIC = ZoneInfo("America/Los_Angeles")
# The page goes back from today, so the world ends today.
NOW = dt.datetime.now(dt.timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0)
WORLD = WorldSettings(accounts=3, posts=45, days=60, seed=23, start=NOW, tiny_accounts=1)
# Holes between the readings; the days before the first one are known from insights alone.
READINGS = [NOW - dt.timedelta(days=days) for days in (20, 19, 18, 15, 14, 9, 6, 3, 2, 1, 0)]


def skip_other_pythons() -> None:
    if sys.version_info < EMULATOR_NEEDS:
        pytest.skip("The BigQuery emulator needs Python 3.11.")
    if sys.version_info >= DBT_ENDS:
        pytest.skip("dbt-core 1.11 is made for Python up to 3.13.")


@pytest.fixture(scope="session")
def tables() -> Tables:
    """What the loader would hold after some runs."""
    skip_other_pythons()
    from tests.reports.warehouse import read_world  # noqa: PLC0415 - needs the client of BigQuery

    warehouse = read_world(WORLD, READINGS)
    tables = {name: list(rows.values()) for name, rows in warehouse.tables.items()}
    tables["online_followers"] = [row for row in tables["online_followers"] if is_one_hour(row)]
    # One post of each account was deleted five days ago.
    posts = {row["account_id"]: row for row in tables["media"]}
    for row in posts.values():
        row["listed_on"] = str(NOW.date() - dt.timedelta(days=5))
    return tables


def is_one_hour(row: Row) -> bool:
    """Whether an hour of the clock is there once: in the nights of the change it is not."""
    time = dt.datetime.combine(dt.date.fromisoformat(row["date"]), dt.time(row["hour"]), PACIFIC)
    return time.utcoffset() == time.replace(fold=1).utcoffset()


@pytest.fixture(scope="session")
def bigquery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBigQuery]:
    """An emulator for all tests of reports."""
    skip_other_pythons()
    from tests.reports.warehouse import LocalBigQuery  # noqa: PLC0415 - as above

    sandbox = LocalSandbox.on_free_ports(tmp_path_factory.mktemp("reports"))
    started = sandbox.up("--no-graph")
    assert started.returncode == 0, started.stderr
    yield LocalBigQuery(sandbox)
    sandbox.down()


@pytest.fixture(scope="session")
def views(bigquery: LocalBigQuery, tables: Tables) -> Views:
    """The views over the tables of the small world."""
    from tests.reports.warehouse import Views  # noqa: PLC0415 - as above

    bigquery.load("instagram", tables)
    return Views.build(bigquery, "instagram")
