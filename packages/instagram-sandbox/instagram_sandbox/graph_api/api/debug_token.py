"""The answer to /debug_token, which describes a token. Graph API reference: debug_token."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import invalid_parameter, no_such_object
from instagram_sandbox.graph_api.api.request import SYSTEM_USER, USER
from instagram_sandbox.graph_api.api.tokens import Token, TokenBook, unix_time

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.request import GraphRequest

DATA_ACCESS = timedelta(days=90)
_TYPES = {"user": "USER", "page": "PAGE", "system_user": "SYSTEM_USER", "app": "APP"}


def debug_token(request: GraphRequest, tokens: TokenBook) -> dict[str, Any]:
    """Answer /debug_token; for an invalid token too, the HTTP status is 200.

    Raises:
        GraphError: With the Instagram login, which has no /debug_token, or without `input_token`.
    """
    if request.instagram_login:
        raise no_such_object(request.call.segments[0])
    text = request.call.params.get("input_token")
    if not text:
        message = "You must provide an input_token"
        raise invalid_parameter(message)
    token = tokens.get(text)
    if token is None:
        error = {"code": 190, "message": "Invalid OAuth access token."}
        return {"data": {"error": error, "is_valid": False, "scopes": []}}
    return {"data": _describe(request, token)}


def _describe(request: GraphRequest, token: Token) -> dict[str, Any]:
    description: dict[str, Any] = {
        "app_id": request.settings.app_id,
        "type": _TYPES[token.kind],
        "application": "Sandbox",
        "data_access_expires_at": unix_time(token.issued + DATA_ACCESS),
        "expires_at": unix_time(token.expires),
        "is_valid": True,
        "issued_at": unix_time(token.issued),
        "scopes": list(token.scopes),
        "granular_scopes": [_granular(request, token, scope) for scope in token.scopes],
        "user_id": SYSTEM_USER.id if token.kind == "system_user" else USER.id,
    }
    if token.page is not None:
        description["profile_id"] = token.page.id
    expired = token.expires is not None and request.now >= token.expires
    if token.ended or expired:
        subcode = token.ended or 463
        error = {"code": 190, "message": "Error validating access token", "subcode": subcode}
        description |= {"is_valid": False, "error": error}
    return description


def _granular(request: GraphRequest, token: Token, scope: str) -> dict[str, Any]:
    world = request.world
    accounts = [world.account(account_id) for account_id in world.account_ids]
    ids = [account.id for account in accounts if token.can_read(account)]
    if scope.startswith("instagram"):
        return {"scope": scope, "target_ids": ids}
    if scope.startswith("business"):
        return {"scope": scope, "target_ids": [world.business.id]}
    return {"scope": scope, "target_ids": [page.id for page in world.pages if token.has_page(page)]}
