"""Which Graph API receives the requests: its host, its version, and how a request is signed.

Only Meta and this machine may receive tokens, and other hosts if they are trusted. The sandbox and
proxies take Meta's place with setting `api_url`. Whoever can change this setting would otherwise
have all tokens sent to a host of their own.

Metrics appear and disappear in all versions at once: a version only keeps fields and errors the
same (Graph API: versions and their dates).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests.auth import AuthBase
from typing_extensions import override

if TYPE_CHECKING:
    from requests import PreparedRequest

HOSTS = {"facebook": "https://graph.facebook.com", "instagram": "https://graph.instagram.com"}


@dataclass(frozen=True)
class ApiConfig:
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


META_DOMAINS = ("facebook.com", "instagram.com")
TRUSTED_HOST_VARIABLE = "TAP_INSTAGRAM_BUSINESS_TRUSTED_HOST"
"""The environment variable that names the one host, other than Meta's, that may get secrets."""


def is_metas(api_url: str) -> bool:
    """Return whether requests go to Meta over TLS; '' stands for Meta's own address."""
    parts = urlsplit(api_url)
    host = parts.hostname or ""
    of_meta = any(host == domain or host.endswith(f".{domain}") for domain in META_DOMAINS)
    return not api_url or (parts.scheme == "https" and of_meta)


def is_this_machine(api_url: str) -> bool:
    """Return whether requests stay on this machine: `localhost` or a loopback address."""
    host = urlsplit(api_url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def describe_host(api_url: str, login: str) -> str:
    """Return in words whom requests go to: to Meta, or to another server in its place.

    Args:
        api_url: The value of setting `api_url`; '' for Meta's own address.
        login: The value of setting `login`.
    """
    if not api_url:
        return f"Meta, graph.{login}.com"
    host = urlsplit(api_url).netloc
    if is_metas(api_url):
        return f"Meta, {host}"
    if is_this_machine(api_url):
        return f"a server on this machine in place of Meta, {host}"
    return f"a server in place of Meta, {host}"


def host_problem(api_url: str, *, trusted_host: str, has_encrypted_secrets: bool) -> str:
    """Return why no token may be sent to an address; '' if tokens may be sent there.

    Args:
        api_url: The value of setting `api_url`; '' for Meta's own address.
        trusted_host: The value of the environment variable `TRUSTED_HOST_VARIABLE`.
        has_encrypted_secrets: Whether secrets are encrypted, so that they must not leave this
            machine in plain text without a second consent.
    """
    if is_metas(api_url) or is_this_machine(api_url):
        return ""
    parts = urlsplit(api_url)
    if parts.scheme != "https":
        return (
            "Setting `api_url` must begin with https://, because tokens would be sent in plain "
            "text: http:// is allowed for this machine only."
        )
    if has_encrypted_secrets and trusted_host.lower() != parts.hostname:
        return (
            f"Setting `api_url` names {parts.hostname}, which is not Meta's, and your secrets are "
            f"encrypted: remove the setting, or set the environment variable "
            f"{TRUSTED_HOST_VARIABLE} to {parts.hostname} if this host may have your tokens."
        )
    return ""


def host_warning(api_url: str) -> str:
    """Return a warning that tokens are sent to a host that is not Meta's; '' if they are not."""
    if is_metas(api_url) or is_this_machine(api_url):
        return ""
    host = urlsplit(api_url).hostname
    return f"Setting `api_url` sends all requests and tokens to {host}, which is not Meta's"


WARN_DAYS = 90
"""How many days before the end of a version a warning is logged."""

VERSION_ENDS = {
    "v19.0": dt.date(2026, 5, 21),
    "v20.0": dt.date(2026, 9, 24),
    "v21.0": dt.date(2027, 1, 21),
    "v22.0": dt.date(2027, 5, 20),
    "v23.0": dt.date(2027, 10, 8),
    "v24.0": dt.date(2028, 2, 18),
    "v25.0": dt.date(2028, 7, 29),
}
"""The day on which each version ends; versions older than these ended before.

Meta has set no end yet for v26.0 (of 2026-07-29) and v27.0 (of 2026-11-04).
"""

VERSION_REMEDY = "raise setting `api_version`, or leave it out"


def version_number(version: str) -> float:
    """Return the number of a version, so that versions can be compared."""
    return float(version.removeprefix("v"))


OLDEST_VERSION = min(VERSION_ENDS, key=version_number)


def version_end(version: str) -> dt.date | None:
    """Return the day on which a version ends; None if Meta has not set one yet."""
    return (
        VERSION_ENDS[OLDEST_VERSION]
        if version_number(version) < version_number(OLDEST_VERSION)
        else VERSION_ENDS.get(version)
    )


def has_ended(version: str, today: dt.date) -> bool:
    """Return whether a version has ended: Meta then answers its calls as a newer version."""
    end = version_end(version)
    return end is not None and end <= today


def version_warning(version: str, today: dt.date) -> str:
    """Return a warning that a version has ended or will end soon; '' if neither."""
    end = version_end(version)
    if end is None or (end - today).days >= WARN_DAYS:
        return ""
    if end <= today:
        when = "before" if version_number(version) < version_number(OLDEST_VERSION) else "on"
        other = f"Meta answers as another one: {VERSION_REMEDY}"
        return f"API version {version} ended {when} {end}, {other}"
    return f"API version {version} ends on {end}, in {(end - today).days} days: {VERSION_REMEDY}"
