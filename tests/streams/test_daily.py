"""Which days of an account are remembered for the next run."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault
from tap_instagram_business.failures import AccountsUnread
from tap_instagram_business.graph.accounts import Account
from tap_instagram_business.streams.gap_writer import has_few_followers
from tests import truth
from tests.tap_run import catalog, run_tap
from tests.test_selection import lines

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
    assert "again" not in str(second.state)


def test_a_failed_day_that_meta_keeps_no_more_is_not_asked_for(
    serve: Callable[..., GraphApiServer],
) -> None:
    server, only = serve(), catalog("account_reach")
    state = run_tap(server, catalog=only).state
    for kept in state["bookmarks"]["account_reach"]["accounts"].values():
        kept["again"] = ["2020-01-01"]
    server.reset_counts()
    run = run_tap(server, catalog=only, state=state)
    assert "again" not in str(run.state)
    asked = [int(since) for line in lines(server) for since in re.findall(r"since=(\d+)", line)]
    assert asked
    earliest = server.clock.now() - dt.timedelta(days=730)
    assert min(asked) > earliest.timestamp()


def test_an_account_that_is_denied_has_one_gap_for_all_its_days(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve()
    denied, other = server.world.account_ids
    server.faults.add(
        Fault("permission", match=rf"{denied}/insights.*period=(week|days)", times=None)
    )
    run = run_tap(server, catalog=catalog("account_reach", "insight_gaps"), strict=False)
    assert isinstance(run.error, AccountsUnread)
    gaps = [row for row in run.records["insight_gaps"] if row["account_id"] == denied]
    assert [(gap["metric"], gap["reason"], gap["code"]) for gap in gaps] == [
        (truth.DOES_NOT_APPLY, "permission", 10)
    ]
    assert {row["account_id"] for row in run.records["account_reach"]} == {other}
    assert [*run.state["bookmarks"]["account_reach"]["accounts"]] == [other]


@pytest.mark.parametrize(
    ("followers", "are_few"), [(99, True), (100, False), (0, True), (None, False)]
)
def test_an_account_has_few_followers_below_a_hundred(
    followers: int | None, *, are_few: bool
) -> None:
    account = Account("17841400000000001", "token", {"followers_count": followers})
    assert has_few_followers(account) == are_few


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
