"""What every answer is made with: the world, the call, and the token it is read with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    ended_token,
    no_permission,
    no_such_object,
    unavailable_user,
    unknown_alias,
)
from instagram_sandbox.graph_api.api.fields import Field, parse_fields
from instagram_sandbox.graph_api.api.tokens import READ, Token
from instagram_sandbox.graph_api.pacific import ONE_DAY
from instagram_sandbox.graph_api.world.accounts import (
    Account,
    Asset,
    Business,
    Page,
)
from instagram_sandbox.graph_api.world.conversation import Comment, TaggedMedia
from instagram_sandbox.graph_api.world.posts import Media, Slide

if TYPE_CHECKING:
    from datetime import datetime

    from instagram_sandbox.graph_api.api.call import Call
    from instagram_sandbox.graph_api.settings import ApiSettings
    from instagram_sandbox.graph_api.world import World
    from instagram_sandbox.graph_api.world.world import Thing

SIGNED = frozenset({"media_url", "thumbnail_url", "profile_picture_url"})


@dataclass(frozen=True)
class User:
    """The person, or the system user, whom a Facebook token belongs to."""

    id: str
    name: str


class SystemUser(User):
    """A system user, who has what a business portfolio has assigned to it."""


USER = User("5550000000000001", "Sandbox Person")
SYSTEM_USER = SystemUser("6660000000000001", "Sandbox System User")
Node = User | Account | Page | Business | Asset | Media | Slide | Comment | TaggedMedia


Edge = Callable[["Reading", Any], dict[str, Any]]
"""What answers an edge of a node."""


@dataclass(frozen=True)
class Reading:
    """One call being answered.

    Attributes:
        world: What is read.
        settings: How the API answers.
        call: What is asked.
        token: Who asks.
        edges: The edges of each kind of node.
        number: Which reading of the world this is, for what differs at each.
    """

    world: World
    settings: ApiSettings
    call: Call
    token: Token
    edges: Mapping[type[Any], Mapping[str, Edge]]
    number: int

    @property
    def now(self) -> datetime:
        """The moment at which the answer holds."""
        return self.call.now

    @property
    def instagram_login(self) -> bool:
        """Whether this is graph.instagram.com rather than graph.facebook.com."""
        return self.world.settings.login == "instagram"

    def about(self, node: Node, wanted: Field) -> Reading:
        """Give the reading of an edge that is expanded within this answer."""
        version = f"/{self.call.version}" if self.call.version else ""
        inner = {"fields": wanted.inner} if wanted.inner is not None else {}
        call = self.call.about(f"{version}/{node.id}/{wanted.name}", {**wanted.params, **inner})
        return replace(self, call=call)

    def fields(self, default: str) -> tuple[Field, ...]:
        """Give the fields asked for."""
        return parse_fields(self.call.params.get("fields") or default)

    def find(self, identifier: str) -> Thing:
        """Give what an id stands for, if it is there and the token may read it.

        Raises:
            GraphError: 100/33 if not, 803 for what is no id at all, or what befell the account.
        """
        thing = self.world.find(identifier)
        if thing is None and not identifier.isdigit():
            raise unknown_alias(identifier)
        if thing is None or not self.world.exists(thing, self.now):
            raise no_such_object(identifier, self.call.method.lower())
        account = owner(thing)
        if account is not None and not isinstance(thing, Page):
            self._check(account, identifier)
        return thing

    def signed(self, url: str) -> str:
        """Sign a URL: it ends in a day or two, and is another one at each reading."""
        expiry = int((self.now + ONE_DAY * 1.4).timestamp())
        return (
            f"{url}?stp=dst-jpg&_nc_rid={self.number:010x}&oh=00_{expiry % 9973:04d}&oe={expiry:x}"
        )

    def _check(self, account: Account, identifier: str) -> None:
        if not self.token.sees(account):
            raise no_such_object(identifier)
        page = self.world.page_of(account) if self.token.kind in {"user", "system_user"} else None
        if page is not None and "ANALYZE" not in page.tasks:
            raise no_permission()
        reason = self.world.lost_accounts.get(account.id)
        if reason is not None:
            raise _lost(reason, identifier)
        self.token.need(READ)


def owner(thing: Thing) -> Account | None:
    """Give the account something belongs to, if to one."""
    if isinstance(thing, Account):
        return thing
    if isinstance(thing, Slide):
        return thing.album.account
    if isinstance(thing, Comment):
        return thing.media.account
    return thing.account


def _lost(reason: str, identifier: str) -> GraphError:
    if reason == "gone":
        return no_such_object(identifier)
    if reason == "role":
        return ended_token(492)
    return unavailable_user() if reason == "unavailable" else no_permission()
