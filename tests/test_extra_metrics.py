"""Insights that this version does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import truth
from tests.tap_run import run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

pytestmark = pytest.mark.soak
WHOLE = (truth.DOES_NOT_APPLY, truth.DOES_NOT_APPLY)


def test_a_metric_that_meta_adds_arrives_as_rows(serve: Callable[..., GraphApiServer]) -> None:
    server = serve()
    plain = run_tap(server)
    run = run_tap(server, extra_metrics=["media:profile_activity"])
    now = server.clock.now()
    expected = {
        (account_id, media["id"], now.date().isoformat(), "profile_activity", *WHOLE): figure
        for account_id in server.world.account_ids
        for media in server.world.media(account_id, now)
        if (figure := server.world.media_insights(media["id"], now).get("profile_activity"))
        is not None
    }
    assert expected
    got = {key: row["value"] for key, row in run.table("extra_insights").items()}
    assert got == expected
    assert run.table("media_insights") == plain.table("media_insights")


def test_an_account_metric_can_be_named_too(serve: Callable[..., GraphApiServer]) -> None:
    server = serve()
    run = run_tap(server, extra_metrics=["account:content_views"])
    assert not run.records["extra_insights"]
    assert "extra_insights" in run.schemas
    gaps = {key[2:4] for key in run.table("insight_gaps") if key[1] == truth.DOES_NOT_APPLY}
    assert ("content_views", "empty") in gaps


def test_a_metric_that_meta_does_not_know_costs_a_warning_and_a_gap(
    serve: Callable[..., GraphApiServer], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve()
    plain = run_tap(server)
    run = run_tap(server, extra_metrics=["media:sparkles", "account:sparkles"])
    assert run.table("media_insights") == plain.table("media_insights")
    assert run.table("account_insights") == plain.table("account_insights")
    assert "Meta refuses metric sparkles" in caplog.text
    reasons = {key[3] for key in run.table("insight_gaps") if key[2] == "sparkles"}
    assert reasons == {"retired"}


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
        (row["account_id"], row["date"], row["metric"], row["breakdown"], row["dimension"]): (
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
        (row["media_id"], row["metric"], row["breakdown"], row["dimension"]): row["value"]
        for row in rows
        if truth.DOES_NOT_APPLY not in {row["media_id"], row["breakdown"]}
    }
    assert of_media == {
        key: row["value"]
        for key, row in plain.table("media_insights_breakdowns").items()
        if key[1] == "profile_activity"
    }
    whole = {row["media_id"] for row in rows if (row["breakdown"], row["dimension"]) == WHOLE}
    assert whole
    assert whole <= stories
    for stream in ("story_insights", "media_insights", "account_insights_breakdowns"):
        assert run.table(stream) == plain.table(stream)
