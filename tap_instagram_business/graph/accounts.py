"""Which Instagram professional accounts a token gives access to."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from tap_instagram_business.graph.calls import Answer, Call
from tap_instagram_business.graph.discovery import Discovery
from tap_instagram_business.graph.errors import GraphFailure
from tap_instagram_business.values import read_id, read_text, read_whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_instagram_business.graph.discovery import Missing
    from tap_instagram_business.graph.session import GraphSession

logger = logging.getLogger("tap-instagram-business.graph")


class NoAccount(GraphFailure):
    """The token is valid, but no Instagram professional account can be read with it."""


class OtherAccountsToken(GraphFailure):
    """An account is asked for by id, but the token belongs to another account."""

    def __init__(self) -> None:
        super().__init__("the token belongs to another account")


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


def discover_accounts(
    session: GraphSession,
    token: str,
    *,
    account_ids: Sequence[str],
    fields: Sequence[str],
) -> TokenAccounts:
    """Find the accounts of a token.

    Args:
        session: the Graph API.
        token: a user, page, system user or Instagram user token.
        account_ids: the accounts to read, in this order; empty for all accounts of the token.
        fields: the fields of each account to ask for.

    Raises:
        NoAccount: there is none.
        GraphFailure: Meta does not answer, or refuses the token.
    """
    if session.access.login == "instagram":
        found = _own(session, token, account_ids, fields)
    elif account_ids:
        found = _named(session, token, account_ids, fields)
    else:
        found = _discovered(session, token, fields)
    for item in found.missing:
        logger.log(logging.WARNING if item.is_fault else logging.INFO, "Not read: %s.", item)
    if not found.accounts and not found.unread:
        raise NoAccount(_no_account(found.missing))
    return found


def read_each(
    session: GraphSession, tokens: Mapping[str, str], *, fields: Sequence[str]
) -> TokenAccounts:
    """Read accounts that have a token each.

    Args:
        session: the Graph API.
        tokens: the token of each account, by id.
        fields: the fields of each account to ask for.

    Raises:
        GraphFailure: Meta does not answer.
    """
    own = session.access.login == "instagram"
    params = {"fields": ",".join(["user_id", *fields] if own else fields)}
    calls = (
        Call("me" if own else account_id, "", params, token, account_id, account_id)
        for account_id, token in tokens.items()
    )
    accounts: list[Account] = []
    unread: dict[str, GraphFailure] = {}
    for answer in session.answers(calls):
        account_id = answer.call.subject
        error = answer.error
        if own and not error and str(answer.data.get("user_id")) != account_id:
            unread[account_id] = OtherAccountsToken()
        elif error:
            unread[account_id] = error
        else:
            accounts.append(Account(account_id, tokens[account_id], answer.data))
    return TokenAccounts(tuple(accounts), unread)


def _own(
    session: GraphSession,
    token: str,
    account_ids: Sequence[str],
    fields: Sequence[str],
) -> TokenAccounts:
    """Instagram login: a token belongs to one account, whose `17841…` id is in `user_id`."""
    params = {"fields": ",".join(["user_id", *fields])}
    node = _data(session.answer(Call("me", params=params, token=token)))
    own_id = read_id(node.get("user_id"))
    if own_id is None:
        # `id` is another one, which only this app knows: its rows would be those of a new account.
        message = "Meta gave no user_id for the access token: run the tap again later"
        raise NoAccount(message)
    own = Account(id=own_id, token=token, node=node)
    if not account_ids:
        return TokenAccounts((own,))
    unread = {other: OtherAccountsToken() for other in account_ids if other != own.id}
    return TokenAccounts((own,) if own.id in account_ids else (), unread)


def _named(
    session: GraphSession,
    token: str,
    account_ids: Sequence[str],
    fields: Sequence[str],
) -> TokenAccounts:
    """Facebook login with given ids: no permission on any Page is needed."""
    params = {"fields": ",".join(fields)}
    answers = list(session.answers(Call(i, params=params, token=token) for i in account_ids))
    return TokenAccounts(
        tuple(Account(item.call.node, token, item.data) for item in answers if not item.error),
        {item.call.node: item.error for item in answers if item.error},
    )


def _discovered(session: GraphSession, token: str, fields: Sequence[str]) -> TokenAccounts:
    """Facebook login without ids: all accounts that can be found."""
    found = Discovery(session, token, fields).run()
    return TokenAccounts(
        tuple(
            Account(account_id, token, node, found.pages.get(account_id, {}))
            for account_id, node in found.nodes.items()
        ),
        unread=found.unread,
        missing=tuple(found.missing),
        owner=found.owner,
        permissions=found.permissions,
    )


def _no_account(missing: Sequence[Missing]) -> str:
    seen = f" (seen: {'; '.join(str(item) for item in missing[:3])})" if missing else ""
    return (
        "the access token gives access to no Instagram professional account: link the account to a "
        f"Facebook Page that the token's owner manages, or name it in setting `account_ids`{seen}"
    )


def _data(answer: Answer) -> Mapping[str, Any]:
    if answer.error:
        raise answer.error
    return answer.data
