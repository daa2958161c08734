"""The edges that list things: media, stories, slides, comments, tagged media."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, overload

from instagram_sandbox.graph_api.api.errors import too_much_data
from instagram_sandbox.graph_api.api.moments import read_moment
from instagram_sandbox.graph_api.api.nodes import select
from instagram_sandbox.graph_api.api.paging import DEFAULT_LIMIT, cut
from instagram_sandbox.graph_api.api.tokens import COMMENTS
from instagram_sandbox.graph_api.world.posts import Media
from instagram_sandbox.graph_api.world.world import MEDIA_EDGE_CEILING

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.reading import Node, Reading
    from instagram_sandbox.graph_api.world import World
    from instagram_sandbox.graph_api.world.accounts import Account
    from instagram_sandbox.graph_api.world.conversation import Comment

COMMENTS_CAP = 50
NESTED_INSIGHTS_CAP = 50
TAG_COUNTS_CAP = 25
"""Beyond these Meta asks to reduce the amount of data, or cuts the page."""


class PostList(Sequence[Media]):
    """An account's posts between two moments, newest first, read as they are asked for."""

    def __init__(self, world: World, account: Account, numbers: range) -> None:
        self._world, self._account, self._numbers = world, account, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Media: ...
    @overload
    def __getitem__(self, place: slice) -> list[Media]: ...
    def __getitem__(self, place: int | slice) -> Media | list[Media]:
        if isinstance(place, int):
            return self._world.posts.get(self._account, self._numbers[place])
        return [self._world.posts.get(self._account, number) for number in self._numbers[place]]


def page(
    reading: Reading, items: Sequence[Any], default_fields: str, cap: int | None = None
) -> dict[str, Any]:
    """Answer a page of an edge."""
    settings = reading.settings
    limit = min(cap or settings.page_cap, settings.page_cap)
    part = cut(items, reading.call, limit, gap=settings.empty_page_with_next)
    fields = reading.fields(default_fields)
    gone = reading.world.deleted_media
    data = [
        select(reading, item, fields, indirectly=True)
        for item in part.items
        if not gone or item.id not in gone
    ]
    return {"data": data, "paging": part.paging} if part.paging else {"data": data}


def media(reading: Reading, account: Account) -> dict[str, Any]:
    """Answer /{ig-user}/media: newest first, ten thousand at most, no stories.

    Insights nested in more than fifty media are too much data.
    """
    asked = {field.name for field in reading.fields("id")}
    if "insights" in asked and _limit(reading) > NESTED_INSIGHTS_CAP:
        raise too_much_data()
    world, now = reading.world, reading.now
    newest = world.posts.count(account, now)
    oldest = max(0, newest - MEDIA_EDGE_CEILING)
    if reading.settings.honour_since_until:
        since, until = (_moment(reading, name) for name in ("since", "until"))
        if until and until < now:
            newest = world.posts.count(account, until)
        if since:
            oldest = max(oldest, world.posts.count(account, since))
    numbers = range(newest - 1, oldest - 1, -1)
    return page(reading, PostList(world, account, numbers), "id")


def stories(reading: Reading, account: Account) -> dict[str, Any]:
    """Answer /{ig-user}/stories: those that live."""
    return page(reading, reading.world.stories_of.alive(account, reading.now), "id")


def tags(reading: Reading, account: Account) -> dict[str, Any]:
    """Answer /{ig-user}/tags; counts of more than a few media are too much data."""
    asked = {field.name for field in reading.fields("id")}
    if asked & {"like_count", "comments_count"} and _limit(reading) > TAG_COUNTS_CAP:
        raise too_much_data()
    return page(reading, reading.world.conversation.tagged(account, reading.now), "id")


def children(reading: Reading, album: Media) -> dict[str, Any]:
    """Answer /{media}/children: a carousel's slides, all at once."""
    fields = reading.fields("id")
    slides = reading.world.posts.slides(album)
    return {"data": [select(reading, slide, fields, indirectly=True) for slide in slides]}


def comments(reading: Reading, media: Media) -> dict[str, Any]:
    """Answer /{media}/comments: newest first, without replies, fifty a page."""
    reading.token.need(COMMENTS)
    talk = reading.world.conversation
    top = [comment for comment in talk.comments(media, reading.now) if comment.parent is None]
    return page(reading, top, "timestamp,text,id", COMMENTS_CAP)


def replies(reading: Reading, comment: Comment) -> dict[str, Any]:
    """Answer /{comment}/replies, oldest first."""
    reading.token.need(COMMENTS)
    everything = reading.world.conversation.comments(comment.media, reading.now)
    own = [reply for reply in reversed(everything) if reply.parent == comment.number]
    return page(reading, own, "timestamp,text,id", COMMENTS_CAP)


def nothing(_reading: Reading, _node: Node) -> dict[str, Any]:
    """Answer an edge on which nothing ever is."""
    return {"data": []}


def _limit(reading: Reading) -> int:
    text = reading.call.params.get("limit", str(DEFAULT_LIMIT))
    return min(int(text), reading.settings.page_cap) if text.isdigit() else 0


def _moment(reading: Reading, name: str) -> datetime | None:
    text = reading.call.params.get(name)
    return read_moment(text, name).astimezone(timezone.utc) if text else None
