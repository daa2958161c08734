"""Access tokens: their owner, their permissions and their expiry."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Literal

from instagram_sandbox.graph_api.api.errors import (
    expired_token,
    invalid_parameter,
    invalidated_token,
    missing_token,
    no_business_permission,
    no_permission,
    unknown_token,
)
from instagram_sandbox.graph_api.pacific import graph_time
from instagram_sandbox.graph_api.settings import FACEBOOK_SCOPES, INSTAGRAM_SCOPES, ApiSettings

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.world import World
    from instagram_sandbox.graph_api.world.accounts import Account, Page

Kind = Literal["user", "page", "system_user", "instagram", "app"]
READ, INSIGHTS, COMMENTS, PORTFOLIO = range(4)
"""The purposes for which a token needs a permission."""
_SCOPES = {
    READ: {"instagram_basic", "instagram_business_basic"},
    INSIGHTS: {"instagram_manage_insights", "instagram_business_manage_insights"},
    COMMENTS: {"instagram_manage_comments", "instagram_business_manage_comments"},
    PORTFOLIO: {"business_management"},
}


@dataclass(frozen=True)
class Token:
    """An access token.

    Attributes:
        text: The token itself.
        kind: The kind of its owner.
        scopes: The permissions that were granted.
        issued: Moment at which it was issued.
        expires: Moment at which it expires. None if it never expires.
        page: The Page of a page token.
        account: The account of an Instagram user token.
        long_lived: Whether it is valid for sixty days or more. Only a short-lived token of the
            Instagram login can be exchanged.
        ended: Subcode of the error 190 if it was invalidated before its expiry, such as 460 for a
            changed password.
        granted: Ids of the accounts that the person selected in the dialog. None for all.
    """

    text: str
    kind: Kind
    scopes: tuple[str, ...]
    issued: datetime
    expires: datetime | None = None
    page: Page | None = None
    account: Account | None = None
    long_lived: bool = True
    ended: int | None = None
    granted: frozenset[str] | None = None

    def can_read(self, account: Account) -> bool:
        """Return whether the token may read an account."""
        if self.granted is not None and account.id not in self.granted:
            return False
        if self.kind == "page":
            return self.page is not None and self.page.account == account
        return self.kind != "instagram" or self.account == account

    def has_page(self, page: Page) -> bool:
        """Return whether a Page is among those that were granted to the token."""
        if self.page is not None:
            return self.page == page
        return self.granted is None if page.account is None else self.can_read(page.account)

    def require(self, purpose: int) -> None:
        """Check that the token has a permission for a purpose.

        Raises:
            GraphError: 10 or 200 if it has none.
        """
        if not _SCOPES[purpose] & set(self.scopes):
            raise no_business_permission() if purpose == PORTFOLIO else no_permission()


class TokenBook:
    """The tokens that the API knows.

    Args:
        world: The world, whose Pages and accounts have tokens.
        settings: Settings of the API.
        started: Moment at which the server started.
    """

    def __init__(self, world: World, settings: ApiSettings, started: datetime) -> None:
        self._settings = settings
        self._tokens: dict[str, Token] = {}
        for token in _first_tokens(world, settings, started):
            self.add(token)

    def add(self, token: Token) -> Token:
        """Add a token and return it."""
        self._tokens[token.text] = token
        return token

    def all(self) -> list[Token]:
        """Return all tokens, valid or not."""
        return list(self._tokens.values())

    def end(self, text: str, subcode: int) -> None:
        """Invalidate a token before its expiry; the subcode is that of the error 190."""
        self._tokens[text] = replace(self._tokens[text], ended=subcode)

    def remove_scope(self, text: str, scope: str) -> None:
        """Remove a permission from a token."""
        token = self._tokens[text]
        scopes = tuple(name for name in token.scopes if name != scope)
        self._tokens[text] = replace(token, scopes=scopes)

    def get(self, text: str | None) -> Token | None:
        """Return a token, valid or not, or None if it is unknown."""
        return self._tokens.get(text or "")

    def open(self, text: str | None, proof: str | None, now: datetime) -> Token:
        """Return the valid token of a call and check the call's appsecret_proof.

        Raises:
            GraphError: 2500 without a token, 190 if the token is invalid or unknown, 100 if the
                appsecret_proof is wrong or missing.
        """
        if not text:
            raise missing_token()
        token = self._tokens.get(text)
        if token is None:
            raise unknown_token()
        if token.ended is not None:
            raise invalidated_token(token.ended)
        if token.expires is not None and now >= token.expires:
            raise expired_token(graph_time(token.expires), graph_time(now))
        self._check_proof(text, proof)
        return token

    def _check_proof(self, text: str, proof: str | None) -> None:
        if proof is None:
            if self._settings.require_proof:
                message = "API calls from the server require an appsecret_proof argument"
                raise invalid_parameter(message)
        elif not hmac.compare_digest(proof, proof_of(text, self._settings.app_secret)):
            message = "Invalid appsecret_proof provided in the API argument"
            raise invalid_parameter(message)


def proof_of(token: str, app_secret: str) -> str:
    """Return the appsecret_proof for a token. Graph API: securing requests."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _first_tokens(world: World, settings: ApiSettings, started: datetime) -> list[Token]:
    long_ago = started - timedelta(days=30)
    expires = None
    if settings.token_expires_in is not None:
        expires = started + timedelta(seconds=settings.token_expires_in)
    if world.settings.login == "instagram":
        scopes = settings.scopes if settings.scopes is not None else INSTAGRAM_SCOPES
        names = [settings.access_token] + [
            f"{settings.access_token}-{place}" for place in range(2, len(world.account_ids) + 1)
        ]
        accounts = [world.account(account_id) for account_id in world.account_ids]
        return [
            Token(name, "instagram", scopes, long_ago, expires, account=account)
            for name, account in zip(names, accounts, strict=False)
        ]
    scopes = settings.scopes if settings.scopes is not None else FACEBOOK_SCOPES
    pages = [Token(page.access_token, "page", scopes, long_ago, page=page) for page in world.pages]
    own_page = {"page": world.pages[0]}.get(settings.token_kind)
    app = Token(f"{settings.app_id}|{settings.app_secret}", "app", (), long_ago)
    own = Token(
        settings.access_token,
        settings.token_kind,
        scopes,
        long_ago,
        expires,
        own_page,
        granted=_granted(world, settings),
    )
    return [*pages, app, own]


def _granted(world: World, settings: ApiSettings) -> frozenset[str] | None:
    if settings.granted_accounts is None:
        return None
    return frozenset(world.account_at(index).id for index in settings.granted_accounts)


def unix_time(moment: datetime | None) -> int:
    """Return a moment in Unix seconds, or 0 for None."""
    return int(moment.astimezone(timezone.utc).timestamp()) if moment else 0
