"""Receives the redirect from the consent page, or reads a redirect address that the user pastes.

Meta redirects the browser to an address with a code in its query. On this machine the code is
received by listening on localhost; if the browser is elsewhere, the user pastes the address.
"""

from __future__ import annotations

import hmac
import queue
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
    """Listens on localhost for the redirect that ends a consent.

    Every program and every web page on this machine can send requests here. So each request has a
    thread of its own, and requests without the right state change nothing.

    Args:
        redirect_uri: The address to which Meta sends the browser.
        state: The random text that was sent to the consent page; the redirect must bring it back.
    """

    def __init__(self, redirect_uri: str, state: str) -> None:
        parts = urlsplit(redirect_uri)
        self._path = parts.path or "/"
        self._state = state
        self._queries: queue.Queue[Mapping[str, str]] = queue.Queue()
        try:
            self._server = _Server(("127.0.0.1", parts.port or 80), self._handler())
        except OSError as error:
            message = (
                f"The redirect cannot be received at {redirect_uri} ({error.strerror}): choose "
                "another port with --redirect-uri, or paste the address with --paste"
            )
            raise CredentialsError(message) from None
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> Mapping[str, str]:
        """Wait for the redirect and return its query parameters.

        Raises:
            CredentialsError: The redirect did not come in time.
        """
        try:
            return self._queries.get(timeout=seconds)
        except queue.Empty:
            message = (
                f"The consent page did not redirect here within {seconds:g} s: try again, with "
                "--paste if the browser is on another machine"
            )
            raise CredentialsError(message) from None

    def _answer(self, target: str) -> int:
        """Take the redirect, and return the HTTP status of the answer to a request."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        if parts.path != self._path or not query.keys() & {"code", "error"}:
            return 404
        if not has_state(query, self._state):
            return 403
        self._queries.put(query)
        return 200

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                status = listener._answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                if status == HTTPStatus.OK:
                    self.wfile.write(PAGE)

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing, because the address contains the code."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client that goes away is none of the user's concern."""


def has_state(query: Mapping[str, str], state: str) -> bool:
    """Whether the query parameters of a redirect bring back the state of this consent."""
    return hmac.compare_digest(query.get("state", "").encode(), state.encode())


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
    if not has_state(query, state):
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
