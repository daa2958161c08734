"""How often the audience is read, and what is told about an hour that cannot be read."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import Fault
from tap_instagram_business.failures import AccountsUnread
from tests import truth
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

ONLY = catalog("audience_demographics", "insight_gaps")


@pytest.mark.parametrize(
    ("every", "pauses", "read"),
    [
        (7, (6, 1, 6, 1), [True, False, True, False, True]),
        (1, (0, 1), [True, False, True]),
        (0, (0, 0), [True, True, True]),
    ],
)
def test_so_many_days_lie_between_two_readings(
    serve: Callable[..., GraphApiServer], every: int, pauses: tuple[int, ...], read: list[bool]
) -> None:
    server, state, seen = serve(), dict[str, Any](), []
    for pause in (*pauses, 0):
        run = run_tap(server, catalog=ONLY, state=state, demographics_interval_days=every)
        state = run.state
        dates = {row["snapshot_date"] for row in run.records["audience_demographics"]}
        assert dates <= {server.clock.now().date().isoformat()}
        seen.append(bool(dates))
        server.clock.advance(dt.timedelta(days=pause))
    assert seen == read


def test_a_reading_at_which_meta_failed_in_part_is_repeated_by_the_next_run(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve()
    victim, other = server.world.account_ids
    server.faults.add(
        Fault("unknown_error", match=rf"{victim}/insights.*breakdown=country", times=None)
    )
    first = run_tap(server, catalog=ONLY)
    assert {gap["account_id"] for gap in first.records["insight_gaps"]} == {victim}
    assert {gap["reason"] for gap in first.records["insight_gaps"]} == {"meta_error"}
    assert [*first.state["bookmarks"]["audience_demographics"]["accounts"]] == [other]
    server.faults.clear()
    second = run_tap(server, catalog=ONLY, state=first.state)
    assert {row["account_id"] for row in second.records["audience_demographics"]} == {victim}


def test_an_account_that_is_denied_has_one_gap(serve: Callable[..., GraphApiServer]) -> None:
    server = serve()
    denied, other = server.world.account_ids
    server.faults.add(Fault("permission", match=rf"{denied}/insights.*demographics", times=None))
    run = run_tap(server, catalog=ONLY, strict=False)
    assert isinstance(run.error, AccountsUnread)
    gaps = [row for row in run.records["insight_gaps"] if row["account_id"] == denied]
    assert [(gap["metric"], gap["reason"], gap["code"]) for gap in gaps] == [
        (truth.DOES_NOT_APPLY, "permission", 10)
    ]
    assert [*run.state["bookmarks"]["audience_demographics"]["accounts"]] == [other]


def test_an_hour_that_cannot_be_read_is_told_and_the_other_hours_are_written(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve()
    server.clock.set(dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc))
    buckets = [
        {"end_time": f"2026-11-{day}T08:00:00+0000", "value": {"0": 5, "1": hour, "2": 7}}
        for day, hour in ((18, 6), (19, "many"))
    ]
    answer = {"data": [{"name": "online_followers", "period": "lifetime", "values": buckets}]}
    server.faults.add(
        Fault("raw", match="online_followers", times=None, status=200, body=json.dumps(answer))
    )
    run = run_tap(
        server,
        catalog=catalog("online_followers", "insight_gaps"),
        account_ids=server.world.account_ids[:1],
        start_date="2026-11-17",
    )
    hours = {(row["date"], row["hour"]) for row in run.records["online_followers"]}
    days = sorted({date for date, _ in hours})
    assert len(days) == 2
    assert hours == {(day, hour) for day in days for hour in (0, 1, 2)} - {(days[1], 1)}
    told = [gap for gap in run.records["insight_gaps"] if gap["metric"] == "online_followers"]
    assert any(
        gap["reason"] == "unreadable" and gap["date"] <= days[1] <= gap["last_date"] for gap in told
    )
