"""The edges of each kind of node, and the functions that answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api import edges, ownership
from instagram_sandbox.graph_api.api.account_insights import account_insights
from instagram_sandbox.graph_api.api.media_insights import (
    media_insights,
    no_insights_of_others,
    no_slide_insights,
)
from instagram_sandbox.graph_api.api.request import SystemUser, User
from instagram_sandbox.graph_api.world.accounts import Account, Asset, Business, Page
from instagram_sandbox.graph_api.world.conversation import Comment, TaggedMedia
from instagram_sandbox.graph_api.world.posts import Media, Slide

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.request import Edge

EDGES: dict[type[Any], dict[str, Edge]] = {
    User: ownership.USER_EDGES,
    SystemUser: {
        **ownership.USER_EDGES,
        "assigned_pages": ownership.pages,
        "assigned_instagram_accounts": ownership.accounts,
    },
    Business: ownership.BUSINESS_EDGES,
    Asset: {},
    Page: {},
    Account: {
        "media": edges.media,
        "collaborative_media": edges.collaborative_media,
        "stories": edges.stories,
        "tags": edges.tags,
        "insights": account_insights,
        "live_media": edges.empty_edge,
    },
    Media: {
        "children": edges.children,
        "comments": edges.comments,
        "insights": media_insights,
        "collaborators": edges.empty_edge,
    },
    Slide: {
        "children": edges.empty_edge,
        "comments": edges.empty_edge,
        "insights": no_slide_insights,
    },
    TaggedMedia: {"insights": no_insights_of_others},
    Comment: {"replies": edges.replies},
}
"""Graph API reference: the edges of User, Business, Page, IG User, IG Media and IG Comment."""
