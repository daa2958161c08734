"""What both logins share: the dialog, its codes, and the tokens made from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from instagram_sandbox.graph_api.api.call import Answer, Call
from instagram_sandbox.graph_api.api.errors import parameter

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.tokens import TokenBook
    from instagram_sandbox.graph_api.settings import ApiSettings
    from instagram_sandbox.graph_api.world import World

CODE_LIVES = timedelta(hours=1)
SHORT = timedelta(hours=1)
LONG = timedelta(seconds=5_183_944)
"""A long-lived token lives for some sixty days."""

OTHER_ADDRESS = (
    "Error validating verification code. Please make sure your redirect_uri is identical to the "
    "one you used in the OAuth dialog request"
)

Door = Callable[[Call], Answer]
"""What answers one of the addresses of a login; none of them needs a token to open."""


@dataclass(frozen=True)
class Code:
    """An authorization code, good once and for an hour.

    Attributes:
        text: The code itself.
        redirect_uri: Where the dialog sent it; the exchange must name the same address.
        scopes: What was granted.
        issued: When.
    """

    text: str
    redirect_uri: str
    scopes: tuple[str, ...]
    issued: datetime


class Dialog:
    """The page on which a person lets the app read his accounts, or not.

    Args:
        world: Who there is.
        settings: What the person answers.
        tokens: The tokens that come of it.
    """

    offered: tuple[str, ...] = ()
    fragment = ""

    def __init__(self, world: World, settings: ApiSettings, tokens: TokenBook) -> None:
        self.world, self.settings, self.tokens = world, settings, tokens
        self._codes: dict[str, Code] = {}

    def open(self, call: Call) -> Answer:
        """Send the person back to the app: with a code, or with what he said."""
        params = call.params
        redirect_uri = params.get("redirect_uri")
        if params.get("client_id") != self.settings.app_id or not redirect_uri:
            message = "Invalid platform app, or no redirect_uri"
            raise parameter(message)
        scopes = tuple(name for name in params.get("scope", "").split(",") if name)
        unknown = [name for name in scopes if name not in self.offered]
        if unknown:
            message = f"Invalid Scopes: {', '.join(unknown)}"
            raise parameter(message)
        if self.settings.deny_login:
            back = {
                "error": "access_denied",
                "error_reason": "user_denied",
                "error_description": "Permissions error",
            }
        else:
            code = Code(f"AQ{token_hex(24)}", redirect_uri, scopes or self.offered, call.now)
            self._codes[code.text] = code
            back = {"code": code.text}
        if "state" in params:
            back["state"] = params["state"]
        joint = "&" if "?" in redirect_uri else "?"
        target = f"{redirect_uri}{joint}{urlencode(back)}{self.fragment}"
        return Answer(302, "", {"Location": target})

    def take(self, text: str) -> Code | None:
        """Give a code and use it up; None if there is none such."""
        return self._codes.pop(text, None)
