"""The Facebook login: dialog, codes and long-lived tokens. Graph API: access tokens."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.call import Answer, Call
from instagram_sandbox.graph_api.api.errors import GraphError, expired_token, unknown_token
from instagram_sandbox.graph_api.api.login import (
    CODE_LIFETIME,
    LONG_LIFETIME,
    SHORT_LIFETIME,
    WRONG_REDIRECT_URI,
    Dialog,
    Endpoint,
)
from instagram_sandbox.graph_api.api.tokens import Token, TokenBook
from instagram_sandbox.graph_api.pacific import graph_time
from instagram_sandbox.graph_api.settings import FACEBOOK_SCOPES

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from instagram_sandbox.graph_api.api.request import GraphRequest


class FacebookLogin(Dialog):
    """Issues user tokens. There are no refresh tokens: a valid token can be exchanged again."""

    known_scopes = FACEBOOK_SCOPES

    def endpoints(self) -> dict[tuple[str, tuple[str, ...]], Endpoint]:
        """Return the endpoints of this login by HTTP method and path."""
        return {
            ("GET", ("dialog", "oauth")): self.open,
            ("GET", ("oauth", "access_token")): self._token,
            ("POST", ("oauth", "access_token")): self._token,
        }

    def _token(self, call: Call) -> Answer:
        self._check_app(call)
        grant = call.params.get("grant_type")
        if grant == "fb_exchange_token":
            return self._exchange(call)
        if grant == "client_credentials":
            app_token = f"{self.settings.app_id}|{self.settings.app_secret}"
            return Answer(200, {"access_token": app_token, "token_type": "bearer"})
        code = self.redeem(call.params.get("code", ""))
        if code is None:
            raise _bad_code(36009)
        if call.now >= code.issued + CODE_LIFETIME:
            raise _bad_code(36007)
        if call.params.get("redirect_uri") != code.redirect_uri:
            raise _bad_code(36008)
        return self._answer(code.scopes, call.now, SHORT_LIFETIME)

    def _exchange(self, call: Call) -> Answer:
        old = self.tokens.get(call.params.get("fb_exchange_token"))
        if old is None or old.ended:
            raise unknown_token()
        if old.expires is not None and call.now >= old.expires:
            raise expired_token(graph_time(old.expires), graph_time(call.now))
        return self._answer(old.scopes, call.now, LONG_LIFETIME)

    def _answer(self, scopes: tuple[str, ...], now: datetime, lifetime: timedelta) -> Answer:
        token = Token(
            f"EAAsandbox{token_hex(40)}",
            "user",
            scopes,
            now,
            now + lifetime,
            long_lived=lifetime == LONG_LIFETIME,
        )
        self.tokens.add(token)
        seconds = int(lifetime.total_seconds())
        body = {"access_token": token.text, "token_type": "bearer", "expires_in": seconds}
        return Answer(200, body)

    def _check_app(self, call: Call) -> None:
        if call.params.get("client_id") != self.settings.app_id:
            message = "Error validating application. Cannot get application info."
            raise GraphError(101, message)
        if call.params.get("client_secret") != self.settings.app_secret:
            message = "Error validating client secret."
            raise GraphError(1, message)


def revoke(request: GraphRequest, tokens: TokenBook) -> dict[str, Any]:
    """Answer DELETE /{user-id}/permissions: the app loses all permissions, or a single one."""
    scopes = request.call.segments[2:] or tuple(
        name for name in [request.call.params.get("permission")] if name
    )
    for token in tokens.all():
        if token.kind == "app":
            continue
        if scopes:
            tokens.remove_scope(token.text, scopes[0])
        else:
            tokens.end(token.text, 458)
    return {"success": True}


def _bad_code(subcode: int) -> GraphError:
    return GraphError(100, _CODE_PROBLEMS[subcode], subcode)


_CODE_PROBLEMS = {
    36007: "This authorization code has expired.",
    36008: WRONG_REDIRECT_URI,
    36009: "This authorization code has been used.",
}
