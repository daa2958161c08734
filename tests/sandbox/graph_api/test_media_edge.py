"""The media, stories, tags and comments edges, and how they are paged."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import ApiSettings

if TYPE_CHECKING:
    from .client import Client
    from .conftest import Serve


def test_the_last_page_has_a_cursor_and_no_next(shared: Client) -> None:
    account = shared.server.world.account_ids[0]
    body = shared.get(f"{account}/stories")
    assert body["paging"].keys() == {"cursors"}
    beyond = shared.get(f"{account}/stories", after=body["paging"]["cursors"]["after"])
    assert beyond == {"data": []}


def test_limits_are_capped_and_default_to_25(shared: Client) -> None:
    account = shared.server.world.account_ids[0]
    assert len(shared.get(f"{account}/media")["data"]) == 25
    assert len(shared.get(f"{account}/media", limit=500)["data"]) == 100
    assert shared.error(f"{account}/media", limit=0)["code"] == 100
    assert shared.error(f"{account}/media", after="%%%")["code"] == 100


def test_new_media_do_not_shift_later_pages(serve: Serve) -> None:
    client = serve(posts=50, days=10)
    world, account = client.server.world, client.server.world.account_ids[0]
    first = client.get(f"{account}/media", limit=20)
    expected = [item.id for item in world.posts_of(account, client.server.clock.now())]
    client.server.clock.advance(timedelta(days=2))
    rest = client.pages(f"{account}/media", limit=20, after=first["paging"]["cursors"]["after"])
    assert [item["id"] for page in rest[:1] for item in page] == expected[20:40]


def test_an_empty_page_may_have_a_next(serve: Serve) -> None:
    client = serve(posts=25, server={"api_settings": ApiSettings(empty_page_with_next=True)})
    pages = client.pages(f"{client.server.world.account_ids[0]}/media", limit=10)
    assert [len(page) for page in pages] == [10, 0, 10, 0, 5]


def test_since_and_until(serve: Serve) -> None:
    client = serve()
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    since, until = now - timedelta(days=60), now - timedelta(days=20)
    window = {"since": int(since.timestamp()), "until": int(until.timestamp())}
    pages = client.pages(f"{account}/media", limit=25, **window)
    expected = [post.id for post in world.posts_of(account, now) if since < post.published <= until]
    assert [item["id"] for page in pages for item in page] == expected


def test_poison_fields(shared: Client) -> None:
    account = shared.server.world.account_ids[0]
    assert "business discovery" in shared.error(f"{account}/media", fields="view_count")["message"]
    pages = f"{account}/media"
    newest = shared.get(pages, fields="copyright_check_information", limit=5)["data"]
    assert any("copyright_check_information" in item for item in newest)
    errors = []
    after: dict[str, str] = {}
    for _ in range(3):
        listed = shared.get(pages, limit=100, **after)
        body = shared.get(pages, fields="copyright_check_information", limit=100, **after)
        errors.append(body.get("error", {}).get("code"))
        after = {"after": listed["paging"]["cursors"]["after"]}
    assert 9005 in errors


def test_tags(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    account = world.account_ids[0]
    pages = shared.pages(f"{account}/tags", fields="id,username,timestamp,like_count", limit=25)
    names = ("id", "username", "timestamp", "like_count")
    expected = [{name: tag[name] for name in names} for tag in world.tags(account, now)]
    assert [item for page in pages for item in page] == expected
    error = shared.error(f"{account}/tags", fields="id,like_count", limit=50)
    assert "reduce the amount of data" in error["message"]
    assert shared.error(f"{pages[0][0]['id']}/insights", metric="reach")["code"] == 10


@pytest.mark.parametrize("edge", ["likes", "posts", "children"])
def test_an_edge_that_does_not_exist(shared: Client, edge: str) -> None:
    error = shared.error(f"{shared.server.world.account_ids[0]}/{edge}")
    assert f"nonexisting field ({edge})" in error["message"]
