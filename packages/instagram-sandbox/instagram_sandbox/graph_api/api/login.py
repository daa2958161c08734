"""The login dialog and its codes, which both logins have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from instagram_sandbox.graph_api.api.call import Answer, Call
from instagram_sandbox.graph_api.api.errors import invalid_parameter

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.tokens import TokenBook
    from instagram_sandbox.graph_api.settings import ApiSettings
    from instagram_sandbox.graph_api.world import World

CODE_LIFETIME = timedelta(hours=1)
SHORT_LIFETIME = timedelta(hours=1)
LONG_LIFETIME = timedelta(seconds=5_183_944)
"""A long-lived token is valid for about sixty days."""

WRONG_REDIRECT_URI = (
    "Error validating verification code. Please make sure your redirect_uri is identical to the "
    "one you used in the OAuth dialog request"
)

Endpoint = Callable[[Call], Answer]
"""Answers a call to an endpoint of a login, such as the dialog. It needs no access token."""


@dataclass(frozen=True)
class Code:
    """An authorization code, which can be used once within an hour.

    Attributes:
        text: The code itself.
        redirect_uri: Address to which the dialog sent it. The exchange must name the same address.
        scopes: The permissions that were granted.
        issued: Moment at which it was issued.
    """

    text: str
    redirect_uri: str
    scopes: tuple[str, ...]
    issued: datetime


class Dialog:
    """The page on which a person allows an app to read their accounts, or refuses.

    Args:
        world: The accounts.
        settings: The answers of the person.
        tokens: The access tokens of the API, to which new ones are added.

    Attributes:
        known_scopes: The permissions that can be granted.
        fragment: The end of the address to which the person is sent back.
    """

    known_scopes: tuple[str, ...] = ()
    fragment = ""

    def __init__(self, world: World, settings: ApiSettings, tokens: TokenBook) -> None:
        self.world, self.settings, self.tokens = world, settings, tokens
        self._codes: dict[str, Code] = {}

    def open(self, call: Call) -> Answer:
        """Send the person back to the app, with a code or with the refusal.

        Raises:
            GraphError: If the app, the redirect address or a permission is unknown.
        """
        params = call.params
        redirect_uri = params.get("redirect_uri")
        if params.get("client_id") != self.settings.app_id or not redirect_uri:
            message = "Invalid platform app, or no redirect_uri"
            raise invalid_parameter(message)
        scopes = tuple(name for name in params.get("scope", "").split(",") if name)
        unknown = [name for name in scopes if name not in self.known_scopes]
        if unknown:
            message = f"Invalid Scopes: {', '.join(unknown)}"
            raise invalid_parameter(message)
        if self.settings.deny_login:
            answer = {
                "error": "access_denied",
                "error_reason": "user_denied",
                "error_description": "Permissions error",
            }
        else:
            code = Code(f"AQ{token_hex(24)}", redirect_uri, scopes or self.known_scopes, call.now)
            self._codes[code.text] = code
            answer = {"code": code.text}
        if "state" in params:
            answer["state"] = params["state"]
        separator = "&" if "?" in redirect_uri else "?"
        target = f"{redirect_uri}{separator}{urlencode(answer)}{self.fragment}"
        return Answer(302, "", {"Location": target})

    def redeem(self, text: str) -> Code | None:
        """Return a code, which cannot be used again, or None if it is unknown."""
        return self._codes.pop(text, None)
