"""How many requests and calls a run makes: they are what Meta counts."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import ApiSettings, GraphApiServer, WorldSettings
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api.api import Answer, Call
    from instagram_sandbox.graph_api.settings import Login

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
DAY = dt.timedelta(days=1)
MISSION = (
    *("accounts", "account_history", "account_insights", "media", "media_children"),
    "media_insights",
)


def test_two_accounts_with_300_media_and_30_days_take_few_requests(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=2, posts=300, start=START))
    run = run_tap(server, catalog=catalog(*MISSION))
    assert len(run.records["media_insights"]) == 600
    assert len(run.records["account_insights"]) == 60
    assert server.http_requests <= 60


class CountingServer(GraphApiServer):
    """A sandbox that counts how many requests it answers at the same time."""

    def __init__(self, world: WorldSettings) -> None:
        super().__init__(world, api_settings=ApiSettings(latency=0.03))
        self._lock, self._now, self.most = threading.Lock(), 0, 0

    def answer(self, call: Call, user_agent: str) -> Answer | None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return super().answer(call, user_agent)
        finally:
            with self._lock:
                self._now -= 1


@pytest.mark.parametrize("most", [1, 3])
def test_not_more_requests_are_sent_at_once_than_the_setting_says(most: int) -> None:
    with CountingServer(WorldSettings(accounts=6, posts=20, days=30, start=START)) as server:
        run_tap(server, parallel_requests=most)
    assert server.most == most


def test_all_default_tables_of_that_world(serve: Callable[..., GraphApiServer]) -> None:
    server = serve(WorldSettings(accounts=2, posts=300, start=START))
    run_tap(server)
    assert server.calls <= 1_506
    # How calls share requests depends on which thread is first.
    assert server.http_requests < 90, "README.md promises it"


@pytest.mark.soak
@pytest.mark.long
def test_an_account_with_10000_posts_takes_under_1000_calls_a_day(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=10_000, days=3_000, start=START))
    state = run_tap(server).state
    server.clock.advance(DAY)
    server.reset_counts()
    run_tap(server, state=state)
    assert server.calls < 1_000


@pytest.mark.soak
@pytest.mark.long
def test_quiet_accounts_share_requests(serve: Callable[..., GraphApiServer]) -> None:
    server = serve(WorldSettings(accounts=40, posts=5, days=400, stories_per_day=0, start=START))
    state = run_tap(server).state
    server.clock.advance(DAY)
    server.reset_counts()
    run_tap(server, state=state)
    assert server.http_requests < 60


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_a_metric_that_is_retired_is_asked_for_a_few_times_only(
    serve: Callable[..., GraphApiServer], login: Login
) -> None:
    world = WorldSettings(
        accounts=1, posts=300, start=START, login=login, retired_metrics=("saved",)
    )
    server = serve(world)
    run_tap(server, login=login, catalog=catalog("media_insights"))
    lines = [
        line
        for request in server.requests
        for line in (request.operations or (str(request.params),))
        if "saved" in line
    ]
    assert 3 <= len(lines) <= 200
