"""The media, stories, tags and comments edges, and how they are paged."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings

if TYPE_CHECKING:
    from .client import Client
    from .conftest import Serve

FIELDS = (
    "id,ig_id,media_type,media_product_type,media_audio_type,caption,permalink,shortcode,media_url,"
    "thumbnail_url,timestamp,username,owner,like_count,comments_count,is_comment_enabled,"
    "is_ai_generated,is_shared_to_feed,alt_text,reposts_count,shares_count,saved_count,"
    "total_like_count,total_comments_count,total_views_count,boost_eligibility_info,has_poll,"
    "has_slider,legacy_instagram_media_id,live_status"
)
CHILD_FIELDS = (
    "id,ig_id,media_type,media_url,thumbnail_url,shortcode,timestamp,username,owner,alt_text"
)


def plain(media: dict[str, Any]) -> dict[str, Any]:
    """Take away what differs at each reading, and the wrapping of slides."""
    slides = media.get("children", [])
    slides = slides["data"] if isinstance(slides, dict) else slides
    shown = {name: value for name, value in media.items() if name != "children"}
    for url in {"media_url", "thumbnail_url"} & set(shown):
        shown[url] = shown[url].split("?")[0]
    return {**shown, "children": [plain(slide) for slide in slides]} if slides else shown


def test_all_media_with_all_their_fields_equal_the_truth(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    for account in world.account_ids:
        fields = f"{FIELDS},children{{{CHILD_FIELDS}}}"
        pages = shared.pages(f"{account}/media", fields=fields, limit=100)
        assert [len(page) for page in pages] == [100, 100, 100]
        found = [plain(item) for page in pages for item in page]
        assert found == [plain(item) for item in world.media(account, now)]


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


def test_back_and_forth(shared: Client) -> None:
    account = shared.server.world.account_ids[0]
    first = shared.get(f"{account}/media", limit=10)
    second = shared.get(f"{account}/media", limit=10, after=first["paging"]["cursors"]["after"])
    back = shared.get(f"{account}/media", limit=10, before=second["paging"]["cursors"]["before"])
    assert back["data"] == first["data"]


def test_an_empty_page_may_have_a_next(serve: Serve) -> None:
    client = serve(posts=25, server={"api_settings": ApiSettings(empty_page_with_next=True)})
    pages = client.pages(f"{client.server.world.account_ids[0]}/media", limit=10)
    assert [len(page) for page in pages] == [10, 0, 10, 0, 5]


def test_a_smaller_cap(serve: Serve) -> None:
    client = serve(posts=25, server={"api_settings": ApiSettings(page_cap=10)})
    pages = client.pages(f"{client.server.world.account_ids[0]}/media", limit=100)
    assert [len(page) for page in pages] == [10, 10, 5]


def test_since_and_until(serve: Serve) -> None:
    client = serve()
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    since, until = now - timedelta(days=60), now - timedelta(days=20)
    window = {"since": int(since.timestamp()), "until": int(until.timestamp())}
    pages = client.pages(f"{account}/media", limit=25, **window)
    expected = [post.id for post in world.posts_of(account, now) if since < post.published <= until]
    assert [item["id"] for page in pages for item in page] == expected


def test_since_can_be_ignored_as_it_once_was(serve: Serve) -> None:
    client = serve(server={"api_settings": ApiSettings(honour_since_until=False)})
    account = client.server.world.account_ids[0]
    now = int(client.server.clock.now().timestamp())
    assert len(client.get(f"{account}/media", since=now)["data"]) == 25


def test_deleted_media_make_a_page_shorter(serve: Serve) -> None:
    client = serve(posts=30)
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    gone = world.posts_of(account, now)[3].id
    world.deleted_media.add(gone)
    assert len(client.get(f"{account}/media")["data"]) == 24
    assert client.error(gone)["error_subcode"] == 33
    assert client.error(f"{gone}/insights", metric="reach")["error_subcode"] == 33


def test_ten_thousand_is_the_end(serve: Serve) -> None:
    client = serve(accounts=1, posts=10_050)
    account = client.server.world.account_ids[0]
    pages = client.pages(f"{account}/media", limit=100)
    assert sum(len(page) for page in pages) == 10_000


def test_hidden_likes_show_only_when_read_directly(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    account = world.account_ids[0]
    hidden = next(post for post in world.posts_of(account, now) if post.hides_likes)
    assert "like_count" not in world.media_fields(hidden, now)
    found = shared.get(hidden.id, fields="like_count,total_like_count")
    likes = world.media_insights(hidden.id, now).get("likes")
    assert found == {"id": hidden.id, "like_count": likes or found["like_count"]}


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


def test_slides_by_their_own_edge_and_without_insights(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    albums = [item for item in world.media(world.account_ids[0], now) if "children" in item]
    album = albums[0]
    slides = shared.get(f"{album['id']}/children", fields="id,media_type,permalink,caption")["data"]
    assert slides == [
        {"id": slide["id"], "media_type": slide["media_type"]} for slide in album["children"]
    ]
    assert shared.get(slides[0]["id"], fields="media_product_type") == {"id": slides[0]["id"]}
    error = shared.error(f"{slides[0]['id']}/insights", metric="reach")
    assert "does not support the reach metric" in error["message"]


def test_stories_live_for_a_day(serve: Serve) -> None:
    client = serve(posts=1)
    world, clock = client.server.world, client.server.clock
    account = world.account_ids[0]
    stories = client.get(f"{account}/stories", fields="id,media_product_type,timestamp")["data"]
    expected = world.stories(account, clock.now())
    assert [story["id"] for story in stories] == [story["id"] for story in expected]
    assert {story["media_product_type"] for story in stories} == {"STORY"}
    clock.advance(timedelta(hours=24))
    later = client.get(f"{account}/stories")["data"]
    assert later
    assert not {story["id"] for story in later} & {story["id"] for story in stories}
    assert client.error(stories[0]["id"])["error_subcode"] == 33
    assert client.error(f"{stories[0]['id']}/insights", metric="reach")["error_subcode"] == 33


def test_comments_with_their_replies(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    media = next(
        item for item in world.media(world.account_ids[0], now) if item["comments_count"] > 30
    )
    fields = "id,text,username,timestamp,like_count,hidden,from,media,parent_id"
    path = f"{media['id']}/comments"
    pages = shared.pages(path, fields=f"{fields},replies{{{fields}}}", limit=10)
    found: dict[str, Any] = {}
    for comment in (comment for page in pages for comment in page):
        replies = comment.pop("replies", {"data": []})["data"]
        assert all(reply["parent_id"] == comment["id"] for reply in replies)
        found |= {item["id"]: item for item in (comment, *replies)}
    assert found == {comment["id"]: comment for comment in world.comments(media["id"], now)}
    assert len(found) == media["comments_count"]


def test_replies_by_their_own_edge(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    media = next(
        item for item in world.media(world.account_ids[0], now) if item["comments_count"] > 30
    )
    comments = world.comments(media["id"], now)
    parent = next(comment["parent_id"] for comment in comments if "parent_id" in comment)
    replies = shared.get(f"{parent}/replies", fields="id")["data"]
    expected = [{"id": c["id"]} for c in reversed(comments) if c.get("parent_id") == parent]
    assert replies == expected


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


def test_media_of_others_on_which_an_account_collaborates(serve: Serve) -> None:
    client = serve(accounts=2, posts=120)
    world, now = client.server.world, client.server.clock.now()
    first, second = world.account_ids
    pages = client.pages(f"{first}/collaborative_media", fields="id,username", limit=2)
    found = [item for page in pages for item in page]
    assert [item["id"] for item in found] == [post.id for post in world.collaborations(first, now)]
    assert {item["username"] for item in found} == {world.account(second).username}
    instagram = serve(login="instagram", posts=1)
    own = instagram.server.world.account_ids[0]
    assert "nonexisting" in instagram.error(f"{own}/collaborative_media")["message"]
