"""Nodes: which fields and edges each kind has, and how a field list is answered.

Graph API: a field that the node does not have fails the call, one that does not apply is left out
in silence, and `id` always comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import (
    broken_video,
    no_permission,
    parameter,
    unknown_field,
)
from instagram_sandbox.graph_api.api.fields import Field, parse_fields
from instagram_sandbox.graph_api.api.reading import (
    SIGNED,
    Edge,
    Node,
    Reading,
    SystemUser,
    User,
)
from instagram_sandbox.graph_api.catalogue import (
    ACCOUNT_FIELDS,
    ASSET_FIELDS,
    BUSINESS_FIELDS,
    COMMENT_FIELDS,
    MEDIA_FIELDS,
    PAGE_FIELDS,
)
from instagram_sandbox.graph_api.world.accounts import (
    Account,
    Asset,
    Business,
    Page,
)
from instagram_sandbox.graph_api.world.conversation import Comment, TaggedMedia
from instagram_sandbox.graph_api.world.posts import Media, Slide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class NodeType:
    """A kind of node: Meta's name for it, its fields and its edges."""

    name: str
    fields: frozenset[str]
    edges: Mapping[str, Edge]


def node_type(reading: Reading, node: Node) -> NodeType:
    """Give the kind of a node."""
    edges, login = reading.edges[type(node)], reading.world.settings.login
    if isinstance(node, Account):
        return NodeType("IGUser", ACCOUNT_FIELDS[login], edges)
    name, fields = _PLAIN_TYPES.get(type(node), ("IGMedia", MEDIA_FIELDS[login]))
    return NodeType(name, fields, edges)


_USER_FIELDS = frozenset({"id", "name"})
_PLAIN_TYPES: dict[type[Any], tuple[str, frozenset[str]]] = {
    Asset: ("InstagramBusinessAsset", ASSET_FIELDS),
    Business: ("Business", BUSINESS_FIELDS),
    Comment: ("IGComment", COMMENT_FIELDS),
    Page: ("Page", PAGE_FIELDS),
    SystemUser: ("SystemUser", _USER_FIELDS),
    User: ("User", _USER_FIELDS),
}
"""Kinds of nodes whose fields are the same with either login."""


def edge_of(reading: Reading, node: Node, name: str) -> Edge:
    """Give an edge of a node.

    Raises:
        GraphError: If there is none of that name.
    """
    kind = node_type(reading, node)
    if name not in kind.edges:
        raise unknown_field(name, kind.name)
    return kind.edges[name]


def select(
    reading: Reading, node: Node, fields: tuple[Field, ...], *, indirectly: bool
) -> dict[str, Any]:
    """Answer a field list.

    Args:
        reading: The call being answered.
        node: Whose fields.
        fields: What is asked for.
        indirectly: Whether the node is read through an edge or another node.
    """
    kind = node_type(reading, node)
    values = _VALUES[type(node)](reading, node, indirectly)
    answer: dict[str, Any] = {}
    for wanted in fields:
        name = wanted.name
        if name in kind.edges:
            found = kind.edges[name](reading.about(node, wanted), node)
            if found.get("data") or name == "insights":
                answer[name] = found
        elif name in values:
            answer[name] = _value(reading, wanted, values[name])
        elif name not in kind.fields:
            raise unknown_field(name, kind.name)
        elif (value := _on_demand(reading, node, name)) is not None:
            answer[name] = value
    answer.setdefault("id", values["id"])
    return answer


def _value(reading: Reading, wanted: Field, value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Account):
        return select(reading, value, parse_fields(wanted.inner or "id"), indirectly=True)
    if wanted.name in SIGNED:
        return reading.signed(value)
    if wanted.inner is not None and isinstance(value, dict):
        names = {field.name for field in parse_fields(wanted.inner)} | {"id"}
        return {name: part for name, part in value.items() if name in names}
    return value


def _page_values(page: Page) -> dict[str, Any]:
    owned = ("instagram_business_account", "connected_instagram_account")
    accounts = dict.fromkeys(owned, page.account) if page.account else {}
    return {**page.fields(), **accounts}


def _on_demand(reading: Reading, node: Node, name: str) -> dict[str, Any] | None:
    """Give a field that is there only when asked for; some fail the whole call."""
    if name in {"shopping_product_tag_eligibility", "shopping_review_status"}:
        raise no_permission()
    if name == "view_count" and not reading.instagram_login:
        message = "The view_count field is available through business discovery only"
        raise parameter(message)
    if name != "copyright_check_information" or not isinstance(node, Media):
        return None
    if reading.world.is_broken_video(node, reading.now):
        raise broken_video()
    if node.media_type != "VIDEO":
        return None
    return {"status": {"status": "complete", "matches_found": False}}


_VALUES: dict[type[Any], Callable[[Reading, Any, bool], dict[str, Any]]] = {
    User: lambda _reading, user, _: {"id": user.id, "name": user.name},
    SystemUser: lambda _reading, user, _: {"id": user.id, "name": user.name},
    Business: lambda _reading, business, _: {"id": business.id, "name": business.name},
    Asset: lambda _reading, asset, _: {
        "id": asset.id,
        "ig_user_id": asset.account.id,
        "ig_username": asset.account.username,
    },
    Page: lambda _reading, page, _: _page_values(page),
    Account: lambda reading, account, _: reading.world.account_fields(account, reading.now),
    Media: lambda reading, media, indirectly: reading.world.simple_fields(
        media, reading.now, indirectly=indirectly
    ),
    Slide: lambda reading, slide, _: reading.world.slide_fields(slide),
    Comment: lambda reading, comment, _: reading.world.conversation.comment_fields(comment),
    TaggedMedia: lambda reading, media, _: reading.world.conversation.tagged_fields(media),
}
"""How the fields of each kind of node are read."""
