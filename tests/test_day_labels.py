"""How Meta labels days is found out, kept, and right in every table of days."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from tests import truth
from tests.tap_run import Warehouse, catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
SPRING = dt.datetime(2026, 3, 20, 12, tzinfo=dt.timezone.utc)
OF_DAYS = ("account_insights", "account_insights_breakdowns", "account_reach", "online_followers")
WORLD: dict[str, Any] = {"accounts": 2, "posts": 5, "days": 40, "seed": 5, "empty_day_share": 0}


@pytest.mark.parametrize("end_labels", [False, True])
@pytest.mark.parametrize("start", [START, SPRING])
@pytest.mark.parametrize("table", OF_DAYS)
def test_each_table_of_days_alone_is_right_under_both_readings(
    serve: Callable[..., GraphApiServer], start: dt.datetime, table: str, *, end_labels: bool
) -> None:
    server = serve(WorldSettings(**WORLD, start=start, end_labels=end_labels))
    run = run_tap(server, catalog=catalog(table))
    days = truth.days_to(truth.last_complete_day(start), 30)
    truth.tables_equal(run.table(table), truth.every_table(server.world, start, days)[table])
    probes = [request for request in server.requests if request.params.get("metric") == "reach"]
    assert len(probes) == 1
    kept = run.state["bookmarks"][table]["day_labels"]
    assert kept == ("end" if end_labels else "start")


def test_the_account_with_most_followers_is_asked(serve: Callable[..., GraphApiServer]) -> None:
    server = serve(WorldSettings(**{**WORLD, "accounts": 4}, start=START, tiny_accounts=2))
    accounts = truth.accounts(server.world, START).values()
    largest = max(accounts, key=lambda row: row["followers_count"])
    run_tap(server, catalog=catalog("account_reach"))
    (probe,) = [request for request in server.requests if request.params.get("metric") == "reach"]
    assert largest["id"] in probe.path


def test_what_was_found_out_is_kept_where_today_has_no_figures(
    serve: Callable[..., GraphApiServer], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(WorldSettings(**WORLD, start=START, end_labels=True))
    warehouse, only = Warehouse(), catalog("account_reach")
    warehouse.load(run_tap(server, catalog=only))
    midnight = dt.datetime(2026, 11, 22, 8, tzinfo=dt.timezone.utc)
    server.clock.advance(midnight - server.clock.now())
    warehouse.load(run_tap(server, catalog=only, state=warehouse.state))
    days = truth.days_to(truth.last_complete_day(midnight), 32)
    got = warehouse.tables["account_reach"]
    late = {key: row for key, row in got.items() if row["date"] >= days[-1].isoformat()}
    truth.tables_equal(late, truth.account_reach(server.world, midnight, days[-1:]))
    assert "Could not determine" not in caplog.text


def test_a_day_that_tells_nothing_is_told_once_and_means_the_start(
    serve: Callable[..., GraphApiServer], caplog: pytest.LogCaptureFixture
) -> None:
    midnight = dt.datetime(2026, 11, 20, 8, tzinfo=dt.timezone.utc)
    server = serve(WorldSettings(**WORLD, start=midnight))
    run = run_tap(server, catalog=catalog("account_reach", "online_followers"))
    days = truth.days_to(truth.last_complete_day(midnight), 30)
    truth.tables_equal(
        run.table("account_reach"), truth.account_reach(server.world, midnight, days)
    )
    told = [text for text in caplog.messages if "Could not determine" in text]
    assert len(told) == 1


def test_another_finding_than_before_is_a_warning(
    serve: Callable[..., GraphApiServer], caplog: pytest.LogCaptureFixture
) -> None:
    only = catalog("account_reach")
    run = run_tap(serve(WorldSettings(**WORLD, start=START)), catalog=only)
    other = serve(WorldSettings(**WORLD, start=START, end_labels=True))
    second = run_tap(other, catalog=only, state=run.state)
    found = truth.account_reach(
        other.world, START, truth.days_to(truth.last_complete_day(START), 30)
    )
    got = second.table("account_reach")
    assert got
    truth.tables_equal(got, {key: row for key, row in found.items() if key in got})
    assert second.state["bookmarks"]["account_reach"]["day_labels"] == "end"
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert any("by their end, and did so by their start" in text for text in told)


@pytest.mark.parametrize("end_labels", [False, True])
@pytest.mark.parametrize("form", ["days", "seconds"])
@pytest.mark.parametrize("number", [30, 29, 28])
def test_the_edge_of_what_meta_keeps_is_found_by_narrowing(
    serve: Callable[..., GraphApiServer], form: str, number: int, *, end_labels: bool
) -> None:
    order = Fault("follower_count_edge", form=form, number=number)
    server = serve(
        WorldSettings(**WORLD, start=START, end_labels=end_labels),
        api_settings=ApiSettings(faults=(order,)),
    )
    run = run_tap(
        server,
        catalog=catalog("account_insights", "online_followers", "insight_gaps"),
        start_date="2026-10-01",
    )
    settled = truth.days_to(truth.last_complete_day(START), number - 1)
    expected = truth.online_followers(server.world, START, settled)
    got = run.table("online_followers")
    assert got.keys() >= expected.keys()
    gained = truth.account_insights(server.world, START, settled)
    for key, row in gained.items():
        assert run.table("account_insights")[key]["follower_count"] == row["follower_count"]
    gaps = {row["metric"]: row for row in run.records["insight_gaps"]}
    assert {row["reason"] for row in gaps.values()} <= {"empty"}
