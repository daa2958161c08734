"""The edges with media, stories, slides, comments and tagged media."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, overload

from instagram_sandbox.graph_api.api.errors import too_much_data, unknown_field
from instagram_sandbox.graph_api.api.nodes import select
from instagram_sandbox.graph_api.api.paging import DEFAULT_LIMIT, cut_page
from instagram_sandbox.graph_api.api.times import parse_time
from instagram_sandbox.graph_api.api.tokens import COMMENTS
from instagram_sandbox.graph_api.world.posts import Media
from instagram_sandbox.graph_api.world.world import MEDIA_EDGE_CEILING

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.request import GraphRequest, Node
    from instagram_sandbox.graph_api.world import World
    from instagram_sandbox.graph_api.world.accounts import Account
    from instagram_sandbox.graph_api.world.conversation import Comment

MAX_COMMENTS = 50
"""Maximum number of comments on a page."""
MAX_NESTED_INSIGHTS = 50
"""Maximum `limit` of the media edge when the insights of each media are requested with it."""
MAX_TAG_COUNTS = 25
"""Maximum `limit` of the tags edge when counts of likes or comments are requested with it."""


class PostList(Sequence[Media]):
    """Posts of an account, newest first, that are made only when they are read."""

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
    request: GraphRequest, items: Sequence[Any], default_fields: str, cap: int | None = None
) -> dict[str, Any]:
    """Answer one page of an edge.

    Args:
        request: The call.
        items: All nodes of the edge, newest first.
        default_fields: The fields if the call names none.
        cap: Maximum number of nodes on the page, if it is lower than that of all edges.
    """
    settings = request.settings
    limit = min(cap or settings.page_cap, settings.page_cap)
    part = cut_page(items, request.call, limit, gap=settings.empty_page_with_next)
    fields = request.fields(default_fields)
    deleted = request.world.deleted_media
    data = [
        select(request, item, fields, indirectly=True)
        for item in part.items
        if not deleted or item.id not in deleted
    ]
    return {"data": data, "paging": part.paging} if part.paging else {"data": data}


def media(request: GraphRequest, account: Account) -> dict[str, Any]:
    """Answer /{ig-user}/media: newest first, at most ten thousand, without stories.

    Raises:
        GraphError: If the insights of more than fifty media are requested at once.
    """
    names = {field.name for field in request.fields("id")}
    if "insights" in names and _limit(request) > MAX_NESTED_INSIGHTS:
        raise too_much_data()
    world, now = request.world, request.now
    newest = world.posts.count(account, now)
    oldest = max(0, newest - MEDIA_EDGE_CEILING)
    if request.settings.honour_since_until:
        since, until = (_moment(request, name) for name in ("since", "until"))
        if until and until < now:
            newest = world.posts.count(account, until)
        if since:
            oldest = max(oldest, world.posts.count(account, since))
    numbers = range(newest - 1, oldest - 1, -1)
    return page(request, PostList(world, account, numbers), "id")


def collaborative_media(request: GraphRequest, account: Account) -> dict[str, Any]:
    """Answer /{ig-user}/collaborative_media: posts of others on which the account collaborates.

    Raises:
        GraphError: With the Instagram login, which does not have this edge.
    """
    if request.instagram_login:
        raise unknown_field(request.call.segments[-1], "IGUser")
    return page(request, request.world.collaborations(account.id, request.now), "id")


def stories(request: GraphRequest, account: Account) -> dict[str, Any]:
    """Answer /{ig-user}/stories: the stories that are visible now."""
    return page(request, request.world.stories_of.visible(account, request.now), "id")


def tags(request: GraphRequest, account: Account) -> dict[str, Any]:
    """Answer /{ig-user}/tags.

    Raises:
        GraphError: If the counts of more than 25 media are requested at once.
    """
    names = {field.name for field in request.fields("id")}
    if names & {"like_count", "comments_count"} and _limit(request) > MAX_TAG_COUNTS:
        raise too_much_data()
    return page(request, request.world.conversation.tagged(account, request.now), "id")


def children(request: GraphRequest, album: Media) -> dict[str, Any]:
    """Answer /{media}/children: all slides of a carousel, unless a fault wants pages."""
    fields = request.fields("id")
    slides = request.world.posts.slides(album)
    for fault in request.faults_for("paged_children", album):
        number = fault.number or DEFAULT_LIMIT
        if not request.faults.happens(fault):
            continue
        call = request.call
        paged = call.with_path(call.path, {"limit": str(number), **call.params})
        cap = number if fault.form == "maximum" else None
        return page(replace(request, call=paged), slides, "id", cap)
    return {"data": [select(request, slide, fields, indirectly=True) for slide in slides]}


def comments(request: GraphRequest, media: Media) -> dict[str, Any]:
    """Answer /{media}/comments: newest first, without replies, fifty on a page."""
    request.token.require(COMMENTS)
    everything = request.world.conversation.comments(media, request.now)
    top_level = [comment for comment in everything if comment.parent is None]
    return page(request, top_level, "timestamp,text,id", MAX_COMMENTS)


def replies(request: GraphRequest, comment: Comment) -> dict[str, Any]:
    """Answer /{comment}/replies, oldest first."""
    request.token.require(COMMENTS)
    everything = request.world.conversation.comments(comment.media, request.now)
    replies = [reply for reply in reversed(everything) if reply.parent == comment.number]
    return page(request, replies, "timestamp,text,id", MAX_COMMENTS)


def empty_edge(_request: GraphRequest, _node: Node) -> dict[str, Any]:
    """Answer an edge that is always empty."""
    return {"data": []}


def _limit(request: GraphRequest) -> int:
    text = request.call.params.get("limit", str(DEFAULT_LIMIT))
    return min(int(text), request.settings.page_cap) if text.isdigit() else 0


def _moment(request: GraphRequest, name: str) -> datetime | None:
    text = request.call.params.get(name)
    return parse_time(text, name).astimezone(timezone.utc) if text else None
