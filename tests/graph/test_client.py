"""Which calls are sent again, after which pauses, and when a run gives up."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.graph import retries
from tap_instagram_business.graph.api import ApiConfig
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.graph.errors import Unreachable
from tap_instagram_business.graph.insights_request import InsightsCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.graph.calls import Result

FIRST_PAUSE = 0.01


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    return serve(WorldSettings(accounts=2, posts=1, days=2))


@pytest.fixture
def session(server: GraphApiServer) -> Iterator[GraphClient]:
    with closing(GraphClient(ApiConfig(api_url=server.url))) as opened:
        yield opened


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each pause before a retry is; none is made."""
    made: list[float] = []
    monkeypatch.setattr(retries.CircuitBreaker, "pause", lambda _, seconds: made.append(seconds))
    return made


def ask(session: GraphClient, server: GraphApiServer) -> Result:
    (account, _) = server.world.account_ids
    return session.send(Call(account, params={"fields": "id"}, token="sandbox-token"))


@pytest.mark.parametrize(
    ("kind", "times"),
    [("unknown_error", 1), ("unknown_error", 4), ("service_error", 3), ("gone", 2)],
)
def test_what_may_pass_is_sent_again_after_pauses_that_double(
    session: GraphClient, server: GraphApiServer, pauses: list[float], kind: Any, times: int
) -> None:
    server.faults.add(Fault(kind, times=times))
    assert ask(session, server).error is None
    assert server.calls == times + 1
    assert pauses == [FIRST_PAUSE * 2**number for number in range(times)]


@pytest.mark.parametrize(("kind", "tries"), [("unknown_error", 5), ("gone", 3), ("permission", 1)])
def test_an_error_is_believed_after_so_many_tries(
    session: GraphClient, server: GraphApiServer, pauses: list[float], kind: Any, tries: int
) -> None:
    server.faults.add(Fault(kind, times=None))
    assert ask(session, server).error is not None
    assert server.calls == tries
    assert len(pauses) == tries - 1


def test_a_metric_is_not_blamed_for_an_error_that_passes(
    session: GraphClient, server: GraphApiServer
) -> None:
    (account, _) = server.world.account_ids
    call = InsightsCall(
        account,
        params={"period": "day"},
        token="sandbox-token",
        metrics=("reach", "follower_count"),
    )
    server.faults.add(Fault("unknown_error", times=1))
    answer = session.send(call)
    assert answer.insights.names == {"reach", "follower_count"}
    assert server.calls == 2


def test_a_run_at_whose_calls_meta_fails_one_after_the_other_ends(
    session: GraphClient, server: GraphApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "MAX_FAILED_CALLS", 3)
    server.faults.add(Fault("service_error", times=None))
    for _ in range(2):
        assert ask(session, server).error is not None
    with pytest.raises(Unreachable, match="Meta is failing every request"):
        ask(session, server)
