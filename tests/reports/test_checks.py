"""One query for each view finds every kind of fault in its rows."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from tests.reports.conftest import NOW

if TYPE_CHECKING:
    from tests.reports.warehouse import LocalBigQuery, Row

pytestmark = pytest.mark.e2e

Week = tuple["str | None", int, int]
"""An account, how many weeks ago, and the number of days that were read."""

WEEKLY, GROWTH, ACCOUNTS = (
    f"instagram_{name}" for name in ("account_weekly", "follower_growth", "accounts")
)
TYPES = {
    ACCOUNTS: {"account_id": "STRING"},
    WEEKLY: {"account_id": "STRING", "week": "DATE", "days_read": "INTEGER"},
    GROWTH: {"account_id": "STRING", "date": "DATE", "followers_source": "STRING"},
}
LONG_AGO = 200
RIGHT: Week = ("1", 0, 7)
FAULTS: dict[str, list[Week]] = {
    "a number that is too large": [("1", 1, 8)],
    "a key that comes twice": [("1", 2, 1), ("1", 2, 1)],
    "a row without its parent": [("2", 0, 7)],
    "a NULL in the key": [(None, 0, 7)],
}


def day(days_ago: int) -> str:
    return str(NOW.date() - dt.timedelta(days=days_ago))


def faulty_rows() -> dict[str, list[Row]]:
    weeks = [RIGHT, *(row for rows in FAULTS.values() for row in rows)]
    sources = [(0, "read"), (1, None), (LONG_AGO, "guessed")]
    return {
        ACCOUNTS: [{"account_id": "1"}],
        WEEKLY: [
            {"account_id": account, "week": day(7 * weeks_ago), "days_read": days}
            for account, weeks_ago, days in weeks
        ],
        GROWTH: [
            {"account_id": "1", "date": day(days_ago), "followers_source": source}
            for days_ago, source in sources
        ],
    }


def test_each_kind_of_fault_is_found(bigquery: LocalBigQuery) -> None:
    from tests.reports.warehouse import Views  # noqa: PLC0415 - needs the client of BigQuery

    bigquery.load("faulty", faulty_rows(), TYPES)
    views = Views(bigquery, "faulty")
    found = {}
    for days in (0, LONG_AGO - 1):
        run = views.dbt(
            *("test", "--select", f"{WEEKLY},test_type:data", f"{GROWTH},test_type:data"),
            *("--vars", json.dumps({"instagram_check_days": days})),
        )
        assert run.returncode == 1, run.stdout
        results = json.loads((views.target / "run_results.json").read_text())["results"]
        found[days] = {
            name: result["failures"]
            for result in results
            for name in (WEEKLY, GROWTH)
            if name in result["unique_id"]
        }
    assert found == {
        0: {WEEKLY: len(FAULTS), GROWTH: 1},
        LONG_AGO - 1: {WEEKLY: len(FAULTS), GROWTH: 0},
    }
