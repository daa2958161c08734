"""The Instagram login: dialog, codes and tokens that are refreshed. Instagram Platform: login."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.call import Answer, Call
from instagram_sandbox.graph_api.api.errors import GraphError
from instagram_sandbox.graph_api.api.login import (
    CODE_LIFETIME,
    LONG_LIFETIME,
    SHORT_LIFETIME,
    WRONG_REDIRECT_URI,
    Dialog,
    Endpoint,
)
from instagram_sandbox.graph_api.api.tokens import READ, Token
from instagram_sandbox.graph_api.settings import INSTAGRAM_SCOPES

if TYPE_CHECKING:
    from datetime import datetime

MIN_AGE_FOR_REFRESH = timedelta(hours=24)
"""A younger token cannot be refreshed."""


class InstagramLogin(Dialog):
    """Issues Instagram user tokens.

    A code is exchanged for a short-lived token, that for a long-lived token, and a long-lived token
    is refreshed.
    """

    known_scopes = INSTAGRAM_SCOPES
    fragment = "#_"

    def endpoints(self) -> dict[tuple[str, tuple[str, ...]], Endpoint]:
        """Return the endpoints of this login by HTTP method and path."""
        return {
            ("GET", ("oauth", "authorize")): self.open,
            ("POST", ("oauth", "access_token")): self._short,
            ("GET", ("access_token",)): self._long,
            ("GET", ("refresh_access_token",)): self._refresh,
        }

    def _short(self, call: Call) -> Answer:
        problem = self._problem(call)
        if problem:
            return _refused(problem)
        code = self.redeem(call.params.get("code", ""))
        if code is None or call.now >= code.issued + CODE_LIFETIME:
            return _refused("Matching code was not found or was already used")
        if call.params.get("redirect_uri") != code.redirect_uri:
            return _refused(WRONG_REDIRECT_URI)
        account = self.world.account_at(self.settings.person)
        token = self.tokens.add(
            Token(
                _new_token_text(),
                "instagram",
                code.scopes,
                call.now,
                call.now + SHORT_LIFETIME,
                account=account,
                long_lived=False,
            )
        )
        body = {
            "access_token": token.text,
            "user_id": account.app_scoped_id,
            "permissions": ",".join(token.scopes),
        }
        return Answer(200, body if self.settings.flat_token_answer else {"data": [body]})

    def _long(self, call: Call) -> Answer:
        if call.params.get("grant_type") != "ig_exchange_token":
            raise _unsupported_grant()
        if call.params.get("client_secret") != self.settings.app_secret:
            raise _wrong_secret()
        old = self.tokens.open(call.token, None, call.now)
        if old.long_lived:
            raise _already_long()
        return self._answer(old, call.now)

    def _refresh(self, call: Call) -> Answer:
        if call.params.get("grant_type") != "ig_refresh_token":
            raise _unsupported_grant()
        old = self.tokens.open(call.token, None, call.now)
        old.require(READ)
        if not old.long_lived or call.now < old.issued + MIN_AGE_FOR_REFRESH:
            raise _too_young()
        return self._answer(old, call.now)

    def _answer(self, old: Token, now: datetime) -> Answer:
        token = Token(
            _new_token_text(),
            "instagram",
            old.scopes,
            now,
            now + LONG_LIFETIME,
            account=old.account,
        )
        self.tokens.add(token)
        body: dict[str, Any] = {
            "access_token": token.text,
            "token_type": "bearer",
            "expires_in": int(LONG_LIFETIME.total_seconds()),
            "permissions": ",".join(token.scopes),
        }
        return Answer(200, body)

    def _problem(self, call: Call) -> str | None:
        if call.params.get("client_id") != self.settings.app_id:
            return "Invalid platform app"
        if call.params.get("client_secret") != self.settings.app_secret:
            return "Error validating client secret."
        if call.params.get("grant_type") != "authorization_code":
            return "You must provide a grant_type"
        return None


def _new_token_text() -> str:
    return f"IGAAsandbox{token_hex(40)}"


def _refused(message: str) -> Answer:
    """Return an error as api.instagram.com does, which has its own format."""
    body = {"error_type": "OAuthException", "code": 400, "error_message": message}
    return Answer(400, body)


def _unsupported_grant() -> GraphError:
    return GraphError(100, "Unsupported grant_type")


def _wrong_secret() -> GraphError:
    return GraphError(1, "Error validating client secret.")


def _already_long() -> GraphError:
    message = (
        "Session key invalid. This could be because the session key has an incorrect format, or "
        "because the user has revoked it"
    )
    return GraphError(452, message)


def _too_young() -> GraphError:
    message = "The access token must be long-lived and at least 24 hours old to be refreshed"
    return GraphError(100, message)
