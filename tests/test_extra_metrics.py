"""Insights that this version does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from tests import truth
from tests.tap_run import run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

WHOLE = (truth.DOES_NOT_APPLY, truth.DOES_NOT_APPLY)

DAYS_OF_A_WEEK = 7


def test_a_metric_that_meta_adds_arrives_as_rows(serve: Callable[..., GraphApiServer]) -> None:
    server = serve()
    plain = run_tap(server)
    run = run_tap(server, extra_metrics=["media:profile_activity"])
    now = server.clock.now()
    expected = {
        (account_id, media["id"], *truth.moment(now), "profile_activity", *WHOLE): figure
        for account_id in server.world.account_ids
        for media in server.world.media(account_id, now)
        if (figure := server.world.media_insights(media["id"], now).get("profile_activity"))
        is not None
    }
    assert expected
    got = {key: row["value"] for key, row in run.table("extra_insights").items()}
    assert got == expected
    truth.tables_equal(run.table("media_insights"), plain.table("media_insights"))


@pytest.mark.parametrize("conditions", [(), (Fault("not_crossposted"),)])
def test_views_on_facebook_can_be_read_of_posts_and_stories_too(
    serve: Callable[..., GraphApiServer], conditions: tuple[Fault, ...]
) -> None:
    server = serve(
        WorldSettings(posts=60, stories_per_day=12), api_settings=ApiSettings(faults=conditions)
    )
    world, now = server.world, server.clock.now()
    run = run_tap(server, extra_metrics=["media:facebook_views", "story:facebook_views"])
    expected = {
        node["id"]: views
        for account_id in world.account_ids
        for node in (*world.media(account_id, now), *world.stories(account_id, now))
        if (views := world.media_insights(node["id"], now).get("facebook_views")) is not None
        and not world.media_insights_refusal(node["id"], now)
    }
    got = {row["media_id"]: row["value"] for row in run.records["extra_insights"]}
    assert got == expected
    listed = {row["id"]: row["media_product_type"] for row in run.records["media"]}
    assert {listed.get(media_id, "STORY") for media_id in got} == {"FEED", "REELS", "STORY"}
    tables = truth.every_table(world, now, truth.days_to(truth.last_complete_day(now), 1))
    for row in tables["media_insights"].values():
        row["facebook_views"] = expected.get(row["media_id"])
    for name in ("media_insights", "story_insights"):
        truth.tables_equal(run.table(name), tables[name])


def test_an_account_metric_can_be_named_too(serve: Callable[..., GraphApiServer]) -> None:
    server = serve()
    run = run_tap(server, extra_metrics=["account:content_views"])
    assert not run.records["extra_insights"]
    assert "extra_insights" in run.schemas
    gaps = {key[2:4] for key in run.table("insight_gaps") if key[1] == truth.DOES_NOT_APPLY}
    assert ("content_views", "empty") in gaps


@pytest.mark.soak
def test_a_metric_that_meta_does_not_know_costs_a_warning_and_a_gap(
    serve: Callable[..., GraphApiServer], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve()
    plain = run_tap(server)
    run = run_tap(server, extra_metrics=["media:sparkles", "account:sparkles"])
    truth.tables_equal(run.table("media_insights"), plain.table("media_insights"))
    truth.tables_equal(run.table("account_insights"), plain.table("account_insights"))
    assert "Meta refuses metric sparkles" in caplog.text
    reasons = {key[3] for key in run.table("insight_gaps") if key[2] == "sparkles"}
    assert reasons == {"retired"}


@pytest.mark.soak
def test_a_metric_of_an_account_arrives_as_a_series(serve: Callable[..., GraphApiServer]) -> None:
    server = serve()
    names = ["account:reach:day", "account:reach:week", "account:follower_count:day"]
    plain = run_tap(server)
    run = run_tap(server, extra_metrics=[*names, "account:sparkles:day"])
    values = {
        (row["account_id"], row["date"], row["metric"], row["breakdown"]): row["value"]
        for row in run.records["extra_insights"]
    }
    expected = {
        (row["account_id"], row["date"], "reach", "week"): row["reach"]
        for row in plain.records["account_reach"]
        if row["days"] == DAYS_OF_A_WEEK
    }
    expected |= {
        (row["account_id"], row["date"], name, "day"): row[name]
        for row in plain.records["account_insights"]
        for name in ("reach", "follower_count")
        if row[name] is not None
    }
    assert {metric for _, _, metric, _ in expected} == {"reach", "follower_count"}
    assert values == expected
    truth.tables_equal(run.table("account_insights"), plain.table("account_insights"))
    reasons = {key[3] for key in run.table("insight_gaps") if key[2] == "sparkles"}
    assert reasons == {"retired"}


@pytest.mark.soak
def test_metrics_in_parts_and_of_stories_arrive_as_rows(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve()
    plain = run_tap(server)
    names = [
        *("account:reach:media_product_type", "media:profile_activity:action_type"),
        *("story:profile_activity", "story:profile_activity:action_type"),
    ]
    run = run_tap(server, extra_metrics=names)
    rows = run.records["extra_insights"]
    now = server.clock.now()
    stories = {media_id for (media_id,) in truth.stories(server.world, now)}
    of_days = {
        (row["account_id"], row["date"], row["metric"], row["breakdown"], row["breakdown_value"]): (
            row["value"]
        )
        for row in rows
        if row["media_id"] == truth.DOES_NOT_APPLY
    }
    assert of_days == {
        key: row["value"]
        for key, row in plain.table("account_insights_breakdowns").items()
        if key[2:4] == ("reach", "media_product_type")
    }
    of_media = {
        key[1:]: row["value"]
        for key, row in run.table("extra_insights").items()
        if truth.DOES_NOT_APPLY not in {row["media_id"], row["breakdown"]}
    }
    assert of_media == {
        key: row["value"]
        for key, row in plain.table("media_insights_breakdowns").items()
        if row["metric"] == "profile_activity"
    }
    whole = {row["media_id"] for row in rows if (row["breakdown"], row["breakdown_value"]) == WHOLE}
    assert whole
    assert whole <= stories
    for stream in ("story_insights", "media_insights", "account_insights_breakdowns"):
        truth.tables_equal(run.table(stream), plain.table(stream))
