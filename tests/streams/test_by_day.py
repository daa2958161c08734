"""Which days of an account are remembered for the next run."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    failed = {gap[-1] for gap in gaps if gap[3] == "error"}
    assert failed == {day.isoformat() for day in days}
    server.faults.clear()
    second = run_tap(server, catalog=only, start_date=days[0].isoformat(), state=first.state)
    expected = truth.account_reach(server.world, server.clock.now(), days[-KEPT:])
    truth.tables_equal(second.table("account_reach"), expected)
