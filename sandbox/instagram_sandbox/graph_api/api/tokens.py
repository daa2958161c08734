"""Access tokens: whose they are, what they may read, and until when."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Literal

from instagram_sandbox.graph_api.api.errors import (
    ended_token,
    expired_token,
    missing_token,
    no_permission,
    no_portfolio,
    parameter,
    unknown_token,
)
from instagram_sandbox.graph_api.pacific import graph_time
from instagram_sandbox.graph_api.settings import (
    FACEBOOK_SCOPES,
    INSTAGRAM_SCOPES,
    ApiSettings,
)

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.world import World
    from instagram_sandbox.graph_api.world.accounts import Account, Page

Kind = Literal["user", "page", "system_user", "instagram", "app"]
READ, INSIGHTS, COMMENTS, PORTFOLIO = range(4)
"""What a permission is for."""
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
        kind: Whose it is.
        scopes: The permissions granted.
        issued: When it was made.
        expires: When it ends; never if None.
        page: The Page of a page token.
        account: The account of an Instagram user token.
        long_lived: Whether it is one of sixty days or more; only others can be exchanged.
        ended: Why it is dead before its time, as code 190's subcode: 460 for a changed password.
        granted: Ids of the accounts that the person has ticked; all if None.
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

    def sees(self, account: Account) -> bool:
        """Whether it can read an account at all."""
        if self.granted is not None and account.id not in self.granted:
            return False
        if self.kind == "page":
            return self.page is not None and self.page.account == account
        return self.kind != "instagram" or self.account == account

    def lists(self, page: Page) -> bool:
        """Whether a Page is among those it was granted."""
        if self.page is not None:
            return self.page == page
        return self.granted is None if page.account is None else self.sees(page.account)

    def need(self, purpose: int) -> None:
        """Refuse with code 10, or 200, unless a permission for the purpose was granted."""
        if not _SCOPES[purpose] & set(self.scopes):
            raise no_portfolio() if purpose == PORTFOLIO else no_permission()


class TokenBook:
    """All tokens the API knows."""

    def __init__(self, world: World, settings: ApiSettings, started: datetime) -> None:
        self._settings = settings
        self._tokens: dict[str, Token] = {}
        for token in _first_tokens(world, settings, started):
            self.add(token)

    def add(self, token: Token) -> Token:
        """Let a token open the API."""
        self._tokens[token.text] = token
        return token

    def all(self) -> list[Token]:
        """Give every token, living or not."""
        return list(self._tokens.values())

    def end(self, text: str, subcode: int) -> None:
        """Kill a token before its time."""
        self._tokens[text] = replace(self._tokens[text], ended=subcode)

    def narrow(self, text: str, scope: str) -> None:
        """Take a permission away from a token."""
        token = self._tokens[text]
        scopes = tuple(name for name in token.scopes if name != scope)
        self._tokens[text] = replace(token, scopes=scopes)

    def get(self, text: str | None) -> Token | None:
        """Give a token, living or not."""
        return self._tokens.get(text or "")

    def open(self, text: str | None, proof: str | None, now: datetime) -> Token:
        """Give the living token of a call, and check what it is signed with.

        Raises:
            GraphError: 2500 without a token, 190 for one that is dead or unknown, 100 for a wrong
                or missing appsecret_proof.
        """
        if not text:
            raise missing_token()
        token = self._tokens.get(text)
        if token is None:
            raise unknown_token()
        if token.ended is not None:
            raise ended_token(token.ended)
        if token.expires is not None and now >= token.expires:
            raise expired_token(graph_time(token.expires), graph_time(now))
        self._check_proof(text, proof)
        return token

    def _check_proof(self, text: str, proof: str | None) -> None:
        if proof is None:
            if self._settings.require_proof:
                message = "API calls from the server require an appsecret_proof argument"
                raise parameter(message)
        elif not hmac.compare_digest(proof, proof_of(text, self._settings.app_secret)):
            message = "Invalid appsecret_proof provided in the API argument"
            raise parameter(message)


def proof_of(token: str, app_secret: str) -> str:
    """Give the appsecret_proof of a token. Graph API: securing requests."""
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


def unix(moment: datetime | None) -> int:
    """Give a moment in unix seconds, 0 for never."""
    return int(moment.astimezone(timezone.utc).timestamp()) if moment else 0
