"""Account insights with buckets, splits, windows and numbers that a client does not expect."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import Fault
from tests.sandbox.graph_api.client import midnight, window

if TYPE_CHECKING:
    from tests.sandbox.graph_api.client import Client
    from tests.sandbox.graph_api.conftest import Serve

DAY = date(2026, 11, 10)
TODAY = date(2026, 11, 20)
ONE_DAY = timedelta(days=1)


def split(client: Client, day: date, metric: str, breakdown: str) -> dict[str, Any]:
    """The split of an insight of a day, as the answer has it."""
    account = client.server.world.account_ids[0]
    total = client.day(account, day, metric, breakdown=breakdown)[metric]
    found: dict[str, Any] = total["breakdowns"][0]
    return found


@pytest.mark.parametrize(
    ("form", "breakdown"),
    [("allowed", "media_product_type,follow_type"), ("unasked", "follow_type")],
)
def test_two_dimensions_in_one_split(serve: Serve, form: str, breakdown: str) -> None:
    client = serve(posts=1, empty_day_share=0)
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    client.server.faults.add(Fault("two_dimensions", form=form))
    found = split(client, DAY, "reach", breakdown)
    assert found["dimension_keys"] == ["media_product_type", "follow_type"]
    for place, name in enumerate(found["dimension_keys"]):
        sums: dict[str, int] = {}
        for bucket in found["results"]:
            part = bucket["dimension_values"][place]
            sums[part] = sums.get(part, 0) + bucket["value"]
        assert sums == world.account_day_breakdown(account, DAY, "reach", name, now)


def test_two_dimensions_are_refused_by_default(shared: Client) -> None:
    account = shared.server.world.account_ids[0]
    asked = {"metric": "reach", "period": "day", "metric_type": "total_value", **window(DAY)}
    error = shared.error(f"{account}/insights", breakdown="media_product_type,follow_type", **asked)
    assert "Incompatible breakdowns" in error["message"]


def accepts(client: Client, since: datetime) -> bool:
    """Whether the API accepts a window of follower_count that begins at a moment."""
    account, now = client.server.world.account_ids[0], client.server.clock.now()
    asked = {"since": int(since.timestamp()), "until": int(min(now, since + ONE_DAY).timestamp())}
    body = client.get(f"{account}/insights", metric="follower_count", period="day", **asked)
    return "data" in body


@pytest.mark.parametrize("days", [29, 30, 31])
def test_the_edge_of_follower_count_in_pacific_days(serve: Serve, days: int) -> None:
    client = serve(posts=1)
    client.server.faults.add(Fault("follower_count_edge", number=days))
    edge = midnight(TODAY - ONE_DAY * days)
    assert accepts(client, edge)
    assert not accepts(client, edge - timedelta(seconds=1))


@pytest.mark.parametrize("days", [29, 30, 31])
def test_the_edge_of_follower_count_to_the_second(serve: Serve, days: int) -> None:
    client = serve(posts=1)
    client.server.faults.add(Fault("follower_count_edge", form="seconds", number=days))
    edge = client.server.clock.now() - ONE_DAY * days
    assert accepts(client, edge)
    assert not accepts(client, edge - timedelta(seconds=1))


def test_a_wrong_metric_type_in_metas_words(serve: Serve) -> None:
    client = serve(posts=1)
    client.server.faults.add("refused_metric_type")
    account = client.server.world.account_ids[0]
    asked = {"metric": "follower_count", "period": "day", "metric_type": "total_value"}
    assert client.error(f"{account}/insights", **asked)["message"] == (
        "(#100) The following metric (follower_count) is incompatible with the metric type "
        "(total_value)"
    )


def test_a_range_is_refused_and_a_narrower_one_is_not(serve: Serve) -> None:
    client = serve(posts=1)
    account = client.server.world.account_ids[0]
    client.server.faults.add(
        Fault("refused_range", number=60, names=("reach",), message="(#100) いいえ")
    )
    asked = {"metric": "reach", "period": "day"}
    assert client.get(f"{account}/insights", **asked, **window(TODAY - ONE_DAY * 59))["data"]
    old = window(TODAY - ONE_DAY * 61)
    assert client.error(f"{account}/insights", **asked, **old)["message"] == "(#100) いいえ"
    views = {"metric": "views", "period": "day", "metric_type": "total_value"}
    assert "data" in client.get(f"{account}/insights", **views, **old)
