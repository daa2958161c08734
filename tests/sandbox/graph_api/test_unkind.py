"""The unkind mode: what it spoils, that it repeats itself, and that it records all of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests

from instagram_sandbox.graph_api import ApiSettings, UnkindSettings
from instagram_sandbox.graph_api.settings import ServerSettings
from instagram_sandbox.graph_api.unkind.mutations import FIELD_MUTATIONS, ITEM_MUTATIONS
from instagram_sandbox.graph_api.unkind.order import (
    CALL_KINDS,
    FIELD_KINDS,
    ITEM_KINDS,
    PAGING_KINDS,
)

from .client import window

if TYPE_CHECKING:
    from .client import Client
    from .conftest import Serve

FIELDS = "id,media_type,media_product_type,permalink,timestamp,like_count,comments_count"
TODAY = date(2026, 11, 20)
DAY = date(2026, 11, 10)


def media(client: Client, fields: str = FIELDS) -> list[Any]:
    """The media of the first account, as the list has them."""
    account = client.server.world.account_ids[0]
    body = client.get(f"{account}/media", fields=fields, limit=100)
    return list(body["data"])


def test_each_kind_has_a_function() -> None:
    assert set(FIELD_MUTATIONS) == set(FIELD_KINDS)
    assert set(ITEM_MUTATIONS) == set(ITEM_KINDS)


@pytest.mark.parametrize("kind", FIELD_KINDS)
def test_fields_are_spoiled_and_recorded(serve: Serve, kind: str) -> None:
    client = serve(posts=60)
    kind_items = media(client)
    client.server.unkind.order(UnkindSettings(seed=3, share=0.05, kinds=(kind,)))
    items = media(client)
    assert media(client) == items
    changed = {
        (before["id"], name)
        for before, after in zip(kind_items, items, strict=True)
        for name in before
        if type(after.get(name)) is not type(before[name]) or after[name] != before[name]
    }
    touched = list(client.server.unkind.touched)
    assert changed == {(part.media_id, part.field) for part in touched}
    assert {part.kind for part in touched} == {kind}
    assert {part.account_id for part in touched} == {client.server.world.account_ids[0]}
    assert 5 < len(changed) < 60


def test_a_field_comes_twice(serve: Serve) -> None:
    client = serve(posts=1)
    client.server.unkind.order(UnkindSettings(share=1, kinds=("duplicate_field",)))
    post = client.server.world.media(client.server.world.account_ids[0], client.server.clock.now())[
        0
    ]
    client.get(post["id"], fields="caption")
    assert client.response.text.count('"id":') == 2


@pytest.mark.parametrize("kind", ITEM_KINDS)
def test_items_are_spoiled_and_recorded(serve: Serve, kind: str) -> None:
    client = serve(posts=80)
    kind_ids = [item["id"] for item in media(client)]
    client.server.unkind.order(UnkindSettings(seed=4, share=0.1, kinds=(kind,)))
    ids = [item and item["id"] for item in media(client)]
    spoiled = {part.media_id for part in client.server.unkind.touched}
    assert 0 < len(spoiled) < len(kind_ids)
    times = {"drop_item": [], "null_item": [None]}
    expected = [
        shown
        for identifier in kind_ids
        for shown in (
            times.get(kind, [identifier, identifier]) if identifier in spoiled else [identifier]
        )
    ]
    assert ids == expected


def test_another_seed_spoils_other_parts(serve: Serve) -> None:
    client = serve(posts=60)
    found = []
    for seed in (1, 2):
        client.server.unkind.touched.clear()
        client.server.unkind.order(UnkindSettings(seed=seed, share=0.05, kinds=FIELD_KINDS))
        media(client)
        found.append(set(client.server.unkind.touched))
    assert found[0]
    assert found[0] != found[1]
    client.server.unkind.order(None)
    assert len(media(client)) == 60


@pytest.mark.parametrize("end_labels", [False, True])
def test_numbers_of_days_are_recorded_with_metric_and_day(
    serve: Serve, *, end_labels: bool
) -> None:
    client = serve(posts=1, empty_day_share=0, end_labels=end_labels)
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    client.server.unkind.order(UnkindSettings(seed=2, share=0.05, kinds=("null_field",)))
    shift = timedelta(days=1 if end_labels else 0)
    for back in range(1, 30):
        day = TODAY - timedelta(days=back)
        body = client.get(
            f"{account}/insights",
            metric="views,likes,shares",
            period="day",
            metric_type="total_value",
            **window(day + shift),
        )
        truth = world.account_day(account, day, now)
        about = client.server.unkind.touched.about
        for insight in body["data"] or []:
            if not isinstance(insight.get("name"), str):
                assert about(account_id=account, day=day)
                continue
            whole = insight["total_value"] or {}
            spoiled = about(account_id=account, metric=insight["name"], day=day)
            assert (whole.get("value") != truth[insight["name"]]) <= bool(spoiled)
    assert len({part.day for part in client.server.unkind.touched}) > 3


def test_points_of_a_series_are_recorded_with_their_day(serve: Serve) -> None:
    client = serve(posts=1, empty_day_share=0)
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    order = UnkindSettings(seed=5, share=0.1, kinds=("null_item", "retype_field"))
    client.server.unkind.order(order)
    span = window(TODAY - timedelta(days=25), TODAY - timedelta(days=1))
    insight = client.get(f"{account}/insights", metric="reach", period="day", **span)["data"][0]
    wrong = set()
    for back, value in enumerate(reversed(insight["values"]), start=1):
        day = TODAY - timedelta(days=back)
        right = {"value": world.account_day(account, day, now)["reach"], "end_time": day}
        if value is None or value["value"] != right["value"] or str(day) not in value["end_time"]:
            wrong.add(day)
    touched = client.server.unkind.touched.about(metric="reach")
    assert wrong == {part.day for part in touched if part.day is not None}
    assert 0 < len(wrong) < 25


@pytest.mark.parametrize("kind", CALL_KINDS)
def test_calls_fail_for_good(serve: Serve, kind: str) -> None:
    client = serve(posts=60)
    world, now = client.server.world, client.server.clock.now()
    ids = [item["id"] for item in world.media(world.account_ids[0], now - timedelta(days=5))]
    client.server.unkind.order(UnkindSettings(seed=1, share=0.2, kinds=(kind,)))

    def failing(metric: str) -> dict[str, int]:
        answers = {each: client.get(f"{each}/insights", metric=metric) for each in ids}
        return {each: body["error"]["code"] for each, body in answers.items() if "error" in body}

    reach = failing("reach")
    touched = client.server.unkind.touched
    assert failing("reach") == reach
    assert set(reach) == {part.media_id for part in touched}
    assert {part.metric for part in touched.about(metric="reach")} >= {"reach"}
    assert 0 < len(reach) < len(ids)
    assert set(reach.values()) <= set(UnkindSettings().codes)
    both = failing("reach,saved")
    if kind == "fail_object":
        assert both == reach
    elif kind == "fail_metric":
        assert set(both) >= set(reach)
        assert set(both) == set(reach) | set(failing("saved"))
    else:
        assert set(both) != set(reach)


def test_calls_can_be_spared_and_tokens_always_are(serve: Serve) -> None:
    order = UnkindSettings(share=1, call_share=1, spare="/me")
    client = serve(posts=1, server={"api_settings": ApiSettings(unkind=order)})
    pages = client.get("me/accounts", fields="id,access_token")["data"]
    assert [page["id"] for page in pages] == [page.id for page in client.server.world.pages]
    assert client.get("debug_token", input_token="sandbox-token")["data"]["is_valid"]
    assert client.error(client.server.world.account_ids[0])["code"] in order.codes
    client.server.unkind.order(UnkindSettings(share=1, kinds=("null_field",)))
    assert client.get("me") == {"id": None, "name": None}
    assert client.get("me", access_token="wrong")["error"]["code"] == 190


def test_pages_hold_together_unless_it_is_ordered_otherwise(serve: Serve) -> None:
    client = serve(posts=60)
    account = client.server.world.account_ids[0]
    path, truth = f"{account}/media", 60
    client.server.unkind.order(UnkindSettings(share=0.05, kinds=FIELD_KINDS))
    assert sum(map(len, client.pages(path, limit=20, fields="id"))) == truth
    client.server.unkind.order(UnkindSettings(share=1, kinds=PAGING_KINDS[:1]))
    assert len(client.pages(path, limit=20, fields="id")) == 1
    client.server.unkind.order(UnkindSettings(share=1, kinds=PAGING_KINDS[1:]))
    first = client.get(path, limit=20, fields="id")
    again = client.session.get(first["paging"]["next"], timeout=5).json()
    assert again["data"] == first["data"]
    assert again["paging"]["cursors"] == first["paging"]["cursors"]


def test_the_unkind_mode_from_outside(serve: Serve) -> None:
    client = serve(posts=20)
    url = f"{client.server.url}/_sandbox"
    order = {"seed": 1, "share": 0.2, "kinds": ["drop_field"]}
    assert requests.post(f"{url}/unkind", json=order, timeout=5).json() == {"unkind": order}
    media(client)
    touched = requests.get(f"{url}/unkind/touched", timeout=5).json()["touched"]
    assert {part["kind"] for part in touched} == {"drop_field"}
    bad = requests.post(f"{url}/unkind", json={"kinds": ["insult"]}, timeout=5)
    assert bad.status_code == 400
    settings = ServerSettings(api=ApiSettings(unkind=UnkindSettings(seed=4)))
    assert ServerSettings.from_json(settings.to_json()) == settings
