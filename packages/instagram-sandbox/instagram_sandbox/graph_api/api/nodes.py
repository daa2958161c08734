"""Nodes: the fields and edges of each kind of node, and the answer to a list of fields.

Graph API: a call fails if it requests a field that the node does not have. A field that does not
apply to the node is left out of the answer. The answer always has the field `id`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import (
    broken_video,
    invalid_parameter,
    no_permission,
    unknown_field,
)
from instagram_sandbox.graph_api.api.fields import Field, parse_fields
from instagram_sandbox.graph_api.api.request import (
    SIGNED_URL_FIELDS,
    Edge,
    GraphRequest,
    Node,
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
from instagram_sandbox.graph_api.faults.rules import check_node
from instagram_sandbox.graph_api.world.accounts import Account, Asset, Business, Page
from instagram_sandbox.graph_api.world.conversation import Comment, TaggedMedia
from instagram_sandbox.graph_api.world.posts import Media, Slide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class NodeType:
    """A kind of node.

    Attributes:
        name: Meta's name for it.
        fields: Names of its fields.
        edges: Its edges by name.
    """

    name: str
    fields: frozenset[str]
    edges: Mapping[str, Edge]


def node_type(request: GraphRequest, node: Node) -> NodeType:
    """Return the kind of a node."""
    edges, login = request.edges[type(node)], request.world.settings.login
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
"""The kinds of nodes that have the same fields with both logins."""


def edge_of(request: GraphRequest, node: Node, name: str) -> Edge:
    """Return an edge of a node.

    Raises:
        GraphError: If the node has no edge of this name.
    """
    kind = node_type(request, node)
    if name not in kind.edges:
        raise unknown_field(name, kind.name)
    return kind.edges[name]


def select(
    request: GraphRequest, node: Node, fields: tuple[Field, ...], *, indirectly: bool
) -> dict[str, Any]:
    """Answer a list of fields.

    Args:
        request: The call that is answered.
        node: The node that has the fields.
        fields: The fields that are requested.
        indirectly: Whether the node is read through an edge or another node.

    Raises:
        GraphError: If the node does not have one of the fields.
    """
    kind = node_type(request, node)
    values = _VALUES[type(node)](request, node, indirectly)
    answer: dict[str, Any] = {}
    for field in fields:
        name = field.name
        if name in kind.edges:
            found = kind.edges[name](request.of_edge(node, field), node)
            if found.get("data") or name == "insights":
                answer[name] = found
        elif name in values:
            answer[name] = _value(request, field, values[name])
        elif name not in kind.fields:
            raise unknown_field(name, kind.name)
        elif (value := _on_demand(request, node, name)) is not None:
            answer[name] = value
    answer.setdefault("id", values["id"])
    if len(request.faults):
        check_node(request, node, fields, answer)
    return answer


def _value(request: GraphRequest, field: Field, value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Account):
        return select(request, value, parse_fields(field.inner or "id"), indirectly=True)
    if field.name in SIGNED_URL_FIELDS:
        return request.signed(value)
    if field.inner is not None and isinstance(value, dict):
        names = {part.name for part in parse_fields(field.inner)} | {"id"}
        return {name: part for name, part in value.items() if name in names}
    return value


def _page_values(page: Page) -> dict[str, Any]:
    names = ("instagram_business_account", "connected_instagram_account")
    accounts = dict.fromkeys(names, page.account) if page.account else {}
    return {**page.fields(), **accounts}


def _on_demand(request: GraphRequest, node: Node, name: str) -> dict[str, Any] | None:
    """Return a field that is computed only on request.

    Raises:
        GraphError: If the field cannot be read, which makes the whole call fail.
    """
    if name in {"shopping_product_tag_eligibility", "shopping_review_status"}:
        raise no_permission()
    if name == "view_count" and not request.instagram_login:
        message = "The view_count field is available through business discovery only"
        raise invalid_parameter(message)
    if name != "copyright_check_information" or not isinstance(node, Media):
        return None
    if request.world.is_broken_video(node, request.now):
        raise broken_video()
    if node.media_type != "VIDEO":
        return None
    return {"status": {"status": "complete", "matches_found": False}}


_VALUES: dict[type[Any], Callable[[GraphRequest, Any, bool], dict[str, Any]]] = {
    User: lambda _request, user, _: {"id": user.id, "name": user.name},
    SystemUser: lambda _request, user, _: {"id": user.id, "name": user.name},
    Business: lambda _request, business, _: {"id": business.id, "name": business.name},
    Asset: lambda _request, asset, _: {
        "id": asset.id,
        "ig_user_id": asset.account.id,
        "ig_username": asset.account.username,
    },
    Page: lambda _request, page, _: _page_values(page),
    Account: lambda request, account, _: request.world.account_fields(account, request.now),
    Media: lambda request, media, indirectly: request.world.fields_without_children(
        media, request.now, indirectly=indirectly
    ),
    Slide: lambda request, slide, _: request.world.slide_fields(slide),
    Comment: lambda request, comment, _: request.world.conversation.comment_fields(comment),
    TaggedMedia: lambda request, media, _: request.world.conversation.tagged_fields(media),
}
"""The functions that return the fields of each kind of node."""
