"""Which requests the servers of the sandbox refuse: those that a web page may have sent.

Every page in a browser can send requests to 127.0.0.1. It cannot choose all of their headers, and
these headers show where a request comes from. A page whose host name is made to point to 127.0.0.1
(DNS rebinding) is recognised by its own name in the header `Host`.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ADDRESS = "127.0.0.1"
"""The address that the servers listen on."""
HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)
OWN_SITE = frozenset({"", "none"})
"""Values of `Sec-Fetch-Site` (Fetch Metadata) if no other page has caused the request."""
SIMPLE_BODIES = frozenset(
    {"", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"}
)
"""The types of bodies that a page can post to any server without asking it before (CORS)."""
FORM = "application/x-www-form-urlencoded"


def ask_without_proxies() -> None:
    """Let no request of this process to its own machine go through a proxy of the environment."""
    for name in ("NO_PROXY", "no_proxy"):
        others = os.environ.get(name, "")
        os.environ[name] = ",".join(filter(None, [ADDRESS, "localhost", others]))


def refusal(
    method: str, headers: Mapping[str, str], *, accepted_bodies: frozenset[str] = frozenset()
) -> str:
    """Return why a request is not served; '' if it is served.

    Args:
        method: The HTTP method.
        headers: The headers of the request; their names are in lower case.
        accepted_bodies: Types of `SIMPLE_BODIES` that the server reads all the same.
    """
    if not HOST.fullmatch(headers.get("host", "")):
        return "The header Host must name this machine: 127.0.0.1 or localhost."
    if "origin" in headers or headers.get("sec-fetch-site", "").lower() not in OWN_SITE:
        return "Requests of web pages are not served."
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if method == "POST" and has_body and kind in SIMPLE_BODIES - accepted_bodies:
        return "The header Content-Type must be application/json."
    return ""
