"""Which hosts may receive the tokens: Meta's, this machine, and others only if they are trusted.

The sandbox and proxies take Meta's place with setting `api_url`. Whoever can change this setting
would otherwise have all tokens sent to a host of their own.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

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


def described(api_url: str, login: str) -> str:
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


def problem(api_url: str, *, trusted_host: str, has_encrypted_secrets: bool) -> str:
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


def warning(api_url: str) -> str:
    """Return a warning that tokens are sent to a host that is not Meta's; '' if they are not."""
    if is_metas(api_url) or is_this_machine(api_url):
        return ""
    host = urlsplit(api_url).hostname
    return f"Setting `api_url` sends all requests and tokens to {host}, which is not Meta's"
