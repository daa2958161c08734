"""Media are read in rounds of a few accounts, of which several are under way at the same time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.streams import media, stories
from tests import truth
from tests.tap_run import Warehouse, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
DAYS = truth.days_to(truth.last_complete_day(START), 3)
STOPS = 16
OF_MEDIA = (
    *("media", "media_children", "media_history", "media_insights", "media_insights_history"),
    *("media_insights_breakdowns", "stories", "story_insights"),
)


@pytest.fixture
def server(serve: Callable[..., GraphApiServer], monkeypatch: pytest.MonkeyPatch) -> GraphApiServer:
    for table in (media, stories):
        monkeypatch.setattr(table, "LISTS_TOGETHER", 2)
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


@pytest.mark.parametrize(("max_calls", "runs"), [(250, 10), (400, 2)])
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
    assert "Stopping here" in caplog.text
    assert_true(warehouse, server)


def test_a_run_that_meta_stops_at_any_call_leaves_nothing_out(
    server: GraphApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of the same accounts are under way together when Meta refuses further calls."""
    first = run_tap(server, start_date=DAYS[0].isoformat())
    server.clock.advance(dt.timedelta(days=1))
    monkeypatch.setattr(media, "MEDIA_PER_PAGE", "3")
    monkeypatch.setattr(media, "MEDIA_TOGETHER", 15)
    server.reset_counts()
    whole = run_tap(server, state=first.state)
    calls = server.calls
    for after in range(calls // 4, calls, calls // STOPS):
        server.faults.add(Fault(kind="throttle", code=4, after=after, times=None))
        stopped = run_tap(server, state=first.state, on_rate_limit="stop")
        server.faults.clear()
        rest = run_tap(server, state=stopped.state)
        for table in OF_MEDIA:
            before = stopped.table(table) if table in stopped.schemas else {}
            truth.tables_equal({**before, **rest.table(table)}, whole.table(table))
