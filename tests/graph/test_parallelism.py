"""How many requests go out together: more while answers come quickly, fewer when they do not."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.graph.access import Access
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.graph.costs import Costs
from tap_instagram_business.graph.parallelism import Parallelism
from tap_instagram_business.graph.session import GraphSession
from tests.tap_run import run_tap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instagram_sandbox.graph_api import GraphApiServer

QUICK, SLOW = 0.1, 1.0


class Rounds:
    """Requests that go out together, as many as are allowed, and are answered together."""

    def __init__(self, most: int = 32) -> None:
        self.parallelism = Parallelism(most)

        self.now = 0.0

    def answered(self, seconds: float, *, percent: float | None = None, most: int = 99) -> int:
        number = min(self.parallelism.allowed, most)
        with ExitStack() as turns:
            for _ in range(number):
                turns.enter_context(self.parallelism.turn())
            for _ in range(number):
                self.parallelism.answered("media", self.now, seconds, percent)
        self.now += seconds
        return self.parallelism.allowed

    def failed(self) -> int:
        sent, self.now = self.now, self.now + QUICK
        for _ in range(self.parallelism.allowed):
            self.parallelism.failed(sent, self.now)
        return self.parallelism.allowed


def test_the_number_doubles_until_the_limit() -> None:
    rounds = Rounds()
    assert [rounds.answered(QUICK) for _ in range(4)] == [8, 16, 32, 32]


@pytest.mark.parametrize("most", [1, 3, 5])
def test_the_limit_holds_from_the_start(most: int) -> None:
    rounds = Rounds(most)
    assert rounds.parallelism.allowed == min(4, most)
    assert rounds.answered(QUICK) == most


def test_it_stays_where_fewer_are_needed() -> None:
    rounds = Rounds()
    assert rounds.answered(QUICK, most=3) == 4


def test_a_round_that_fails_halves_it_once_and_then_it_grows_by_one() -> None:
    rounds = Rounds()
    for _ in range(3):
        rounds.answered(QUICK)
    assert rounds.failed() == 16
    assert 16 <= rounds.answered(QUICK) <= 17
    assert rounds.answered(QUICK) <= 18


def test_failures_lower_it_to_one() -> None:
    rounds = Rounds()
    assert [rounds.failed() for _ in range(4)] == [2, 1, 1, 1]


def test_rising_times_lower_it_to_what_it_began_with() -> None:
    rounds = Rounds()
    for _ in range(3):
        rounds.answered(QUICK)
    assert rounds.answered(SLOW) == 16
    for _ in range(20):
        lowest = rounds.answered(SLOW)
    assert lowest == 4


def test_a_little_slower_is_no_reason_for_more_or_fewer() -> None:
    rounds = Rounds()
    rounds.answered(QUICK)
    for _ in range(4):
        before = rounds.answered(1.8 * QUICK)
    assert rounds.answered(1.8 * QUICK) == before < 32


def test_a_slower_kind_of_question_is_compared_with_its_own_kind() -> None:
    parallelism = Parallelism(32)
    for number in range(40):
        with ExitStack() as turns:
            for _ in range(parallelism.allowed):
                turns.enter_context(parallelism.turn())
            parallelism.answered(number % 2, 0.0, (QUICK, SLOW)[number % 2])
    assert parallelism.allowed == 32


def test_no_more_go_out_where_the_apps_quota_is_nearly_used() -> None:
    rounds = Rounds()
    assert rounds.answered(QUICK, percent=80) == 4


def test_who_waits_for_a_turn_is_let_go_at_the_end() -> None:
    parallelism = Parallelism(1)
    gone: list[bool] = []

    def wait() -> None:
        with parallelism.turn():
            gone.append(True)

    with parallelism.turn():
        thread = threading.Thread(target=wait)
        thread.start()
        assert not gone
        parallelism.close()
        thread.join(5)
    assert gone


# Over sockets


@pytest.fixture
def session(serve: Callable[..., GraphApiServer]) -> Iterator[tuple[GraphSession, GraphApiServer]]:
    server = serve(WorldSettings(accounts=1, posts=5, days=9, login="instagram"))
    session = GraphSession(Access("instagram", api_url=server.url))
    yield session, server
    session.close()


def profiles(server: GraphApiServer, number: int) -> list[Call]:
    """Calls that cannot share a request."""
    node, params = server.world.account_ids[0], {"fields": "id"}
    return [Call(node, "", params, "sandbox-token") for _ in range(number)]


def test_quick_answers_let_more_requests_go_out(
    session: tuple[GraphSession, GraphApiServer],
) -> None:
    graph, server = session
    server.latency = 0.25
    list(graph.answers(profiles(server, 120), Costs()))
    assert 5 <= graph.parallelism.allowed <= 32
    assert server.calls == 120


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="throttle", code=4, times=1),
        Fault(kind="html_502", times=1),
        Fault(kind="drop", times=1),
        Fault(kind="service_error", times=1),
    ],
    ids=lambda fault: str(fault.kind),
)
def test_a_refusal_or_failure_lets_fewer_go_out(
    session: tuple[GraphSession, GraphApiServer],
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph, server = session
    monkeypatch.setattr("tap_instagram_business.graph.limits.SECONDS_A_MINUTE", 0.001)
    graph.parallelism._allowed = 16.0
    server.faults.add(fault)
    list(graph.answers(profiles(server, 4), Costs()))
    assert graph.parallelism.allowed <= 9


def test_a_server_that_becomes_slow_gets_fewer(
    session: tuple[GraphSession, GraphApiServer],
) -> None:
    graph, server = session
    server.latency = 0.05
    list(graph.answers(profiles(server, 30), Costs()))
    graph.parallelism._allowed = 16.0
    server.latency = 1.0
    list(graph.answers(profiles(server, 40), Costs()))
    assert graph.parallelism.allowed <= 9


@pytest.mark.parametrize("most", [1, 32])
def test_the_calls_are_the_same_however_many_go_together(
    serve: Callable[..., GraphApiServer], most: int
) -> None:
    counted = []
    for parallel_requests in (4, most):
        server = serve(WorldSettings(accounts=6, posts=20, days=60))
        run_tap(server, parallel_requests=parallel_requests, start_date="2026-11-17")
        counted.append(server.calls)
    assert counted[0] == counted[1]
