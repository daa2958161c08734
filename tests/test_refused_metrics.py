"""A metric that Meta refuses, in whatever words, costs no other metric and few calls."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from tests import truth
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tests.tap_run import Run

pytestmark = pytest.mark.soak

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
WORLD: dict[str, Any] = {"accounts": 2, "posts": 200, "days": 200, "seed": 5, "start": START}
WANTED = catalog("media_insights", "insight_gaps")


def calls_of(server: GraphApiServer) -> int:
    return sum(max(1, len(request.operations)) for request in server.requests)


def assert_all_but(run: Run, server: GraphApiServer, *refused: str) -> None:
    """Compare media insights with the truth, with the refused metrics left empty."""
    accounts = {row["account_id"] for row in run.records["media_insights"]}
    expected = {
        key: {**row, **dict.fromkeys(refused)}
        for key, row in truth.media_insights(server.world, START).items()
        if row["account_id"] in accounts
    }
    assert expected
    truth.tables_equal(run.table("media_insights"), expected)


@pytest.mark.parametrize("login", ["facebook", "instagram"])
@pytest.mark.parametrize(
    "wording",
    [
        *("one_of", "v22", "incompatible", "unknown_100", "unknown_1"),
        *("foreign", "foreign_nameless"),
    ],
)
def test_a_retired_metric_costs_no_other_in_any_wording(
    serve: Callable[..., GraphApiServer], login: Any, wording: str
) -> None:
    server = serve(WorldSettings(**WORLD, login=login))
    plain = run_tap(server, catalog=WANTED, login=login)
    assert plain.records["media_insights"]
    usual = calls_of(server)
    order = Fault("retired_metric", form=wording, names=("saved",))
    retired = serve(WorldSettings(**WORLD, login=login), api_settings=ApiSettings(faults=(order,)))
    run = run_tap(retired, catalog=WANTED, login=login)
    assert_all_but(run, retired, "saved")
    # Three media of a kind are asked for each metric alone, or for the refused one and the others.
    most = usual + 50
    if wording == "unknown_1":
        # An error that may pass is tried again before a metric is blamed for it.
        most += 250
    assert calls_of(retired) <= most
    again = run_tap(retired, catalog=WANTED, login=login, media_refresh="always", state=run.state)
    assert_all_but(again, retired, "saved")


def test_reels_that_are_not_on_facebook_cost_two_metrics_and_few_calls(
    serve: Callable[..., GraphApiServer],
) -> None:
    order = Fault("not_crossposted", form="any", objects=("REELS",))
    world: dict[str, Any] = {**WORLD, "accounts": 1, "posts": 300}
    plain, odd = (
        serve(WorldSettings(**world)),
        serve(WorldSettings(**world), api_settings=ApiSettings(faults=(order,))),
    )
    run_tap(plain, catalog=WANTED)
    run = run_tap(odd, catalog=WANTED)
    reels = [row for row in run.records["media_insights"] if row["media_product_type"] == "REELS"]
    assert len(reels) > 50
    assert_all_but(run, odd, "crossposted_views", "facebook_views")
    assert calls_of(odd) <= 1.3 * calls_of(plain)


def test_all_recorded_answers_at_once_cost_only_what_they_are_about(
    serve: Callable[..., GraphApiServer],
) -> None:
    orders = (
        Fault("not_crossposted"),
        Fault("retired_metric", form="foreign_nameless", names=("saved",)),
        Fault("refused_media", share=0.05, objects=("FEED", "REELS")),
        Fault("bucket_names", form="mixed"),
        Fault("numbers", form="digits"),
        Fault("timestamps", form="fraction"),
        Fault("paged_children", number=3),
        Fault("other_language", form="nameless"),
        Fault("captions", form="emoji"),
    )
    server = serve(
        WorldSettings(accounts=5, posts=60, days=60, seed=5, start=START),
        api_settings=ApiSettings(faults=orders),
    )
    run = run_tap(server)
    now = START
    days = truth.days_to(truth.last_complete_day(now), 30)
    expected = truth.every_table(server.world, now, days)
    gaps = run.records["insight_gaps"]
    denied = {gap["media_id"] for gap in gaps if gap["reason"] == "permission"}
    assert denied
    for stream in ("account_insights", "account_reach", "online_followers", "media_children"):
        truth.tables_equal(run.table(stream), expected[stream])
    insights = {
        key: {**row, "saved": None}
        for key, row in expected["media_insights"].items()
        if key[0] not in denied
    }
    got = run.table("media_insights")
    assert got.keys() == insights.keys()
    unshared = {
        gap["media_id"] for gap in gaps if gap["metric"] in {"crossposted_views", "facebook_views"}
    }
    for key, row in insights.items():
        lost = dict.fromkeys(("crossposted_views", "facebook_views")) if key[0] in unshared else {}
        assert truth.comparable(got[key]) == truth.comparable({**row, **lost}), key
    likes = {key: row["like_count"] for key, row in run.table("media").items()}
    assert likes == {key: row.get("like_count") for key, row in expected["media"].items()}
