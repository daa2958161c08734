"""How a request is authenticated: a header, and a proof that the app's secret is known."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from requests.auth import AuthBase
from typing_extensions import override

if TYPE_CHECKING:
    from requests import PreparedRequest


@dataclass(frozen=True)
class BearerToken(AuthBase):
    """Puts a token into the Authorization header, never into a URL, which proxies log."""

    token: str = field(repr=False)

    @override
    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self.token}"
        return r


def appsecret_proof(token: str, app_secret: str) -> str:
    """Return the hex HMAC-SHA256 of a token under the app's secret.

    Graph API: secure requests. It must be the secret of the app that issued the token.
    """
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
