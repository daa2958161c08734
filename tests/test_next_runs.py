"""Runs after the first: what is read again, what it costs, and that the tables stay true."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tests import truth
from tests.tap_run import Warehouse, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

START = dt.datetime(2026, 10, 25, 12, tzinfo=dt.timezone.utc)
DAY = dt.timedelta(days=1)
WORLD = WorldSettings(accounts=2, posts=120, days=400, seed=3, start=START)


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    return serve(WORLD)


def assert_same(got: dict[str, truth.Table], before: dict[str, truth.Table]) -> None:
    """Compare tables, but for Meta's messages: they name what else was asked at the same time."""
    for stream, table in before.items():
        if stream == "insight_gaps":
            assert truth.unfolded(got[stream].values()) == truth.unfolded(table.values())
            continue
        plain = (
            {key: {**row, "message": None} for key, row in t.items()} for t in (got[stream], table)
        )
        truth.tables_equal(*plain)


@pytest.mark.soak
def test_a_second_run_on_the_same_day_asks_for_little_and_changes_nothing(
    server: GraphApiServer,
) -> None:
    warehouse = Warehouse()
    warehouse.load(run_tap(server))
    first_calls, before = server.calls, {k: dict(v) for k, v in warehouse.tables.items()}
    server.reset_counts()
    warehouse.load(run_tap(server, state=warehouse.state))
    assert server.calls < first_calls / 8
    assert_same(warehouse.tables, before)


@pytest.mark.soak
def test_a_run_whose_state_is_lost_ends_in_the_same_tables(server: GraphApiServer) -> None:
    warehouse = Warehouse()
    warehouse.load(run_tap(server))
    before = {k: dict(v) for k, v in warehouse.tables.items()}
    warehouse.load(run_tap(server))
    assert_same(warehouse.tables, before)


@pytest.mark.long
@pytest.mark.parametrize("end_labels", [False, True])
def test_daily_runs_with_days_left_out_keep_every_days_final_figure(
    serve: Callable[..., GraphApiServer], *, end_labels: bool
) -> None:
    server = serve(
        WorldSettings(accounts=2, posts=120, days=400, seed=3, start=START, end_labels=end_labels)
    )
    warehouse, first_day = Warehouse(), truth.last_complete_day(START) - DAY * 29
    for pause in (1, 1, 1, 3, 1, 1, 8, 1, 1, 1, 1):
        warehouse.load(run_tap(server, state=warehouse.state))
        server.clock.advance(DAY * pause)
    warehouse.load(run_tap(server, state=warehouse.state))
    now = server.clock.now()
    days = truth.days_to(truth.last_complete_day(now), 30 + (now - START).days)
    assert days[0] == first_day
    expected = truth.account_insights(server.world, now, days)
    got = warehouse.tables["account_insights"]
    for key, row in expected.items():
        # Meta keeps follower_count for 30 days: what is older was read when it was there.
        kept = {"follower_count": got[key]["follower_count"]} | row
        assert truth.comparable(got[key]) == truth.comparable(kept), key
    assert got.keys() == expected.keys()


@pytest.mark.long
def test_every_media_is_read_within_its_tier_and_snapshots_are_kept(
    server: GraphApiServer,
) -> None:
    warehouse, runs = Warehouse(), 31
    for day in range(runs):
        now = server.clock.now()
        run = warehouse.load(run_tap(server, state=warehouse.state))
        current = truth.media_insights(server.world, now)
        for key, row in run.table("media_insights").items():
            assert truth.comparable(row) == truth.comparable(current[key]), (day, key)
        server.clock.advance(DAY)
    now = server.clock.now() - DAY
    by_media: dict[str, set[str]] = {}
    for media_id, date, _ in warehouse.tables["media_insights"]:
        by_media.setdefault(media_id, set()).add(date)
    for account_id in server.world.account_ids:
        for media in server.world.media(account_id, now):
            posted = dt.datetime.fromisoformat(truth.rfc3339(media["timestamp"]))
            read = {dt.date.fromisoformat(date) for date in by_media[media["id"]]}
            for age, every in ((0, 1), (7, 3), (30, 7), (365, 30)):
                if age <= (now - posted).days < {0: 7, 7: 30, 30: 365, 365: 10_000}[age]:
                    last_days = {now.date() - DAY * back for back in range(every)}
                    assert read & last_days, (media["id"], age)


@pytest.mark.soak
def test_an_earlier_start_date_brings_in_what_is_older(server: GraphApiServer) -> None:
    warehouse = Warehouse()
    warehouse.load(run_tap(server, start_date="2026-08-01"))
    few = len(warehouse.tables["media"])
    assert 0 < few < len(truth.media(server.world, START)) / 2
    oldest = min(row["timestamp"] for row in warehouse.tables["media"].values())
    assert oldest >= "2026-08-01"
    warehouse.load(run_tap(server, state=warehouse.state, start_date="2025-01-01"))
    truth.tables_equal(warehouse.tables["media"], truth.media(server.world, START))
    truth.tables_equal(
        warehouse.tables["media_insights"], truth.media_insights(server.world, START)
    )


