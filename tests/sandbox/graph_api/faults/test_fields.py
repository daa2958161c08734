"""Fields and lists of media that a client does not expect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import Fault

if TYPE_CHECKING:
    from tests.sandbox.graph_api.client import Client
    from tests.sandbox.graph_api.conftest import Serve


def listed(client: Client, fields: str, **params: Any) -> list[dict[str, Any]]:
    """The media of the first account."""
    account = client.server.world.account_ids[0]
    pages = client.pages(f"{account}/media", fields=fields, **{"limit": 100, **params})
    return [item for page in pages for item in page]


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("fraction", "2026-11-19T19:42:27.123+0000"),
        ("z", "2026-11-19T19:42:27Z"),
        ("unix", 1795117347),
        ("colon", "2026-11-19T19:42:27+00:00"),
    ],
)
def test_timestamps(serve: Serve, form: str, shown: Any) -> None:
    client = serve(posts=300)
    usual = listed(client, "timestamp,children{timestamp}")
    assert usual[0]["timestamp"] == "2026-11-19T19:42:27+0000"
    client.server.faults.add(Fault("timestamps", form=form))
    odd = listed(client, "timestamp,children{timestamp}")
    assert odd[0]["timestamp"] == shown
    slides = next(item["children"]["data"] for item in odd if "children" in item)
    assert not str(slides[0]["timestamp"]).endswith("+0000") or form == "fraction"


def test_timestamps_of_a_share_of_the_media(serve: Serve) -> None:
    client = serve(posts=100)
    client.server.faults.add(Fault("timestamps", form="unix", share=0.3))
    odd = [item for item in listed(client, "timestamp") if isinstance(item["timestamp"], int)]
    assert 10 < len(odd) < 60


def test_captions_with_half_characters_nul_and_thousands_of_emoji(serve: Serve) -> None:
    client = serve(posts=30)
    faults = client.server.faults
    faults.add(Fault("captions", form="surrogate"))
    assert len(listed(client, "caption")) == 30
    assert "\\ud83d" in client.response.text
    captions = [item.get("caption") for item in json.loads(client.response.text)["data"]]
    assert {caption and caption.count("\ude00") for caption in captions} == {1, None}
    faults.clear()
    faults.add(Fault("captions", form="nul"))
    assert any("\0" in item.get("caption", "") for item in listed(client, "caption"))
    faults.clear()
    faults.add(Fault("captions", form="emoji"))
    shown = {item.get("caption") for item in listed(client, "caption")}
    assert shown == {"🎉" * 2200, None}
    assert "caption" not in listed(client, "id")[0]


def test_counts_of_another_type(serve: Serve) -> None:
    client = serve(posts=50)
    client.server.faults.add(Fault("numbers", form="digits", share=0.5, objects=("FEED",)))
    types = {type(item["comments_count"]) for item in listed(client, "comments_count")}
    assert types == {int, str}
    account = client.server.world.account_ids[0]
    assert isinstance(client.get(account, fields="followers_count")["followers_count"], int)


@pytest.mark.parametrize("form", ["default", "maximum"])
def test_slides_come_in_pages(serve: Serve, form: str) -> None:
    client = serve(posts=60)
    world, now = client.server.world, client.server.clock.now()
    truth = {
        item["id"]: [slide["id"] for slide in item["children"]]
        for item in world.media(world.account_ids[0], now)
        if "children" in item
    }
    client.server.faults.add(Fault("paged_children", form=form, number=3))
    albums = [item for item in listed(client, "id,children{id}") if "children" in item]
    assert any("next" in album["children"]["paging"] for album in albums)
    for album in albums:
        page = album["children"]
        slides = [slide["id"] for slide in page["data"]]
        assert len(slides) <= 3
        while "next" in page["paging"]:
            page = client.session.get(page["paging"]["next"], timeout=5).json()
            slides += [slide["id"] for slide in page["data"]]
        assert slides == truth[album["id"]]
    most = listed(client, "id,children.limit(100){id}")
    longest = max(len(album["children"]["data"]) for album in most if "children" in album)
    assert longest == (3 if form == "maximum" else max(map(len, truth.values())))


def test_one_media_fails_its_whole_page_over_one_field(serve: Serve) -> None:
    client = serve(posts=40)
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    broken = world.media(account, now)[5]["id"]
    order = Fault("broken_listed_media", media=(broken,), names=("alt_text",))
    client.server.faults.add(order)
    path = f"{account}/media"
    assert client.error(path, fields="id,alt_text", limit=10)["code"] == 9005
    assert len(client.get(path, fields="id,caption", limit=10)["data"]) == 10
    assert client.get(path, fields="id,alt_text", limit=5)["data"]
    assert client.error(broken, fields="alt_text")["code"] == 9005
    assert client.get(broken, fields="caption")["id"] == broken


def test_lists_without_the_product_type(serve: Serve) -> None:
    client = serve(login="instagram", posts=40)
    client.server.faults.add("no_product_type")
    items = listed(client, "id,media_product_type,permalink")
    assert not any("media_product_type" in item for item in items)
    reel = next(item for item in items if "/reel/" in item["permalink"])
    assert client.get(reel["id"], fields="media_product_type")["media_product_type"] == "REELS"
