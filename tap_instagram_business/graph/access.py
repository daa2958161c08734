"""Which Graph API is asked, and how a request shows whose it is."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from requests.auth import AuthBase
from typing_extensions import override

if TYPE_CHECKING:
    from requests import PreparedRequest

HOSTS = {"facebook": "https://graph.facebook.com", "instagram": "https://graph.instagram.com"}


@dataclass(frozen=True)
class Access:
    """Which Graph API is asked, and as which app.

    Attributes:
        login: `facebook` (graph.facebook.com) or `instagram` (graph.instagram.com).
        api_version: such as `v25.0`; in every path, because Meta chooses an old version otherwise.
        app_secret: signs every call; '' for unsigned calls.
        api_url: another host than Meta's; '' for Meta's own.
        user_agent: the name that requests carry.
        parallel_requests: how many requests may be in flight at once, at most.
        several_tokens: whether each account has its own token, so that a dead token ends only its
            own account.
    """

    login: str = "facebook"
    api_version: str = "v26.0"
    app_secret: str = field(default="", repr=False)
    api_url: str = ""
    user_agent: str = "tap-instagram-business"
    parallel_requests: int = 16
    several_tokens: bool = False

    @property
    def url(self) -> str:
        """The address with the version; all paths are below it."""
        return f"{(self.api_url or HOSTS[self.login]).rstrip('/')}/{self.api_version}"


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
