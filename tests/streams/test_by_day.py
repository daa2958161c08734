"""Which days of an account are remembered for the next run."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault
from tests import truth
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

KEPT = 60


def test_of_many_days_that_meta_failed_at_the_newest_are_asked_for_again(
    serve: Callable[..., GraphApiServer],
) -> None:
    server, only = serve(), catalog("account_reach", "insight_gaps")
    days = truth.days_to(truth.last_complete_day(server.clock.now()), 100)
    server.faults.add(Fault(kind="unknown_error", match="period=week", times=None))
    first = run_tap(server, catalog=only, start_date=days[0].isoformat())
    gaps = truth.unfolded(first.records["insight_gaps"])
    failed = {gap[-1] for gap in gaps if gap[3] == "meta_error"}
    assert failed == {day.isoformat() for day in days}
    server.faults.clear()
    second = run_tap(server, catalog=only, start_date=days[0].isoformat(), state=first.state)
    expected = truth.account_reach(server.world, server.clock.now(), days[-KEPT:])
    truth.tables_equal(second.table("account_reach"), expected)


@pytest.mark.parametrize("lookback", [0, 1, 5])
def test_a_run_reads_new_days_and_as_many_days_again_as_the_setting_says(
    serve: Callable[..., GraphApiServer], lookback: int
) -> None:
    server, only = serve(), catalog("account_reach")
    first = run_tap(server, catalog=only, insights_lookback_days=lookback)
    server.clock.advance(dt.timedelta(days=2))
    second = run_tap(server, catalog=only, state=first.state, insights_lookback_days=lookback)
    expected = truth.days_to(truth.last_complete_day(server.clock.now()), 2 + lookback)
    found = {row["date"] for row in second.records["account_reach"]}
    assert found == {day.isoformat() for day in expected}
