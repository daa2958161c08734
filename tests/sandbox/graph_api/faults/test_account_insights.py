"""Account insights with buckets, splits, windows and numbers that a client does not expect."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault
from tests.sandbox.graph_api.client import midnight, window

if TYPE_CHECKING:
    from tests.sandbox.graph_api.client import Client
    from tests.sandbox.graph_api.conftest import Serve

DAY = date(2026, 11, 10)
TODAY = date(2026, 11, 20)
ONE_DAY = timedelta(days=1)


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
