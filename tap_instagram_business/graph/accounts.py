"""The Instagram professional accounts that a token gives access to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from tap_instagram_business.graph.errors import GraphFailure
from tap_instagram_business.values import read_text, read_whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class NoAccount(GraphFailure):
    """The token is valid, but no Instagram professional account can be read with it."""


@dataclass(frozen=True)
class Account:
    """One Instagram professional account.

    Attributes:
        id: the `17841…` id.
        token: the access token that reads it.
        node: its fields as Meta gave them (Graph API: IG User).
        page: id, name and tasks of the Facebook Page it hangs on, where it was found by that.
    """

    id: str
    token: str = field(repr=False)
    node: Mapping[str, Any] = field(default_factory=dict, repr=False)
    page: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """How to name it to a person."""
        username = read_text(self.node.get("username"))
        return f"{self.id} ({username})" if username else self.id

    @property
    def followers(self) -> int | None:
        """The number of its followers; None if Meta does not tell."""
        return read_whole_number(self.node.get("followers_count"))


@dataclass(frozen=True)
class Missing:
    """Something that a token sees but that is not read.

    Attributes:
        text: a Page, an account or a list of them, with its name, and why it is not read.
        is_fault: whether an account may be lost by it that the token does give access to.
    """

    text: str
    is_fault: bool = False


@dataclass(frozen=True)
class TokenAccounts:
    """The accounts that a token, or the tokens of a vault, give access to.

    Attributes:
        accounts: the accounts to read.
        unread: accounts that were to be read but cannot be, each with the reason.
        missing: Pages and accounts that the token sees but that are not read, with the reason.
        owner: `id` and `name` of the token's owner, if Meta was asked.
        permissions: the granted permissions; None if Meta was not asked or does not tell.
    """

    accounts: tuple[Account, ...]
    unread: Mapping[str, GraphFailure] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    owner: Mapping[str, Any] = field(default_factory=dict)
    permissions: frozenset[str] | None = None

    def of(self, is_wanted: Callable[[str], bool]) -> Self:
        """Return the same with only those accounts that a function wants, by their ids."""
        accounts = tuple(account for account in self.accounts if is_wanted(account.id))
        unread = {name: error for name, error in self.unread.items() if is_wanted(name)}
        return replace(self, accounts=accounts, unread=unread)
