"""How far back the figures of an account reach, and which of them fill which column."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api import WorldSettings
from tests import truth
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

KEPT = 30
START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)


def test_gained_followers_are_read_for_all_days_that_meta_keeps(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=1, days=60, start=START, empty_day_share=0))
    days = truth.days_to(truth.last_complete_day(START), KEPT + 3)
    run = run_tap(server, catalog=catalog("account_insights"), start_date=days[0].isoformat())
    given = {
        row["date"] for row in run.records["account_insights"] if row["follower_count"] is not None
    }
    assert given == {day.isoformat() for day in days[-KEPT:]}