@pytest.mark.soak
def test_start_date_bounds_the_days_and_is_clamped_to_what_meta_keeps(
    server: GraphApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    run = run_tap(server, start_date="2026-10-20", account_ids=[server.world.account_ids[0]])
    dates = [date for _, date in run.table("account_insights")]
    assert dates == [f"2026-10-{day}" for day in range(20, 25)]
    run = run_tap(server, start_date="2024-01-01", account_ids=[server.world.account_ids[0]])
    kept = truth.days_to(truth.last_complete_day(START), 729)
    assert kept[0] == dt.date(2024, 10, 26)
    expected = truth.account_insights(server.world, START, kept)
    own = {key: row for key, row in expected.items() if key[0] == server.world.account_ids[0]}
    truth.tables_equal(run.table("account_insights"), own)
    assert "account_insights: Meta keeps 729 days, so they start on 2024-10-26" in caplog.text


@pytest.mark.soak
def test_media_refresh_always_reads_everything_at_every_run(server: GraphApiServer) -> None:
    state = run_tap(server, media_refresh="always").state
    run = run_tap(server, media_refresh="always", state=state)
    truth.tables_equal(run.table("media_insights"), truth.media_insights(server.world, START))


def test_what_meta_refused_for_good_is_not_asked_again(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(
        WorldSettings(accounts=1, posts=120, days=400, seed=3, start=START, converted_days_ago=40)
    )
    first = run_tap(server, media_refresh="always")
    refused = [key for key in first.table("insight_gaps") if key[3] == "before_conversion"]
    server.reset_counts()
    second = run_tap(server, media_refresh="always", state=first.state)
    again = [key for key in second.table("insight_gaps") if key[3] == "before_conversion"]
    assert sorted(again) == sorted(refused)
    assert len(refused) > 90
    media_ids = {key[1] for key in refused}
    asked = [line for request in server.requests for line in request.operations]
    assert asked
    assert not [line for line in asked if line.split("/")[2] in media_ids]


@pytest.mark.soak
def test_a_metric_retired_in_the_middle_of_a_run_costs_that_metric_alone(
    server: GraphApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.add(
        Fault(kind="retire_metrics", match="17.*/insights.*saved", after=60, names=("saved",))
    )
    run = run_tap(server)
    expected = truth.media_insights(server.world, START)
    got = run.table("media_insights")
    assert got.keys() == expected.keys()
    before = [key for key, row in got.items() if row["saved"] is not None]
    assert 0 < len(before) < len(got), "the middle was missed"
    for key, row in expected.items():
        saved = got[key]["saved"]
        assert truth.comparable({**got[key], "saved": None}) == truth.comparable(row)
        gap = run.table("insight_gaps").get(
            (row["account_id"], key[0], "saved", "retired", "2026-10-25")
        )
        assert (saved is None) == (gap is not None)
    warnings = [r for r in caplog.records if r.levelname == "WARNING" and "saved" in r.getMessage()]
    assert 1 <= len(warnings) <= 4


@pytest.mark.soak
def test_each_story_keeps_its_last_figures(serve: Callable[..., GraphApiServer]) -> None:
    server = serve(WorldSettings(accounts=2, posts=3, days=20, start=START, stories_per_day=3))
    warehouse, last = Warehouse(), {}
    expected: dict[Any, dict[str, Any]] = {}
    for hours in (7, 9, 8, 30, 3, 8, 8, 8, 50, 8, 8, 8):
        warehouse.load(run_tap(server, state=warehouse.state))
        now = server.clock.now()
        last.update(truth.stories(server.world, now))
        expected.update(truth.story_insights(server.world, now))
        server.clock.advance(dt.timedelta(hours=hours))
    assert len(expected) > 20
    truth.tables_equal(warehouse.tables["stories"], last)
    truth.tables_equal(warehouse.tables["story_insights"], expected)


@pytest.mark.parametrize(
    "metric",
    sorted({*truth.INSIGHT_COLUMNS, *truth.DAY_COLUMNS} - {"follows", "unfollows"}),
)
def test_any_one_metric_may_be_retired_in_the_middle(
    serve: Callable[..., GraphApiServer], metric: str
) -> None:
    days = truth.days_to(truth.last_complete_day(START), 9)
    server = serve(WorldSettings(accounts=1, posts=30, days=len(days), start=START))
    # One call asks for all of follower_count.
    after = 0 if metric == "follower_count" else 5
    server.faults.add(
        Fault(kind="retire_metrics", match=f"insights.*{metric}", after=after, names=(metric,))
    )
    run = run_tap(server, media_refresh="always", start_date=days[0].isoformat())
    assert len(server.faults.history) == 1
    for stream, table in truth.every_table(server.world, START, days).items():
        got = run.table(stream)
        if stream in {"account_insights_breakdowns", "account_reach"}:
            continue
        assert got.keys() == table.keys(), stream
        for key, row in table.items():
            without = {name: value for name, value in got[key].items() if name != metric}
            assert truth.comparable(without) == truth.comparable({**row, metric: None}), key
