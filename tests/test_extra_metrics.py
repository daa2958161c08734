"""Insights that this version does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tap_run import run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

pytestmark = pytest.mark.soak


def test_a_metric_that_meta_adds_arrives_as_rows(serve: Callable[..., GraphApiServer]) -> None:
    server = serve()
    plain = run_tap(server)
    run = run_tap(server, extra_metrics=["media:profile_activity"])
    now = server.clock.now()
    expected = {
        (account_id, media["id"], now.date().isoformat(), "profile_activity"): figure
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
    gaps = {key[2:4] for key in run.table("insight_gaps") if not key[1]}
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
