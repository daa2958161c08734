"""Every view says what a second calculation in Python says of the same raw rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.reports import expected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.reports.conftest import Tables
    from tests.reports.warehouse import Row, Views

pytestmark = pytest.mark.e2e

TIMEZONE = "Europe/Berlin"


def assert_equal(rows: list[Row], keys: tuple[str, ...], truth: Mapping[Any, Row]) -> None:
    got = {tuple(row[name] for name in keys): row for row in rows}
    assert len(got) == len(rows), "a key comes twice"
    assert got.keys() == truth.keys()
    for key, row in truth.items():
        assert {name: got[key][name] for name in row} == pytest.approx(row, nan_ok=True), key


def check_account_daily(views: Views, tables: Tables) -> None:
    truth = expected.account_daily(tables)
    assert_equal(views.rows("account_daily"), ("account_id", "date"), truth)
    weeks = [row["views_7d"] for row in truth.values()]
    assert any(weeks)
    assert None in weeks


def check_account_weekly(views: Views, tables: Tables) -> None:
    truth = expected.account_weekly(tables)
    assert_equal(views.rows("account_weekly"), ("account_id", "week"), truth)
    assert any(row["views_change"] for row in truth.values())


def check_follower_growth(views: Views, tables: Tables) -> None:
    truth = expected.follower_growth(tables)
    assert_equal(views.rows("follower_growth"), ("account_id", "date"), truth)
    sources = {row["followers_source"] for row in truth.values()}
    assert sources == {"read", "carried", "estimated", None}


def check_posts(views: Views, tables: Tables) -> None:
    truth = expected.posts(tables, TIMEZONE)
    assert_equal(views.rows("posts"), ("media_id",), truth)
    assert {row["content_type"] for row in truth.values()} >= {"Reel", "Image", "Carousel"}
    assert {row["is_listed"] for row in truth.values()} == {True, False}


def check_post_daily(views: Views, tables: Tables) -> None:
    truth = expected.post_daily(tables)
    assert_equal(views.rows("post_daily"), ("media_id", "date"), truth)
    assert None in {row["views_gained"] for row in truth.values()}
    assert {row["has_insights"] for row in truth.values()} == {True, False}


def check_content_weekly(views: Views, tables: Tables) -> None:
    truth = expected.content_weekly(tables, TIMEZONE)
    assert_equal(views.rows("content_weekly"), ("account_id", "week", "content_type"), truth)


def check_best_time(views: Views, tables: Tables) -> None:
    truth = expected.best_time(tables, TIMEZONE)
    assert_equal(views.rows("best_time"), ("account_id", "weekday", "hour"), truth)
    assert len(truth) == 168 * len(tables["accounts"])


def check_stories(views: Views, tables: Tables) -> None:
    truth = expected.stories(tables)
    assert_equal(views.rows("stories"), ("media_id",), truth)
    assert None in {row["exit_rate"] for row in truth.values()}


def check_audience(views: Views, tables: Tables) -> None:
    keys = ("account_id", "snapshot_date", "audience", "timeframe", "dimension", "part")
    assert_equal(views.rows("audience"), keys, expected.audience(tables))


def check_hashtags(views: Views, tables: Tables) -> None:
    truth = expected.hashtags(tables, TIMEZONE)
    assert_equal(views.rows("hashtags"), ("account_id", "hashtag"), truth)
    assert truth


def check_accounts_health_and_rollup(views: Views, tables: Tables) -> None:
    followers = {row["id"]: row["followers_count"] for row in tables["accounts"]}
    assert {row["account_id"]: row["followers"] for row in views.rows("accounts")} == followers
    health = views.rows("sync_health")
    last_day = {key[0]: key[1] for key in sorted(expected.account_daily(tables))}
    assert {row["account_id"]: row["last_day"] for row in health} == last_day
    assert {row["state"] for row in health} == {"good"}
    rollup = {
        row["post_id"]: (row["views"], row["impressions"]) for row in views.rows("social_rollup")
    }
    truth = expected.posts(tables, TIMEZONE)
    assert rollup == {media: (row["views"], None) for (media,), row in truth.items()}


def check_descriptions_in_bigquery(views: Views) -> None:
    (model,) = views.bigquery.rows(
        f"SELECT COUNT(*) AS views FROM {views.dataset}.INFORMATION_SCHEMA.TABLES"
    )
    assert model["views"] == len(MODELS)
    for name in MODELS:
        found = views.bigquery.descriptions(views.dataset, f"instagram_{name}")
        assert all(found.values()), (name, found)


MODELS = (
    *("accounts", "account_daily", "account_weekly", "follower_growth", "posts", "post_daily"),
    *("content_weekly", "best_time", "stories", "audience", "hashtags", "sync_health"),
    "social_rollup",
)


def test_every_view_says_what_a_second_calculation_says(views: Views, tables: Tables) -> None:
    """One test, because each process that runs a part of it would create all views first."""
    for check in CHECKS:
        check(views, tables)
    check_descriptions_in_bigquery(views)


CHECKS = (
    check_account_daily,
    check_account_weekly,
    check_follower_growth,
    check_posts,
    check_post_daily,
    check_content_weekly,
    check_best_time,
    check_stories,
    check_audience,
    check_hashtags,
    check_accounts_health_and_rollup,
)
"""What is compared: one function for each view, or for those that belong together."""
