"""Every column of every view is what a second calculation says of the same raw rows."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests.reports import expected, expected_posts
from tests.reports.conftest import NOW

if TYPE_CHECKING:
    from tests.reports.conftest import Tables
    from tests.reports.warehouse import Views

pytestmark = pytest.mark.e2e

TIMEZONE = "Europe/Berlin"


NOT_COMPARED = {
    "sync_health": {"age_hours": "hours until the present moment, which goes on"},
}
"""The columns of views that the second calculation leaves out, each with the reason."""


def assert_equal(views: Views, name: str, keys: tuple[str, ...], truth: expected.View) -> None:
    rows = views.rows(name)
    got = {tuple(row[name] for name in keys): row for row in rows}
    assert len(got) == len(rows), "a key comes twice"
    assert got.keys() == truth.keys()
    columns = {*rows[0]} - {*keys} - NOT_COMPARED.get(name, {}).keys()
    for key, row in truth.items():
        assert columns == row.keys(), "each column is in the second calculation"
        close = {n: pytest.approx(v) if isinstance(v, float) else v for n, v in row.items()}
        assert {name: got[key][name] for name in row} == close, key


def check_accounts(views: Views, tables: Tables) -> None:
    assert_equal(views, "accounts", ("account_id",), expected.accounts(tables, TIMEZONE))


def check_account_daily(views: Views, tables: Tables) -> None:
    truth = expected.account_daily(tables)
    assert_equal(views, "account_daily", ("account_id", "date"), truth)
    weeks = [row["views_7d"] for row in truth.values()]
    assert any(weeks)
    assert None in weeks
    assert {row["is_final"] for row in truth.values()} >= {True, False}


def check_account_weekly(views: Views, tables: Tables) -> None:
    truth = expected.account_weekly(tables)
    assert_equal(views, "account_weekly", ("account_id", "week"), truth)
    assert any(row["views_change"] for row in truth.values())
    assert {row["is_final"] for row in truth.values()} == {True, False}
    final: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for (account, _), row in expected.account_daily(tables).items():
        final[account, row["week"]].append(row["is_final"])
    assert any(all(days) and len(days) < 7 for days in final.values()), "no final day is missing"
    # After a week that is missing there is nothing to compare with.
    after = [
        row["views_change"]
        for (account, week), row in truth.items()
        if row["is_whole"]
        and (account, week - expected.DAY * 7) not in truth
        and (account, week - expected.DAY * 14) in truth
    ]
    assert {*after} == {None}


def check_follower_growth(views: Views, tables: Tables) -> None:
    truth = expected.follower_growth(tables)
    assert_equal(views, "follower_growth", ("account_id", "date"), truth)
    sources = {row["followers_source"] for row in truth.values()}
    assert sources == {"read", "carried", "estimated", None}


def check_posts(views: Views, tables: Tables) -> None:
    truth = expected_posts.posts(tables, TIMEZONE)
    assert_equal(views, "posts", ("media_id",), truth)
    assert {row["content_type"] for row in truth.values()} >= {"Reel", "Image", "Carousel"}
    assert {row["is_listed"] for row in truth.values()} == {True, False}
    alone = [row for row in truth.values() if row["views"] and row["views_percentile"] is None]
    assert alone, "no type of an account has one post"


def check_post_daily(views: Views, tables: Tables) -> None:
    truth = expected_posts.post_daily(tables)
    assert_equal(views, "post_daily", ("media_id", "snapshot_date"), truth)
    assert None in {row["views_gained"] for row in truth.values()}
    assert {row["has_insights"] for row in truth.values()} == {True, False}


def check_post_hourly(views: Views, tables: Tables) -> None:
    truth = expected_posts.post_hourly(tables)
    assert_equal(views, "post_hourly", ("media_id", "snapshot_date", "hour"), truth)
    dates = {(media, date) for media, date, _ in truth}
    assert len(dates) < len(truth), "no post was read twice on a date"
    assert any(row["hours_covered"] == 6 and row["views_gained"] for row in truth.values())


def check_content_weekly(views: Views, tables: Tables) -> None:
    truth = expected_posts.content_weekly(tables, TIMEZONE)
    assert_equal(views, "content_weekly", ("account_id", "week", "content_type"), truth)


def check_best_time(views: Views, tables: Tables) -> None:
    truth = expected_posts.best_time(tables, TIMEZONE)
    assert_equal(views, "best_time", ("account_id", "weekday", "hour"), truth)
    assert len(truth) == 168 * len(tables["accounts"])


def check_stories(views: Views, tables: Tables) -> None:
    truth = expected_posts.stories(tables, TIMEZONE)
    assert_equal(views, "stories", ("media_id",), truth)
    assert None in {row["exit_rate"] for row in truth.values()}


def check_audience(views: Views, tables: Tables) -> None:
    keys = ("account_id", "snapshot_date", "audience", "timeframe", "dimension", "part")
    truth = expected.audience(tables)
    assert_equal(views, "audience", keys, truth)
    assert len(truth) < len(tables["audience_demographics"]), "nothing was read twice on a date"


def check_hashtags(views: Views, tables: Tables) -> None:
    truth = expected_posts.hashtags(tables, TIMEZONE)
    assert_equal(views, "hashtags", ("account_id", "hashtag"), truth)
    assert truth


def check_sync_health(views: Views, tables: Tables) -> None:
    assert_equal(views, "sync_health", ("account_id",), expected.sync_health(tables, NOW.date()))


def check_social_rollup(views: Views, tables: Tables) -> None:
    truth = expected_posts.social_rollup(tables, TIMEZONE)
    assert_equal(views, "social_rollup", ("post_id",), truth)


def check_descriptions_in_bigquery(views: Views) -> None:
    (model,) = views.bigquery.rows(
        f"SELECT COUNT(*) AS views FROM {views.dataset}.INFORMATION_SCHEMA.TABLES"
    )
    assert model["views"] == len(MODELS)
    for name in MODELS:
        found = views.bigquery.descriptions(views.dataset, f"instagram_{name}")
        assert all(found.values()), (name, found)


def test_every_view_says_what_a_second_calculation_says(views: Views, tables: Tables) -> None:
    """One test, because each process that runs a part of it would create all views first."""
    for check in CHECKS.values():
        check(views, tables)
    check_descriptions_in_bigquery(views)


CHECKS = {
    "accounts": check_accounts,
    "account_daily": check_account_daily,
    "account_weekly": check_account_weekly,
    "follower_growth": check_follower_growth,
    "posts": check_posts,
    "post_daily": check_post_daily,
    "post_hourly": check_post_hourly,
    "content_weekly": check_content_weekly,
    "best_time": check_best_time,
    "stories": check_stories,
    "audience": check_audience,
    "hashtags": check_hashtags,
    "sync_health": check_sync_health,
    "social_rollup": check_social_rollup,
}
"""How each view is compared."""
MODELS = tuple(CHECKS)
