"""Requests that are refused as a whole: the calls to blame are found, and no others blamed."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instagram_sandbox.graph_api import Fault, GraphApiServer, WorldSettings
from tap_instagram_business.graph.access import Access
from tap_instagram_business.graph.costs import Costs
from tap_instagram_business.graph.insights_call import InsightsCall
from tap_instagram_business.graph.session import GraphSession

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tap_instagram_business.graph.calls import Answer

pytestmark = pytest.mark.soak

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
MANY = 50
EXAMPLES = settings(max_examples=30, deadline=None, derandomize=True)
GONE = {"code": 100, "subcode": 33, "message": "Unsupported get request"}
BEFORE = {"code": 100, "subcode": 2108006, "message": "Media posted before conversion"}
TOO_MUCH = {"code": 1, "message": "Please reduce the amount of data you're asking for"}


@pytest.fixture(scope="module")
def server() -> Iterator[GraphApiServer]:
    with GraphApiServer(
        WorldSettings(accounts=1, posts=200, days=400, login="instagram", start=NOW)
    ) as running:
        yield running


def newest_first(server: GraphApiServer) -> list[str]:
    listed = server.world.media(server.world.account_ids[0], NOW)
    images = [node for node in listed if node["media_type"] == "IMAGE"]
    images.sort(key=lambda node: str(node["timestamp"]), reverse=True)
    return [node["id"] for node in images[:MANY]]


def names_any(ids: Collection[str]) -> str:
    return "|".join(re.escape(media_id) for media_id in ids)


def ask(server: GraphApiServer, ids: list[str], fault: Fault | None) -> tuple[list[Answer], Costs]:
    server.faults.clear()
    server.faults.add(*([fault] if fault else []))
    session = GraphSession(Access("instagram", api_url=server.url, parallel_requests=1))
    costs = Costs()
    calls = [
        InsightsCall(
            node=media_id,
            params={"metric": "reach"},
            token="sandbox-token",
            account_id=server.world.account_ids[0],
            metrics=("reach",),
        )
        for media_id in ids
    ]
    answers = list(session.answers(calls, costs))
    session.close()
    assert [answer.call.node for answer in answers] == ids
    return answers, costs


@EXAMPLES
@given(bad=st.sets(st.integers(0, MANY - 1), max_size=6))
def test_those_that_are_gone_are_found_among_fifty(server: GraphApiServer, bad: set[int]) -> None:
    ids = newest_first(server)
    gone = {ids[number] for number in bad}
    fault = Fault(kind="error", match=names_any(gone), times=None, **GONE) if gone else None  # type: ignore[arg-type]
    answers, costs = ask(server, ids, fault)
    assert {answer.call.node for answer in answers if answer.error} == gone
    assert all(answer.data["data"] for answer in answers if not answer.error)
    # A few of each kind go first.
    # Six steps down, two requests each; then all that are left are halved twice more.
    assert costs.round_trips <= 2 + len(gone) * (2 * 6 + 2 * 2)


@EXAMPLES
@given(first=st.integers(0, MANY))
def test_what_is_older_than_the_first_refusal_is_not_asked_for(
    server: GraphApiServer, first: int
) -> None:
    ids = newest_first(server)
    older = ids[first:]
    fault = Fault(kind="error", match=names_any(older), times=None, **BEFORE) if older else None  # type: ignore[arg-type]
    answers, costs = ask(server, ids, fault)
    assert [answer.call.node for answer in answers if answer.error] == older
    assert all(answer.error.reason == "before_conversion" for answer in answers if answer.error)
    assert costs.round_trips <= 2 + 2 * 6


@EXAMPLES
@given(most=st.integers(1, MANY))
def test_so_many_are_asked_for_as_meta_answers_for(server: GraphApiServer, most: int) -> None:
    ids = newest_first(server)

    def too_much(line: str) -> bool:
        asked = re.search(r"ids=([\w,]+)", line)
        return asked is not None and asked[1].count(",") + 1 > most

    answers, costs = ask(
        server,
        ids,
        Fault(kind="error", match=too_much, times=None, **TOO_MUCH),  # type: ignore[arg-type]
    )
    assert not [answer for answer in answers if answer.error]
    assert costs.round_trips <= 1 + max(1, 4 * MANY // most)
