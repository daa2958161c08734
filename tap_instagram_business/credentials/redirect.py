"""Receives the redirect from the consent page, or reads a redirect address that the user pastes.

Meta redirects the browser to an address with a code in its query. On this machine the code is
received by listening on localhost; if the browser is elsewhere, the user pastes the address.
"""

from __future__ import annotations

import hmac
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override

from tap_instagram_business.credentials.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = frozenset({"localhost", "127.0.0.1"})
PAGE = (
    b"<!doctype html><meta charset=utf-8><title>tap-instagram-business</title>"
    b"<p>The terminal shows the result. You can close this window."
)


def can_receive(redirect_uri: str) -> bool:
    """Whether the redirect can be received on localhost, which is possible with http only."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


class RedirectListener:
    """Listens on localhost for the one redirect that ends a consent."""

    def __init__(self, redirect_uri: str) -> None:
        parts = urlsplit(redirect_uri)
        self._path = parts.path or "/"
        self._query: dict[str, str] = {}
        try:
            self._server = HTTPServer(("127.0.0.1", parts.port or 80), self._handler())
        except OSError as error:
            message = (
                f"The redirect cannot be received at {redirect_uri} ({error.strerror}): choose "
                "another port with --redirect-uri, or paste the address with --paste"
            )
            raise CredentialsError(message) from None

    def close(self) -> None:
        """Stop listening."""
        self._server.server_close()

    def wait(self, seconds: float) -> Mapping[str, str]:
        """Wait for the redirect and return its query parameters.

        Raises:
            CredentialsError: The redirect did not come in time.
        """
        deadline = time.monotonic() + seconds
        while not self._query:
            self._server.timeout = deadline - time.monotonic()
            if self._server.timeout <= 0:
                message = (
                    f"The consent page did not redirect here within {seconds:g} s: try again, with "
                    "--paste if the browser is on another machine"
                )
                raise CredentialsError(message)
            self._server.handle_request()
        return self._query

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                is_redirect = parts.path == listener._path and query.keys() & {"code", "error"}
                self.send_response(200 if is_redirect else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                if is_redirect:
                    listener._query = query
                    self.wfile.write(PAGE)

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing, because the address contains the code."""

        return Handler


def pasted_query(address: str) -> Mapping[str, str]:
    """Return the query parameters of an address that the user pasted."""
    return dict(parse_qsl(urlsplit(address.strip()).query))


def code_from(query: Mapping[str, str], state: str) -> str:
    """Return the code in the query parameters of a redirect.

    Args:
        query: The query parameters.
        state: The random text that was sent to the consent page; the redirect must bring it back.

    Raises:
        CredentialsError: The redirect belongs to another consent, consent was denied, or there is
            no code.
    """
    if not hmac.compare_digest(query.get("state", "").encode(), state.encode()):
        message = (
            "This address belongs to another consent (its state differs), so it was not used: run "
            "`tap-instagram-business connect` again and use the newest page"
        )
        raise CredentialsError(message)
    if "error" in query:
        reason = query.get("error_description") or query.get("error_reason") or query["error"]
        message = f"Consent was not given ({reason}): nothing was stored"
        raise CredentialsError(message)
    if not query.get("code"):
        message = "This address contains no code: paste the whole address that the browser shows"
        raise CredentialsError(message)
    return query["code"]
