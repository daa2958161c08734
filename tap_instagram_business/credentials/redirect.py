"""The way back from the consent page: caught on this machine, or pasted from another."""

from __future__ import annotations

import hmac
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override

from tap_instagram_business.credentials.failure import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = frozenset({"localhost", "127.0.0.1"})
PAGE = (
    b"<!doctype html><meta charset=utf-8><title>tap-instagram-business</title>"
    b"<p>Back in the terminal you see what came of it. This window can be closed."
)


def can_be_caught(redirect_uri: str) -> bool:
    """Whether the browser of this machine can bring the answer here; https it cannot."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


class Catcher:
    """Listens on this machine for the one request that ends a consent."""

    def __init__(self, redirect_uri: str) -> None:
        parts = urlsplit(redirect_uri)
        self._path = parts.path or "/"
        self._found: dict[str, str] = {}
        try:
            self._server = HTTPServer(("127.0.0.1", parts.port or 80), self._handler())
        except OSError as error:
            message = (
                f"Nothing can listen at {redirect_uri} ({error.strerror}): choose another port "
                "with --redirect-uri, or paste the answer with --paste"
            )
            raise CredentialsError(message) from None

    def close(self) -> None:
        """Stop listening."""
        self._server.server_close()

    def wait(self, seconds: float) -> Mapping[str, str]:
        """Return what the consent page sent back.

        Raises:
            CredentialsError: nothing came.
        """
        deadline = time.monotonic() + seconds
        while not self._found:
            self._server.timeout = deadline - time.monotonic()
            if self._server.timeout <= 0:
                message = (
                    f"Nobody came back from the consent page in {seconds:g} s: try again, with "
                    "--paste if the browser is on another machine"
                )
                raise CredentialsError(message)
            self._server.handle_request()
        return self._found

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        catcher = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                found = dict(parse_qsl(parts.query))
                ours = parts.path == catcher._path and found.keys() & {"code", "error"}
                self.send_response(200 if ours else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                if ours:
                    catcher._found = found
                    self.wfile.write(PAGE)

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the address holds the code."""

        return Handler


def pasted(address: str) -> Mapping[str, str]:
    """Read the address that a browser ended at."""
    return dict(parse_qsl(urlsplit(address.strip()).query))


def code_in(answer: Mapping[str, str], state: str) -> str:
    """Return the code of an answer to the consent that has this state.

    Raises:
        CredentialsError: it answers something else, or consent was denied.
    """
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        message = (
            "This is not the answer to the consent asked for (its state differs): it was not used; "
            "run `tap-instagram-business connect` again and use the newest page"
        )
        raise CredentialsError(message)
    if "error" in answer:
        why = answer.get("error_description") or answer.get("error_reason") or answer["error"]
        message = f"Consent was not given ({why}): nothing was stored"
        raise CredentialsError(message)
    if not answer.get("code"):
        message = "The answer holds no code: paste the whole address that the browser ended at"
        raise CredentialsError(message)
    return answer["code"]
