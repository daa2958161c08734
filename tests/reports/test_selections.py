"""All views can be built on any selection of streams and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reports.test_formulas import MODELS
from tests.tables_page import documented_tables

if TYPE_CHECKING:
    from tests.reports.conftest import Tables
    from tests.reports.warehouse import LocalBigQuery, Views

pytestmark = [pytest.mark.e2e, pytest.mark.soak, pytest.mark.long]

TABLES = documented_tables()
READ_BY_VIEWS = (
    *("accounts", "account_history", "account_insights", "account_insights_breakdowns"),
    *("account_reach", "audience_demographics", "online_followers", "media", "media_history"),
    *("media_insights", "stories", "story_insights", "insight_gaps"),
)
DESELECTED = {"media": {"read_at"}, "insight_gaps": {"last_date"}}
EMPTY_WITHOUT = {
    "account_history": {"follower_growth": False, "accounts": False},
    "media": {"hashtags": True, "content_weekly": True},
    "audience_demographics": {"audience": True},
}
"""Views that have no row (True), or have rows all the same (False), without a table."""


def number_of_rows(views: Views, name: str) -> int:
    sql = f"SELECT COUNT(*) AS found FROM {views.dataset}.instagram_{name}"
    return int(views.bigquery.rows(sql)[0]["found"])


@pytest.mark.parametrize("left_out", READ_BY_VIEWS)
def test_views_without_a_stream(bigquery: LocalBigQuery, tables: Tables, left_out: str) -> None:
    from tests.reports.warehouse import Views  # noqa: PLC0415 - needs the client of BigQuery

    dataset = f"without_{left_out}"
    bigquery.load(dataset, {name: rows for name, rows in tables.items() if name != left_out})

    views = Views.build(bigquery, dataset)

    for name, is_empty in EMPTY_WITHOUT.get(left_out, {}).items():
        assert (number_of_rows(views, name) == 0) is is_empty, name


def test_views_without_any_stream(bigquery: LocalBigQuery) -> None:
    from tests.reports.warehouse import Views  # noqa: PLC0415 - as above

    bigquery.load("nothing", {})

    views = Views.build(bigquery, "nothing")

    assert not any(number_of_rows(views, name) for name in MODELS)


def test_views_without_some_columns_twice(bigquery: LocalBigQuery, tables: Tables) -> None:
    from tests.reports.warehouse import Views  # noqa: PLC0415 - as above

    types = {
        name: {column: kind for column, kind in TABLES[name].columns.items() if column not in names}
        for name, names in DESELECTED.items()
    }
    others = {name: rows for name, rows in tables.items() if name != "media_history"}
    bigquery.load("fewer_columns", others, types)

    for _ in range(2):
        views = Views.build(bigquery, "fewer_columns", command="build")
        assert {row["is_listed"] for row in views.rows("posts")} == {None}
        assert all(number_of_rows(views, name) for name in MODELS)
