"""A call that is answered, with the world, the settings and the token that it is answered with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    invalidated_token,
    no_permission,
    no_such_object,
    unavailable_user,
    unknown_alias,
)
from instagram_sandbox.graph_api.api.fields import Field, parse_fields
from instagram_sandbox.graph_api.api.tokens import READ, Token
from instagram_sandbox.graph_api.pacific import ONE_DAY
from instagram_sandbox.graph_api.world.accounts import Account, Asset, Business, Page
from instagram_sandbox.graph_api.world.conversation import Comment, TaggedMedia
from instagram_sandbox.graph_api.world.posts import Media, Slide

if TYPE_CHECKING:
    from datetime import datetime

    from instagram_sandbox.graph_api.api.call import Call
    from instagram_sandbox.graph_api.faults.fault import Fault
    from instagram_sandbox.graph_api.faults.orders import Faults
    from instagram_sandbox.graph_api.settings import ApiSettings
    from instagram_sandbox.graph_api.world import World
    from instagram_sandbox.graph_api.world.world import WorldObject

SIGNED_URL_FIELDS = frozenset({"media_url", "thumbnail_url", "profile_picture_url"})


@dataclass(frozen=True)
class User:
    """The person or the system user to whom a Facebook token belongs."""

    id: str
    name: str


class SystemUser(User):
    """A system user, to whom a business portfolio assigns Pages and accounts."""


USER = User("5550000000000001", "Sandbox Person")
SYSTEM_USER = SystemUser("6660000000000001", "Sandbox System User")
Node = User | Account | Page | Business | Asset | Media | Slide | Comment | TaggedMedia


Edge = Callable[["GraphRequest", Any], dict[str, Any]]
"""Answers an edge of a node."""


@dataclass(frozen=True)
class GraphRequest:
    """A call that is being answered.

    Attributes:
        world: The world that is read.
        settings: Settings of the API.
        faults: The faults that are ordered.
        call: The call.
        token: The access token of the call.
        edges: The edges of each kind of node.
        number: Number of the answer, which makes the signed URLs of each answer different.
    """

    world: World
    settings: ApiSettings
    faults: Faults
    call: Call
    token: Token
    edges: Mapping[type[Any], Mapping[str, Edge]]
    number: int

    @property
    def now(self) -> datetime:
        """The moment of the call; all numbers in the answer are those of this moment."""
        return self.call.now

    @property
    def instagram_login(self) -> bool:
        """Whether graph.instagram.com answers, and not graph.facebook.com."""
        return self.world.settings.login == "instagram"

    def of_edge(self, node: Node, field: Field) -> GraphRequest:
        """Return the request for an edge of a node that is part of this answer."""
        version = f"/{self.call.version}" if self.call.version else ""
        inner = {"fields": field.inner} if field.inner is not None else {}
        call = self.call.with_path(f"{version}/{node.id}/{field.name}", {**field.params, **inner})
        return replace(self, call=call)

    def fields(self, default: str) -> tuple[Field, ...]:
        """Return the fields that are requested, or those of the default list."""
        return parse_fields(self.call.params.get("fields") or default)

    def find(self, identifier: str) -> WorldObject:
        """Return the object with an id.

        Raises:
            GraphError: 100/33 if it does not exist or the token may not read it, 803 if the id is
                not a number, or the error of a lost account.
        """
        item = self.look_up(identifier)
        if item is None and not identifier.isdigit():
            raise unknown_alias(identifier)
        if item is None or not self.world.exists(item, self.now):
            raise no_such_object(identifier, self.call.method.lower())
        account = owner(item)
        if account is not None and not isinstance(item, Page):
            self._check(account, identifier)
        return item

    def look_up(self, identifier: str) -> WorldObject | None:
        """Return the object with an id, whether or not the token may read it, or None."""
        found = self.world.find(identifier)
        if found is not None:
            return found
        account = self.world.account_with_older_id(identifier)
        return account if account and self.shows("older_account_ids", account) else None

    def signed(self, url: str) -> str:
        """Sign a URL: it expires after a day or two, and differs in each answer."""
        expiry = int((self.now + ONE_DAY * 1.4).timestamp())
        return (
            f"{url}?stp=dst-jpg&_nc_rid={self.number:010x}&oh=00_{expiry % 9973:04d}&oe={expiry:x}"
        )

    def faults_for(self, kind: str, node: Node) -> list[Fault]:
        """Return the faults of a kind that concern a node, whether or not it is their turn."""
        found = self.faults.of({kind}, self.call.text()) if len(self.faults) else []
        if not found:
            return []
        account = _account_of(node)
        index = account.index if account is not None else None
        return [
            each
            for each in found
            if each.concerns(index, node.id, kind_of(node)) and each.chooses(node.id)
        ]

    def shows(self, kind: str, node: Node, *, form: str = "") -> bool:
        """Return whether a fault of a kind happens to a node, and count it as happened."""
        return any(
            fault.form == form and self.faults.happens(fault)
            for fault in self.faults_for(kind, node)
        )

    def _check(self, account: Account, identifier: str) -> None:
        if not self.token.can_read(account):
            raise no_such_object(identifier)
        page = self.world.page_of(account) if self.token.kind in {"user", "system_user"} else None
        if page is not None and "ANALYZE" not in page.tasks:
            raise no_permission()
        reason = self.world.lost_accounts.get(account.id)
        if reason is not None:
            raise _error_of_lost_account(reason, identifier)
        if self.shows("unreadable_page", account):
            raise no_permission()
        if self.shows("lost_account", account, form="unlinked"):
            raise no_such_object(identifier)
        self.token.require(READ)


_KINDS: dict[type[Any], str] = {
    Account: "account",
    Asset: "account",
    Page: "page",
    Slide: "slide",
    Comment: "comment",
    TaggedMedia: "tagged",
}
"""The kinds of nodes, as faults name them; the kind of a media is its product."""


def kind_of(node: Node) -> str:
    """Return the kind of a node, as faults name it."""
    return node.product if isinstance(node, Media) else _KINDS.get(type(node), "")


def _account_of(node: Node) -> Account | None:
    if isinstance(node, User):
        return None
    return node.account if isinstance(node, Asset) else owner(node)


def owner(item: WorldObject) -> Account | None:
    """Return the account that an object belongs to, or None."""
    if isinstance(item, Account):
        return item
    if isinstance(item, Slide):
        return item.album.account
    if isinstance(item, Comment):
        return item.media.account
    return item.account


def _error_of_lost_account(reason: str, identifier: str) -> GraphError:
    if reason == "gone":
        return no_such_object(identifier)
    if reason == "role":
        return invalidated_token(492)
    return unavailable_user() if reason == "unavailable" else no_permission()
