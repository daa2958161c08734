"""What perishes is read first, and what disappears is told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tests import truth
from tests.tap_run import run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_a_run_that_may_make_few_calls_reads_all_stories(
    serve: Callable[..., GraphApiServer], login: str
) -> None:
    server = serve(WorldSettings(accounts=2, posts=200, start=START, login=login))  # type: ignore[arg-type]
    run = run_tap(server, login=login, max_calls=300, on_rate_limit="stop")
    expected = truth.every_table(server.world, START, [])
    accounts = {key for (key,) in run.table("accounts")}
    for table in ("stories", "story_insights"):
        # A token of the Instagram login is of one account.
        read = {key: row for key, row in expected[table].items() if row["account_id"] in accounts}
        assert read
        truth.tables_equal(run.table(table), read)
    got, whole = run.records["media_insights"], expected["media_insights"]
    assert len(got) < len(whole), "the run was cut short"


def test_listed_stories_are_written_though_meta_refuses_their_insights(
    serve: Callable[..., GraphApiServer],
) -> None:
    """By the next run they may be gone."""
    server = serve(WorldSettings(accounts=3, posts=5, start=START))
    server.faults.add(Fault(kind="throttle", code=4, match="/insights", times=None))
    run = run_tap(server, on_rate_limit="stop")
    truth.tables_equal(run.table("stories"), truth.every_table(server.world, START, [])["stories"])
    assert not run.records["story_insights"]


def test_an_account_that_is_not_found_any_more_is_told(
    serve: Callable[..., GraphApiServer], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(WorldSettings(accounts=2, posts=5, start=START))
    first = run_tap(server, start_date="2026-11-18")
    kept, gone = server.world.account_ids
    without_one = serve(WorldSettings(accounts=1, posts=5, start=START))
    second = run_tap(without_one, state=first.state, start_date="2026-11-18")
    assert [key for (key,) in second.table("accounts")] == [kept]
    told = [record for record in caplog.records if f"Account {gone} was read by" in record.message]
    assert [record.levelname for record in told] == ["WARNING"]
    assert f"Account {kept} was read by" not in caplog.text


@pytest.mark.parametrize("max_calls", [0, 5_000])
def test_nothing_else_is_asked_before_the_stories_are_read(
    serve: Callable[..., GraphApiServer], max_calls: int
) -> None:
    server = serve(WorldSettings(accounts=3, posts=5, start=START))
    run_tap(server, max_calls=max_calls, start_date="2026-11-18")
    stories = {
        story["id"]
        for account_id in server.world.account_ids
        for story in server.world.stories(account_id, START)
    }
    paths = [
        operation
        for request in server.requests
        for operation in (request.operations or (request.path,))
    ]
    about_stories = [place for place, path in enumerate(paths) if any(i in path for i in stories)]
    others = [place for place, path in enumerate(paths) if "metric=online_followers" in path]
    assert about_stories
    assert others
    assert max(about_stories) < min(others)
