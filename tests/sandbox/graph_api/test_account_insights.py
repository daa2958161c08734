"""Account insights: groups, windows, days, and what is left out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from .client import midnight, window

if TYPE_CHECKING:
    from .client import Client
    from .conftest import Serve

DAY = date(2026, 11, 10)


def series(client: Client, account: str, metric: str, **params: Any) -> dict[str, dict[str, Any]]:
    params = {"period": "day", **params}
    body = client.get(f"{account}/insights", metric=metric, **params)
    assert "data" in body, body
    return {
        insight["name"]: {value["end_time"]: value["value"] for value in insight["values"]}
        for insight in body["data"]
    }


def test_which_days_a_window_holds(shared: Client) -> None:
    account = shared.server.world.account_ids[0]
    begin, end = midnight(DAY), midnight(DAY + timedelta(days=1))
    second, hours = timedelta(seconds=1), timedelta(hours=12)
    windows = [(begin, end - second), (begin, end), (begin + hours, begin + hours)]
    windows += [(begin + second, end - second)]
    counts = []
    for since, until in windows:
        span = {"since": int(since.timestamp()), "until": int(until.timestamp())}
        counts.append(len(series(shared, account, "reach", **span)["reach"]))
    assert counts == [1, 2, 0, 0]
    span = {"since": int((begin + hours).timestamp()), "until": int((end - second).timestamp())}
    body = shared.get(
        f"{account}/insights", metric="views", period="day", metric_type="total_value", **span
    )
    assert body["data"][0]["total_value"] == {"value": 0}


def refused(client: Client, message: str, **params: Any) -> None:
    account = client.server.world.account_ids[0]
    error = client.error(f"{account}/insights", **{"period": "day", **params})
    assert error["code"] == 100
    assert "error_subcode" not in error
    assert message in error["message"]


def test_what_cannot_be_asked_together(shared: Client) -> None:
    total = {"metric_type": "total_value", **window(DAY)}
    refused(
        shared,
        "The following metrics (views,likes) should be specified with parameter "
        "metric_type=total_value",
        metric="reach,views,likes",
    )
    refused(
        shared,
        "Incompatible breakdowns (follow_type) for metric (likes)",
        metric="reach,likes",
        breakdown="follow_type",
        **total,
    )
    refused(shared, "breakdown must be one of", metric="views", breakdown="follower_type", **total)
    refused(shared, "metric[0] must be one of", metric="impressions", **total)
    refused(shared, "period must be one of", metric="reach", period="hour")
    refused(shared, "Incompatible metric", metric="views", period="week", **total)
    refused(shared, "Incompatible metric_type", metric="follower_count", **total)


def test_how_far_a_window_goes(serve: Serve) -> None:
    client = serve(posts=1)
    now = client.server.clock.now()
    today = date(2026, 11, 20)

    def ago(**span: int) -> int:
        return int((now - timedelta(**span)).timestamp())

    account = client.server.world.account_ids[0]
    ok = {"metric": "reach", "period": "day"}
    assert client.get(f"{account}/insights", since=ago(days=30), until=ago(), **ok)["data"]
    refused(
        client,
        "There cannot be more than 30 days (2592000 s) between since and until",
        metric="reach",
        since=ago(days=30, seconds=1),
        until=ago(),
    )
    refused(
        client,
        "There cannot be more than 30 days",
        metric="reach",
        **window(date(2026, 10, 10), date(2026, 11, 8)),
    )
    old = {"since": ago(days=729), "until": ago(days=728)}
    assert client.get(f"{account}/insights", **ok, **old)["data"]
    gone = "since param is not valid. Metrics data is available for the last 2 years"
    refused(client, gone, metric="reach", since=ago(days=730), until=ago(days=729))
    refused(client, gone, metric="reach", since=ago(hours=-1), until=ago(hours=-2))
    thirty = today - timedelta(days=30)
    assert client.get(
        f"{account}/insights", metric="follower_count", period="day", **window(thirty)
    )
    refused(
        client,
        "metric only supports querying data for the last 30 days excluding the current day",
        metric="reach,follower_count",
        **window(thirty - timedelta(days=1)),
    )


def test_engaged_demographics_need_a_time_frame(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    account, metric = world.account_ids[0], "engaged_audience_demographics"
    asked: dict[str, Any] = {
        "metric": metric,
        "period": "lifetime",
        "metric_type": "total_value",
        "breakdown": "country",
    }
    refused(shared, "timeframe", **asked)
    refused(shared, "timeframe must be one of", timeframe="last_90_days", **asked)
    refused(shared, "metric_type=total_value", **{**asked, "metric_type": "default"})
    body = shared.get(f"{account}/insights", timeframe="this_week", **asked)
    results = body["data"][0]["total_value"]["breakdowns"][0]["results"]
    assert {part["dimension_values"][0] for part in results} == {"THIS_WEEK"}
    truth = world.demographics(account, metric, "country", now, "this_week")
    assert {tuple(p["dimension_values"][1:]): p["value"] for p in results} == truth
