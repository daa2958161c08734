"""Batches that are refused as a whole: the calls to blame are found, and no others blamed."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instagram_sandbox.graph_api import Fault, GraphApiServer, WorldSettings
from tap_instagram_business.graph.api import ApiConfig
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.graph.insights_request import InsightsCall

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tap_instagram_business.graph.calls import Result
    from tap_instagram_business.graph.rate_limits import Costs

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
MANY = 50
EXAMPLES = settings(max_examples=15, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def server() -> Iterator[GraphApiServer]:
    with GraphApiServer(WorldSettings(accounts=2, posts=100, days=400, start=NOW)) as running:
        yield running


def media_of_two_accounts(server: GraphApiServer) -> list[tuple[str, str]]:
    """Ids of accounts and media, those of the two accounts in turn."""
    by_account = [
        [(account_id, node["id"]) for node in server.world.media(account_id, NOW)]
        for account_id in server.world.account_ids
    ]
    return [item for pair in zip(*by_account, strict=False) for item in pair][:MANY]


def names_any(ids: Collection[str]) -> str:
    return "|".join(re.escape(media_id) for media_id in ids)


def ask(
    server: GraphApiServer, media: list[tuple[str, str]], *faults: Fault
) -> tuple[list[Result], Costs]:
    server.faults.clear()
    server.faults.add(*faults)
    session = GraphClient(ApiConfig(api_url=server.url, parallel_requests=1))
    calls = [
        InsightsCall(
            node=media_id, token="sandbox-token", account_id=account_id, metrics=("reach",)
        )
        for account_id, media_id in media
    ]
    answers = list(session.send_all(calls))
    session.close()
    assert [answer.call.node for answer in answers] == [media_id for _, media_id in media]
    return answers, session.costs


@EXAMPLES
@given(bad=st.sets(st.integers(0, MANY - 1), max_size=4))
def test_those_that_break_a_batch_are_found_among_fifty(
    server: GraphApiServer, bad: set[int]
) -> None:
    media = media_of_two_accounts(server)
    broken = {media[number][1] for number in bad}
    fault = Fault(
        kind="batch_refused",
        match=names_any(broken) or "nothing",
        times=None,
        code=100,
        subcode=33,
        message="Unsupported get request",
    )
    gone = Fault(
        kind="error",
        match=names_any(broken) or "nothing",
        times=None,
        code=100,
        subcode=33,
        message="Unsupported get request",
    )
    answers, _ = ask(server, media, fault, gone)
    assert {answer.call.node for answer in answers if answer.error} == broken
    assert all(answer.data["data"] for answer in answers if not answer.error)
    assert bool(server.faults.history) == bool(broken)


@EXAMPLES
@given(most=st.integers(1, MANY))
def test_so_many_are_asked_for_as_meta_answers_for(server: GraphApiServer, most: int) -> None:
    fault = Fault(
        kind="batch_refused",
        match=lambda batch: batch.count("GET") > most,
        times=None,
        code=1,
        message="Please reduce the amount of data you're asking for",
    )
    answers, costs = ask(server, media_of_two_accounts(server), fault)
    assert not [answer for answer in answers if answer.error]
    assert costs.round_trips <= 1 + max(1, 4 * MANY // most)
    assert bool(server.faults.history) == (most < MANY)
