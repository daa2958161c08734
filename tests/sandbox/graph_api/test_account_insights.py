"""Account insights: groups, windows, days, and what is left out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from .client import midnight, window

if TYPE_CHECKING:
    from .client import Client
    from .conftest import Serve

DAY = date(2026, 11, 10)
ALL = (
    "reach,views,accounts_engaged,total_interactions,likes,comments,shares,saves,replies,reposts,"
    "profile_links_taps,profile_views,website_clicks"
)


def test_one_request_a_day_gives_every_total(serve: Serve) -> None:
    client = serve(posts=1)
    world, now = client.server.world, client.server.clock.now()
    for account in world.account_ids:
        for back in range(1, 60):
            day = date(2026, 11, 19) - timedelta(days=back)
            found = client.day(account, day, f"{ALL},follows_and_unfollows")
            truth = world.account_day(account, day, now)
            given = {name: total["value"] for name, total in found.items() if total}
            assert given == {name: truth[name] for name in ALL.split(",") if name in truth}


def test_what_was_never_computed_is_left_out(serve: Serve) -> None:
    client = serve(posts=1, empty_day_share=0.3)
    account = client.server.world.account_ids[0]
    days = [client.day(account, DAY - timedelta(days=back), ALL) for back in range(40)]
    assert {} in days
    assert any(day and "views" not in day for day in days)
    assert any(day.get("likes", 0) is None for day in days)


@pytest.mark.parametrize(
    ("metric", "breakdown"),
    [
        ("reach,views", "follow_type"),
        ("reach,views,total_interactions,likes,comments,shares,saves", "media_product_type"),
        ("profile_links_taps", "contact_button_type"),
    ],
)
def test_breakdowns(serve: Serve, metric: str, breakdown: str) -> None:
    client = serve(posts=1, empty_day_share=0)
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    found = client.day(account, DAY, metric, breakdown=breakdown)
    assert set(found) == set(metric.split(","))
    for name, total in found.items():
        split = total["breakdowns"][0]
        parts = {part["dimension_values"][0]: part["value"] for part in split["results"]}
        assert split["dimension_keys"] == [breakdown]
        assert parts == world.account_day_breakdown(account, DAY, name, breakdown, now)
        assert total["value"] == sum(parts.values())


def test_follows_have_no_total(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    account = world.account_ids[0]
    name = "follows_and_unfollows"
    assert shared.day(account, DAY, name) == {name: None}
    total = shared.day(account, DAY, name, breakdown="follow_type")[name]
    assert total.keys() == {"breakdowns"}
    results = total["breakdowns"][0]["results"]
    truth = world.account_day(account, DAY, now)
    assert {part["dimension_values"][0]: part["value"] for part in results} == {
        "FOLLOWER": truth["follows"],
        "NON_FOLLOWER": truth["unfollows"],
    }


def series(client: Client, account: str, metric: str, **params: Any) -> dict[str, dict[str, Any]]:
    params = {"period": "day", **params}
    body = client.get(f"{account}/insights", metric=metric, **params)
    assert "data" in body, body
    return {
        insight["name"]: {value["end_time"]: value["value"] for value in insight["values"]}
        for insight in body["data"]
    }


@pytest.mark.parametrize("end_labels", [False, True])
def test_series_by_pacific_day_over_the_change_of_time(serve: Serve, *, end_labels: bool) -> None:
    client = serve(posts=1, end_labels=end_labels, empty_day_share=0)
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    first, last = date(2026, 10, 25), date(2026, 11, 5)
    found = series(client, account, "reach,follower_count", **window(first, last))
    labels = [first + timedelta(days=n) for n in range(12)]
    shift = timedelta(days=1 if end_labels else 0)
    expected = {}
    for label in labels:
        hour = "07" if label <= date(2026, 11, 1) else "08"
        expected[f"{label}T{hour}:00:00+0000"] = world.account_day(account, label - shift, now)
    assert found["reach"] == {label: truth["reach"] for label, truth in expected.items()}
    assert found["follower_count"] == {label: day["follows"] for label, day in expected.items()}


@pytest.mark.parametrize("end_labels", [False, True])
@pytest.mark.parametrize("label", [date(2026, 11, 1), date(2026, 11, 2), DAY, date(2026, 3, 8)])
def test_a_total_counts_the_day_of_the_series(
    serve: Serve, label: date, *, end_labels: bool
) -> None:
    client = serve(posts=1, end_labels=end_labels, empty_day_share=0)
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    day = label - timedelta(days=1) if end_labels else label
    ((_, reach),) = series(client, account, "reach", **window(label))["reach"].items()
    assert reach == world.account_day(account, day, now)["reach"]
    assert client.day(account, label, "reach")["reach"]["value"] == reach
    total = client.day(account, label, "views", breakdown="follow_type")["views"]
    parts = total["breakdowns"][0]["results"]
    assert {part["dimension_values"][0]: part["value"] for part in parts} == (
        world.account_day_breakdown(account, day, "views", "follow_type", now)
    )


def test_a_probe_finds_out_what_end_time_is(serve: Serve) -> None:
    """The day that has not ended has a label in the future only if labels are ends."""
    found = {}
    for end_labels in (False, True):
        client = serve(posts=1, end_labels=end_labels, empty_day_share=0)
        account, today = client.server.world.account_ids[0], date(2026, 11, 20)
        since = midnight(today) + timedelta(seconds=1)
        until = midnight(today + timedelta(days=1))
        span = {"since": int(since.timestamp()), "until": int(until.timestamp())}
        found[end_labels] = list(series(client, account, "reach", **span)["reach"])
        span["since"] -= 1
        assert len(series(client, account, "reach", **span)["reach"]) == (2 if end_labels else 1)
    assert found == {False: [], True: ["2026-11-21T08:00:00+0000"]}


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


def test_rolling_reach(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    account = world.account_ids[0]
    for period, days in (("week", 7), ("days_28", 28)):
        found = series(shared, account, "reach", period=period, **window(DAY))
        assert list(found["reach"].values()) == [world.rolling_reach(account, DAY, days, now)]


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


def test_the_instagram_login_takes_longer_windows(serve: Serve) -> None:
    client = serve(posts=1, login="instagram")
    account = client.server.world.account_ids[0]
    span = window(date(2026, 1, 1), date(2026, 11, 1))
    assert len(series(client, account, "reach", **span)["reach"]) > 300


def test_the_running_day_and_the_next(serve: Serve) -> None:
    client = serve(posts=1, empty_day_share=0)
    account = client.server.world.account_ids[0]
    today = date(2026, 11, 20)
    found = series(client, account, "reach,follower_count", **window(today - timedelta(days=1)))
    assert len(found["reach"]) == len(found["follower_count"]) == 1
    running = series(client, account, "reach,follower_count", **window(today))
    assert (len(running["reach"]), len(running["follower_count"])) == (1, 0)


def test_series_link_to_their_neighbours_without_end(shared: Client) -> None:
    account = shared.server.world.account_ids[0]
    body = shared.get(f"{account}/insights", metric="reach", period="day", **window(DAY))
    assert set(body["paging"]) == {"previous", "next"}


def test_small_accounts_have_reach_but_no_follower_figures(serve: Serve) -> None:
    client = serve(posts=1, tiny_accounts=1)
    world, now = client.server.world, client.server.clock.now()
    small = world.account_ids[1]
    assert world.accounts(now)[1]["followers_count"] < 100
    found = series(client, small, "reach,follower_count", **window(DAY))
    assert set(found) == {"reach"}
    assert client.day(
        small, DAY, "reach,follows_and_unfollows", breakdown="follow_type"
    ).keys() == {"reach"}
    for metric, params in (
        ("online_followers", {}),
        ("follower_demographics", {"metric_type": "total_value", "breakdown": "age"}),
    ):
        body = client.get(f"{small}/insights", metric=metric, period="lifetime", **params)
        assert body == {"data": []}


def test_nothing_from_before_the_conversion(serve: Serve) -> None:
    client = serve(posts=1, converted_days_ago=100, empty_day_share=0)
    account = client.server.world.account_ids[0]
    assert client.day(account, date(2026, 8, 1), "reach,views") == {}
    assert client.day(account, date(2026, 9, 1), "reach,views").keys() == {"reach", "views"}


@pytest.mark.parametrize("breakdown", ["age", "gender", "country", "city", "age,gender"])
def test_follower_demographics(shared: Client, breakdown: str) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    account, metric = world.account_ids[0], "follower_demographics"
    lifetime = {"period": "lifetime", "metric_type": "total_value", "breakdown": breakdown}
    body = shared.get(f"{account}/insights", metric=metric, **lifetime)
    split = body["data"][0]["total_value"]["breakdowns"][0]
    parts = {tuple(part["dimension_values"]): part["value"] for part in split["results"]}
    assert split["dimension_keys"] == breakdown.split(",")
    assert parts == world.demographics(account, metric, breakdown, now)
    assert len(parts) <= 45
    timed = shared.get(f"{account}/insights", metric=metric, timeframe="this_month", **lifetime)
    keys = timed["data"][0]["total_value"]["breakdowns"][0]["dimension_keys"]
    assert keys == ["timeframe", *breakdown.split(",")]


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


def test_online_followers_by_hour_and_often_empty(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    account = world.account_ids[0]
    first, last = date(2026, 10, 24), date(2026, 11, 19)
    span = window(first, last)
    found = series(shared, account, "online_followers", period="lifetime", **span)
    values = list(found["online_followers"].values())
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    truth = [world.online_followers(account, day, now) for day in days]
    assert values == truth
    assert {} in values
    assert all(not value or list(value) == [str(hour) for hour in range(24)] for value in values)
