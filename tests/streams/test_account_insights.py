"""How far back the figures of an account reach, and which of them fill which column."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api import Fault, WorldSettings
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


def test_a_series_of_a_week_does_not_fill_the_column_of_the_day(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=1, days=9, start=START, login="instagram"))
    day = truth.last_complete_day(START)
    bucket = {"value": 77_777, "end_time": f"{day.isoformat()}T08:00:00+0000"}
    answer = {"data": [{"name": "follower_count", "period": "week", "values": [bucket]}]}
    server.faults.add(
        Fault("raw", match="period=week", times=None, status=200, body=json.dumps(answer))
    )
    run = run_tap(
        server,
        login="instagram",
        catalog=catalog("account_insights", "extra_insights"),
        extra_metrics=["account:follower_count:week"],
        start_date=day.isoformat(),
    )
    assert [row["value"] for row in run.records["extra_insights"]] == [77_777]
    expected = truth.account_insights(server.world, START, [day])
    truth.tables_equal(run.table("account_insights"), expected)
