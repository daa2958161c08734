"""Random faults of every kind that passes, over every table: the tables equal the truth."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import pytest

from tap_instagram_business.graph import limits
from tap_instagram_business.sandbox.graph_api import WorldSettings
from tests import truth
from tests.tap_run import Warehouse, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_instagram_business.sandbox.graph_api import GraphApiServer
    from tap_instagram_business.sandbox.graph_api.faults import Kind

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
RUNS = int(os.environ.get("SOAK_RUNS", "12"))
"""How many runs a login takes; thousands by hand."""
MOST_GAPS = 3
PASSING: tuple[Kind, ...] = (
    *("drop", "html_502", "empty_body", "truncated_body", "error_with_200", "unknown_error"),
    *("service_error", "null_op", "batch_refused", "gone", "stall", "throttle", "too_much_data"),
)


@pytest.mark.parametrize("login", ["facebook", "instagram"])
@pytest.mark.parametrize("seed", range(RUNS))
def test_a_twentieth_of_all_answers_faulty_leaves_no_trace(
    serve: Callable[..., GraphApiServer], login: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SECONDS_A_MINUTE", 0.001)
    world = WorldSettings(
        accounts=1 if login == "instagram" else 2,
        posts=40,
        days=200,
        seed=seed,
        start=START + dt.timedelta(days=seed * 9),
        login=login,  # type: ignore[arg-type]
    )
    server = serve(world)
    server.faults.random(seed, 0.05, PASSING)
    warehouse, gaps = Warehouse(), 1
    while gaps:
        # One call in a hundred thousand fails by chance as often as it is asked: it is told, and
        # the next run asks again.
        run = run_tap(server, login=login, max_wait_minutes=100_000, state=warehouse.state)
        gaps = sum(row["reason"] in {"error", "gone"} for row in run.records["insight_gaps"])
        assert gaps <= MOST_GAPS
        warehouse.load(run)
    now = server.clock.now()
    days = truth.days_to(truth.last_complete_day(now), 30)
    warehouse.assert_true(server.world, now, days)
