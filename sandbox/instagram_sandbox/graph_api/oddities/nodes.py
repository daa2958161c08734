"""Changes of nodes: media, slides, comments and Pages. Each function carries out one oddity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import broken_video, no_permission
from instagram_sandbox.graph_api.oddities.numbers import odd_number
from instagram_sandbox.graph_api.world.accounts import Page
from instagram_sandbox.graph_api.world.posts import Media

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.fields import Field
    from instagram_sandbox.graph_api.api.request import GraphRequest, Node
    from instagram_sandbox.graph_api.oddities.conditions import Condition

_ACCOUNT_OF_PAGE = frozenset({"instagram_business_account", "connected_instagram_account"})


@dataclass(frozen=True)
class NodeAnswer:
    """The answer about a node, which the oddities change.

    Attributes:
        request: The call that is answered.
        node: The node.
        fields: The fields that were requested.
        values: The answer.
        indirectly: Whether the node is read through an edge or another node.
    """

    request: GraphRequest
    node: Node
    fields: tuple[Field, ...]
    values: dict[str, Any]
    indirectly: bool

    @property
    def names(self) -> frozenset[str]:
        """The names of the fields that were requested."""
        return frozenset(field.name for field in self.fields)


def change_node(answer: NodeAnswer) -> None:
    """Change the answer about a node as the conditions order.

    Raises:
        GraphError: If a condition makes the whole call fail.
    """
    for oddity, change in _CHANGES.items():
        for condition in answer.request.conditions_for(oddity, answer.node):
            change(answer, condition)
    if isinstance(answer.node, Page) and answer.node.account is not None:
        _change_page(answer, answer.node)


def _timestamps(answer: NodeAnswer, condition: Condition) -> None:
    for name in condition.names:
        text = answer.values.get(name)
        if isinstance(text, str):
            answer.values[name] = _TIMES[condition.form](text)


_TIMES: dict[str, Callable[[str], str | int]] = {
    "fraction": lambda text: text.replace("+", ".123+"),
    "z": lambda text: text.replace("+0000", "Z"),
    "unix": lambda text: int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()),
    "colon": lambda text: text.replace("+0000", "+00:00"),
}


def _captions(answer: NodeAnswer, condition: Condition) -> None:
    for name in condition.names:
        if name in answer.names and answer.request.kind_of(answer.node) != "slide":
            answer.values[name] = _TEXTS[condition.form]


_TEXTS = {
    "surrogate": "Half a smile \ud83d and the other half \ude00 #half",
    "nul": "Before\0after #nul",
    "emoji": "🎉" * 2200,
}


def _numbers(answer: NodeAnswer, condition: Condition) -> None:
    for name in list(answer.values):
        known = name in condition.names if condition.names else name.endswith("_count")
        if known and condition.chooses(answer.node.id, name):
            odd_number(condition, answer.values, name)


def _broken_listed_media(answer: NodeAnswer, condition: Condition) -> None:
    if isinstance(answer.node, Media) and answer.names & set(condition.names):
        raise broken_video()


def _no_product_type(answer: NodeAnswer, _condition: Condition) -> None:
    if answer.indirectly:
        answer.values.pop("media_product_type", None)


def _ad_media(answer: NodeAnswer, _condition: Condition) -> None:
    if "media_product_type" in answer.values and answer.request.kind_of(answer.node) != "STORY":
        answer.values["media_product_type"] = "AD"


def _change_page(answer: NodeAnswer, page: Page) -> None:
    account = page.account
    if account is None:
        return
    for condition in answer.request.conditions_for("lost_account", account):
        if condition.form == "unlinked":
            for name in _ACCOUNT_OF_PAGE:
                answer.values.pop(name, None)
    for field in answer.fields:
        nested = field.name in _ACCOUNT_OF_PAGE and field.inner not in {None, "", "id"}
        if nested and answer.request.conditions_for("unreadable_page", account):
            raise no_permission()


Change = Callable[[NodeAnswer, "Condition"], None]

_CHANGES: dict[str, Change] = {
    "broken_listed_media": _broken_listed_media,
    "ad_media": _ad_media,
    "no_product_type": _no_product_type,
    "timestamps": _timestamps,
    "captions": _captions,
    "numbers": _numbers,
}
"""The functions by oddity, in the order in which they are applied."""
