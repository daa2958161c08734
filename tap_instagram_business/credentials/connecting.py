"""From a token that Meta has just given to the records that the vault keeps.

What is kept is the narrowest that serves: with the Facebook login a Page's own token, which reads
one account and has no end of its own, in place of the person's, which reads all and ends.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tap_instagram_business.credentials import oauth, redaction
from tap_instagram_business.credentials.inspection import inspect
from tap_instagram_business.credentials.vault import Record
from tap_instagram_business.graph.accounts import Account, discover_accounts
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.graph.costs import Costs
from tap_instagram_business.graph.debug_token import TokenFacts
from tap_instagram_business.graph.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.oauth import App, Grant
    from tap_instagram_business.graph.session import GraphSession


@dataclass(frozen=True)
class Connection:
    """An account that can be read, with the token that reads it and what is known of that."""

    account: Account
    facts: TokenFacts

    def record(self, app: App, keys: KeyRing, now: dt.datetime) -> Record:
        """Return what the vault keeps of it."""
        return Record(
            account_id=self.account.id,
            login=app.login,
            token=keys.encrypt(self.account.token, self.account.id),
            user_id=self.facts.user_id,
            obtained=now,
            expires=self.facts.expires,
            data_access_expires=self.facts.data_access_expires,
        )


def connections(
    session: GraphSession, app: App, grant: Grant, account_ids: Sequence[str] = ()
) -> list[Connection]:
    """Find the accounts that a token reaches.

    Args:
        session: The Graph API.
        app: The app that the token is for.
        grant: The token.
        account_ids: The accounts wanted; all where none is named.

    Raises:
        GraphFailure: there is none, or Meta does not answer.
    """
    found = discover_accounts(
        session, grant.token, account_ids=account_ids, fields=["id", "username"], costs=Costs()
    )
    for error in found.unread.values():
        raise error
    if app.login == "instagram":
        return [Connection(account, _known(account, grant, session)) for account in found.accounts]
    accounts = _with_page_tokens(session, found.accounts)
    facts = inspect(session, app, [account.token for account in accounts])
    return [Connection(*pair) for pair in zip(accounts, facts, strict=True)]


def lasting(session: GraphSession, app: App, grant: Grant) -> Grant:
    """Return a token of unknown age as one that lives long, where that can be had.

    Tokens out of the app's dashboard live long already, and an exchange is refused; those of
    another kind cannot be renewed. So what fails here says nothing of the token.
    """
    ways = [oauth.exchange] if app.known else []
    if app.login == "instagram":
        ways = [oauth.refresh, *ways]
    elif next(inspect(session, app, [grant.token])).kind != "user":
        ways = []
    for way in ways:
        try:
            longer = way(app, grant.token)
        except GraphError:
            continue
        return replace(longer, scopes=longer.scopes or grant.scopes)
    return grant


def granted(session: GraphSession, app: App, grant: Grant) -> tuple[str, ...]:
    """Name the permissions that a token has; none where Meta does not tell."""
    if grant.scopes or app.login == "instagram":
        return grant.scopes
    answer = session.answer(Call("me", "permissions", token=grant.token))
    listed = [] if answer.error else answer.data.get("data", [])
    return tuple(entry["permission"] for entry in listed if entry.get("status") == "granted")


def _known(account: Account, grant: Grant, session: GraphSession) -> TokenFacts:
    """Tell what the Instagram login says of a token; `id` is who gave consent, within the app."""
    lives = dt.timedelta(seconds=grant.seconds) if grant.seconds else None
    return TokenFacts(
        user_id=str(account.node.get("id") or ""),
        expires=session.now() + lives if lives else None,
        scopes=grant.scopes,
    )


def _with_page_tokens(session: GraphSession, accounts: Sequence[Account]) -> list[Account]:
    """Give each account found through a Page that Page's token, where Meta hands it out."""
    params = {"fields": "access_token"}
    paged = [account for account in accounts if account.page.get("id")]
    calls = [Call(account.page["id"], params=params, token=account.token) for account in paged]
    tokens = {}
    for account, answer in zip(paged, session.answers(calls, Costs()), strict=True):
        tokens[account.id] = str(answer.data.get("access_token") or account.token)
    redaction.remember(*tokens.values())
    return [replace(account, token=tokens.get(account.id, account.token)) for account in accounts]
