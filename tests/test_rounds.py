"""Media are read in rounds of a few accounts, of which several are under way at the same time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.streams.media import Media
from tap_instagram_business.streams.stories import Stories
from tests import truth
from tests.tap_run import Warehouse, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tests.tap_run import Row, Run

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
DAYS = truth.days_to(truth.last_complete_day(START), 3)
STOPS = 16
OF_MEDIA = (
    *("media", "media_children", "media_history", "media_insights"),
    *("media_insights_breakdowns", "stories", "story_insights"),
)


@pytest.fixture
def server(serve: Callable[..., GraphApiServer], monkeypatch: pytest.MonkeyPatch) -> GraphApiServer:
    for table in (Media, Stories):
        monkeypatch.setattr(table, "lists_together", 2)
    return serve(WorldSettings(accounts=9, posts=8, days=len(DAYS), start=START))


def assert_true(warehouse: Warehouse, server: GraphApiServer) -> None:
    expected = truth.every_table(server.world, START, DAYS)
    for table in OF_MEDIA:
        truth.tables_equal(warehouse.tables[table], expected[table])


def test_new_accounts_beside_known_ones_are_read_wholly(server: GraphApiServer) -> None:
    known = sorted(server.world.account_ids)[::3]
    warehouse = Warehouse()
    warehouse.load(run_tap(server, start_date=DAYS[0].isoformat(), account_ids=known))
    warehouse.load(run_tap(server, start_date=DAYS[0].isoformat(), state=warehouse.state))
    assert_true(warehouse, server)


@pytest.mark.parametrize(("max_calls", "runs"), [(300, 10), (400, 2)])
def test_runs_that_are_cut_short_together_leave_nothing_out(
    server: GraphApiServer, max_calls: int, runs: int, caplog: pytest.LogCaptureFixture
) -> None:
    warehouse = Warehouse()
    for _ in range(runs):
        run = run_tap(
            server,
            start_date=DAYS[0].isoformat(),
            max_calls=max_calls,
            on_rate_limit="stop",
            state=warehouse.state,
        )
        warehouse.load(run)
    assert "Stopping early" in caplog.text
    assert_true(warehouse, server)


def test_a_run_that_meta_stops_at_any_call_leaves_nothing_out(
    server: GraphApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of the same accounts are under way together when Meta refuses further calls."""
    first = run_tap(server, start_date=DAYS[0].isoformat())
    server.clock.advance(dt.timedelta(days=1))
    monkeypatch.setattr(Media, "media_per_page", "3")

    def run(state: Row) -> Run:
        # Once a day: the next run of the day reads only what was left out.
        return run_tap(server, state=state, media_refresh="*:1", on_rate_limit="stop")

    server.reset_counts()
    whole = run(first.state)
    calls = server.calls
    read_again = set()
    for after in range(calls // 4, calls, calls // STOPS):
        server.faults.add(Fault(kind="throttle", code=4, after=after, times=None))
        stopped = run(first.state)
        server.faults.clear()
        rest = run(stopped.state)
        read_again.add(len(rest.records["media_insights"]))
        for table in OF_MEDIA:
            before = stopped.table(table) if table in stopped.schemas else {}
            after_it = rest.table(table) if table in rest.schemas else {}
            truth.tables_equal({**before, **after_it}, whole.table(table))
    assert min(read_again) < max(read_again)


def test_with_few_calls_insights_of_stories_come_before_a_third_list(
    server: GraphApiServer,
) -> None:
    run_tap(server, start_date=DAYS[0].isoformat(), max_calls=5_000)
    paths = [
        operation
        for request in server.requests
        for operation in (request.operations or (request.path,))
    ]
    lists = [place for place, path in enumerate(paths) if "/stories" in path]
    insights = [place for place, path in enumerate(paths) if "/insights" in path]
    assert len(lists) == len(server.world.account_ids)
    assert insights[0] < lists[4]
