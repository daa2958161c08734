"""Which Graph API to ask, and as which app."""

from __future__ import annotations

from dataclasses import dataclass, field

HOSTS = {"facebook": "https://graph.facebook.com", "instagram": "https://graph.instagram.com"}


@dataclass(frozen=True)
class Access:
    """Which Graph API to ask, and as which app.

    Attributes:
        login: `facebook` (graph.facebook.com) or `instagram` (graph.instagram.com).
        api_version: such as `v25.0`; in every path, since without one Meta picks an old one.
        app_secret: signs every call where it is given.
        api_url: another host than Meta's.
        user_agent: what to say one is.
        parallel_requests: how many requests may be under way at once.
        several_tokens: whether accounts have tokens of their own, so that a dead one is the
            trouble of its account and not of all.
    """

    login: str = "facebook"
    api_version: str = "v25.0"
    app_secret: str = field(default="", repr=False)
    api_url: str = ""
    user_agent: str = "tap-instagram-business"
    parallel_requests: int = 4
    several_tokens: bool = False

    @property
    def url(self) -> str:
        """The versioned address that all paths stand below."""
        return f"{(self.api_url or HOSTS[self.login]).rstrip('/')}/{self.api_version}"
