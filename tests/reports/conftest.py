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
# Holes between the readings; the days before the first one are known from insights alone. Three
# days ago there were three readings on one UTC date, and one after the midnight that follows.
READINGS = [
    NOW - dt.timedelta(days=days, hours=hours)
    for days, hours in (
        *((20, 0), (19, 0), (18, 0), (15, 0), (14, 0), (9, 0), (6, 0), (3, 6), (3, 0), (2, 18)),
        *((2, 11), (2, 0), (1, 0), (0, 0)),
    )
]
MISSING_WEEK = 3
"""How many weeks ago the week is of which one account has no insights."""


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

    warehouse = read_world(WORLD, READINGS, demographics_interval_days=0)
    tables = {name: list(rows.values()) for name, rows in warehouse.tables.items()}
    tables["online_followers"] = [row for row in tables["online_followers"] if is_one_hour(row)]
    # One post of each account was deleted five days ago.
    posts = {row["account_id"]: row for row in tables["media"]}
    for row in posts.values():
        deleted = NOW - dt.timedelta(days=5)
        row |= {"snapshot_date": str(deleted.date()), "read_at": deleted.isoformat()}
    make_irregular(tables, tables["accounts"][0]["id"])
    return tables


def make_irregular(tables: Tables, account_id: str) -> None:
    """Take rows from an account, and figures from its last readings."""
    this_week = NOW.date() - dt.timedelta(days=NOW.weekday())
    missing = this_week - dt.timedelta(days=7 * MISSING_WEEK)
    # All days of the week before are final, and one of them was not read.
    days = {str(missing + dt.timedelta(days=day)) for day in (-4, *range(7))}
    carousels = [
        row["id"]
        for row in tables["media"]
        if row["account_id"] == account_id and row["media_type"] == "CAROUSEL_ALBUM"
    ]
    for name, rows in tables.items():
        tables[name] = [
            row
            for row in rows
            if not (row["account_id"] == account_id and row.get("date") in days)
            and not {row.get("id"), row.get("media_id")} & {*carousels[1:]}
        ]
    for name, column in WITHHELD.items():
        own = [row for row in tables[name] if row["account_id"] == account_id]
        last = max((row["snapshot_date"], row["hour"]) for row in own)
        for row in own:
            if (row["snapshot_date"], row["hour"]) == last:
                row[column] = None


WITHHELD = {"media_insights": "views", "story_insights": "exits", "account_history": "media_count"}
"""The figures that Meta leaves out at the last reading."""


def is_one_hour(row: Row) -> bool:
    """Whether an hour of the clock is there once: in the nights of the change it is not."""
    time = dt.datetime.combine(dt.date.fromisoformat(row["date"]), dt.time(row["hour"]), PACIFIC)
    return time.utcoffset() == time.replace(fold=1).utcoffset()


@pytest.fixture(scope="session")
def bigquery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBigQuery]:
    """An emulator for all tests of reports."""
    skip_other_pythons()
    from tests.reports.warehouse import LocalBigQuery  # noqa: PLC0415 - as above

    with LocalSandbox.running(tmp_path_factory.mktemp("reports"), "--no-graph") as sandbox:
        yield LocalBigQuery(sandbox)


@pytest.fixture(scope="session")
def views(bigquery: LocalBigQuery, tables: Tables) -> Views:
    """The views over the tables of the small world."""
    from tests.reports.warehouse import Views  # noqa: PLC0415 - as above

    bigquery.load("instagram", tables)
    return Views.build(bigquery, "instagram")
