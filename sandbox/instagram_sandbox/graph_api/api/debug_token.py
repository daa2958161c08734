"""What a token is. Graph API reference: debug_token."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import no_such_object, parameter
from instagram_sandbox.graph_api.api.reading import SYSTEM_USER, USER
from instagram_sandbox.graph_api.api.tokens import Token, TokenBook, unix

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.reading import Reading

DATA_ACCESS = timedelta(days=90)
_TYPES = {"user": "USER", "page": "PAGE", "system_user": "SYSTEM_USER", "app": "APP"}


def debug_token(reading: Reading, tokens: TokenBook) -> dict[str, Any]:
    """Answer /debug_token, a dead token with HTTP 200 too; the Instagram login has none."""
    if reading.instagram_login:
        raise no_such_object(reading.call.segments[0])
    text = reading.call.params.get("input_token")
    if not text:
        message = "You must provide an input_token"
        raise parameter(message)
    token = tokens.get(text)
    if token is None:
        error = {"code": 190, "message": "Invalid OAuth access token."}
        return {"data": {"error": error, "is_valid": False, "scopes": []}}
    return {"data": _describe(reading, token)}


def _describe(reading: Reading, token: Token) -> dict[str, Any]:
    described: dict[str, Any] = {
        "app_id": reading.settings.app_id,
        "type": _TYPES[token.kind],
        "application": "Sandbox",
        "data_access_expires_at": unix(token.issued + DATA_ACCESS),
        "expires_at": unix(token.expires),
        "is_valid": True,
        "issued_at": unix(token.issued),
        "scopes": list(token.scopes),
        "granular_scopes": [_granular(reading, token, scope) for scope in token.scopes],
        "user_id": SYSTEM_USER.id if token.kind == "system_user" else USER.id,
    }
    if token.page is not None:
        described["profile_id"] = token.page.id
    expired = token.expires is not None and reading.now >= token.expires
    if token.ended or expired:
        subcode = token.ended or 463
        error = {"code": 190, "message": "Error validating access token", "subcode": subcode}
        described |= {"is_valid": False, "error": error}
    return described


def _granular(reading: Reading, token: Token, scope: str) -> dict[str, Any]:
    world = reading.world
    seen = [world.account(name) for name in world.account_ids if token.sees(world.account(name))]
    if scope.startswith("instagram"):
        return {"scope": scope, "target_ids": [account.id for account in seen]}
    if scope.startswith("business"):
        return {"scope": scope, "target_ids": [world.business.id]}
    return {"scope": scope, "target_ids": [page.id for page in world.pages if token.lists(page)]}
