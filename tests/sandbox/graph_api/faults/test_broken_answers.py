"""Broken parts of answers: which they are, that they stay the same, and that all are recorded."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests

from instagram_sandbox.graph_api import ApiSettings, Fault, unkind
from instagram_sandbox.graph_api.faults import KINDS
from instagram_sandbox.graph_api.faults.failures import CODES
from tests.sandbox.graph_api.client import window

if TYPE_CHECKING:
    from tests.sandbox.graph_api.client import Client
    from tests.sandbox.graph_api.conftest import Serve

FIELDS = "id,media_type,media_product_type,permalink,timestamp,like_count,comments_count"
TODAY = date(2026, 11, 20)
FIELD_FORMS = KINDS["broken_field"].forms


def media(client: Client, fields: str = FIELDS) -> list[Any]:
    """The media of the first account, as the list has them."""
    account = client.server.world.account_ids[0]
    body = client.get(f"{account}/media", fields=fields, limit=100)
    return list(body["data"])


@pytest.mark.parametrize("form", FIELD_FORMS)
def test_fields_are_broken_and_recorded(serve: Serve, form: str) -> None:
    client = serve(posts=60)
    kind_items = media(client)
    client.server.faults.add(Fault("broken_field", form=form, seed=3, share=0.05))
    items = media(client)
    assert media(client) == items
    changed = {
        (before["id"], name)
        for before, after in zip(kind_items, items, strict=True)
        for name in before
        if type(after.get(name)) is not type(before[name]) or after[name] != before[name]
    }
    touched = list(client.server.faults.touched)
    assert changed == {(part.media_id, part.field) for part in touched}
    assert {part.kind for part in touched} == {form}
    assert {part.account_id for part in touched} == {client.server.world.account_ids[0]}
    assert 5 < len(changed) < 60


def test_a_field_comes_twice(serve: Serve) -> None:
    client = serve(posts=1)
    client.server.faults.add(Fault("broken_field", form="duplicate_field"))
    post = client.server.world.media(client.server.world.account_ids[0], client.server.clock.now())[
        0
    ]
    client.get(post["id"], fields="caption")
    assert client.response.text.count('"id":') == 2


@pytest.mark.parametrize("form", KINDS["broken_item"].forms)
def test_items_are_broken_and_recorded(serve: Serve, form: str) -> None:
    client = serve(posts=80)
    kind_ids = [item["id"] for item in media(client)]
    client.server.faults.add(Fault("broken_item", form=form, seed=4, share=0.1))
    ids = [item and item["id"] for item in media(client)]
    spoiled = {part.media_id for part in client.server.faults.touched}
    assert 0 < len(spoiled) < len(kind_ids)
    times = {"drop_item": [], "null_item": [None]}
    expected = [
        shown
        for identifier in kind_ids
        for shown in (
            times.get(form, [identifier, identifier]) if identifier in spoiled else [identifier]
        )
    ]
    assert ids == expected


def test_another_seed_spoils_other_parts(serve: Serve) -> None:
    client = serve(posts=60)
    found = []
    for seed in (1, 2):
        client.server.faults.touched.clear()
        client.server.faults.clear()
        client.server.faults.add(Fault("broken_field", seed=seed, share=0.05))
        media(client)
        found.append(set(client.server.faults.touched))
    assert found[0]
    assert found[0] != found[1]
    client.server.faults.clear()
    assert len(media(client)) == 60


@pytest.mark.parametrize("end_labels", [False, True])
def test_numbers_of_days_are_recorded_with_metric_and_day(
    serve: Serve, *, end_labels: bool
) -> None:
    client = serve(posts=1, empty_day_share=0, end_labels=end_labels)
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    client.server.faults.add(Fault("broken_field", form="null_field", seed=2, share=0.05))
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
        about = client.server.faults.touched.about
        for insight in body["data"] or []:
            if not isinstance(insight.get("name"), str):
                assert about(account_id=account, day=day)
                continue
            whole = insight["total_value"] or {}
            spoiled = about(account_id=account, metric=insight["name"], day=day)
            assert (whole.get("value") != truth[insight["name"]]) <= bool(spoiled)
    assert len({part.day for part in client.server.faults.touched}) > 3


def test_points_of_a_series_are_recorded_with_their_day(serve: Serve) -> None:
    client = serve(posts=1, empty_day_share=0)
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    client.server.faults.add(
        Fault("broken_item", form="null_item", seed=5, share=0.1),
        Fault("broken_field", form="retype_field", seed=5, share=0.1),
    )
    span = window(TODAY - timedelta(days=25), TODAY - timedelta(days=1))
    insight = client.get(f"{account}/insights", metric="reach", period="day", **span)["data"][0]
    wrong = set()
    for back, value in enumerate(reversed(insight["values"]), start=1):
        day = TODAY - timedelta(days=back)
        reach = world.account_day(account, day, now)["reach"]
        if not value or (value["value"], str(value["end_time"])[:10]) != (reach, str(day)):
            wrong.add(day)
    touched = client.server.faults.touched.about(metric="reach")
    assert wrong == {part.day for part in touched if part.day is not None}
    assert 0 < len(wrong) < 25


@pytest.mark.parametrize("form", KINDS["broken_call"].forms)
def test_calls_fail_for_good(serve: Serve, form: str) -> None:
    client = serve(posts=60)
    world, now = client.server.world, client.server.clock.now()
    ids = [item["id"] for item in world.media(world.account_ids[0], now - timedelta(days=5))]
    client.server.faults.add(Fault("broken_call", form=form, share=0.2))

    def failing(metric: str) -> dict[str, int]:
        answers = {each: client.get(f"{each}/insights", metric=metric) for each in ids}
        return {each: body["error"]["code"] for each, body in answers.items() if "error" in body}

    reach = failing("reach")
    touched = client.server.faults.touched
    assert failing("reach") == reach
    assert set(reach) == {part.media_id for part in touched}
    assert {part.metric for part in touched.about(metric="reach")} >= {"reach"}
    assert 0 < len(reach) < len(ids)
    assert set(reach.values()) <= set(CODES)
    both = failing("reach,saved")
    if form == "fail_object":
        assert both == reach
    elif form == "fail_metric":
        assert set(both) >= set(reach)
        assert set(both) == set(reach) | set(failing("saved"))
    else:
        assert set(both) != set(reach)


def test_calls_can_be_spared_and_tokens_always_are(serve: Serve) -> None:
    orders = unkind(share=1, spare="/me")
    client = serve(posts=1, server={"api_settings": ApiSettings(faults=orders)})
    pages = client.get("me/accounts", fields="id,access_token")["data"]
    assert [page["id"] for page in pages] == [page.id for page in client.server.world.pages]
    assert client.get("debug_token", input_token="sandbox-token")["data"]["is_valid"]
    assert client.error(client.server.world.account_ids[0])["code"] in CODES
    client.server.faults.clear()
    client.server.faults.add(Fault("broken_field", form="null_field"))
    assert client.get("me") == {"id": None, "name": None}
    assert client.get("me", access_token="wrong")["error"]["code"] == 190


def test_pages_hold_together_unless_it_is_ordered_otherwise(serve: Serve) -> None:
    client = serve(posts=60)
    account = client.server.world.account_ids[0]
    path, truth = f"{account}/media", 60
    client.server.faults.add(Fault("broken_field", share=0.05))
    assert sum(map(len, client.pages(path, limit=20, fields="id"))) == truth
    client.server.faults.clear()
    client.server.faults.add(Fault("broken_paging", form="end_paging"))
    assert len(client.pages(path, limit=20, fields="id")) == 1
    client.server.faults.clear()
    client.server.faults.add(Fault("broken_paging", form="loop_paging"))
    first = client.get(path, limit=20, fields="id")
    again = client.session.get(first["paging"]["next"], timeout=5).json()
    assert again["data"] == first["data"]
    assert again["paging"]["cursors"] == first["paging"]["cursors"]


def test_what_was_changed_can_be_read_from_outside(serve: Serve) -> None:
    client = serve(posts=20)
    order = {"kind": "broken_field", "share": 0.2, "form": "drop_field", "objects": ["FEED"]}
    url = f"{client.server.url}/_sandbox/faults"
    assert requests.post(url, json=[order], timeout=5).json() == {"ordered": 1}
    media(client)
    touched = requests.get(f"{url}/touched", timeout=5).json()["touched"]
    assert {part["kind"] for part in touched} == {"drop_field"}
    world = client.server.world
    assert {world.media_by_id(part["media_id"]).product for part in touched} == {"FEED"}
    served = requests.get(url, timeout=5).json()["faults"]
    assert served == [{"kind": "broken_field", "served": len(client.server.faults.history)}]
