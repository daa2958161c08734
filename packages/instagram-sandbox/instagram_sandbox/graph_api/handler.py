"""One HTTP connection: reads requests, lets the application answer them, writes the answers."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, ClassVar

from instagram_sandbox import loopback
from instagram_sandbox.graph_api import admin
from instagram_sandbox.graph_api.api import Answer, Call

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.application import Application


class Handler(BaseHTTPRequestHandler):
    """Serves a connection for as long as the client keeps it open.

    Attributes:
        application: The application that answers; the server sets it in a subclass.
    """

    application: ClassVar[Application]
    protocol_version = "HTTP/1.1"
    # Otherwise the second packet of each answer would wait 40 ms on a connection that is kept.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer a GET request."""
        self._respond()

    def do_POST(self) -> None:
        """Answer a POST request."""
        self._respond()

    def do_DELETE(self) -> None:
        """Answer a DELETE request."""
        self._respond()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        """Print nothing: the application logs the requests."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header by the world's clock, as Meta's servers use their own clock."""
        return super().date_time_string(
            self.application.clock.now().timestamp() if timestamp is None else timestamp
        )

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        is_admin = self.path.startswith(admin.PREFIX)
        # The API itself takes forms, as Meta's does.
        forms = frozenset() if is_admin else frozenset({loopback.FORM})
        headers = {name.lower(): value for name, value in self.headers.items()}
        if reason := loopback.refusal(self.command, headers, accepted_bodies=forms):
            self._send(Answer(403, {"error": reason}))
            return
        if is_admin:
            self._send(admin.answer(self.application, self.command, self.path, body))
            return
        answer = self.application.answer(self._call(body), self.headers.get("User-Agent", ""))
        if answer is None:
            self.close_connection = True
        else:
            self._send(answer)

    def _call(self, body: str) -> Call:
        scheme, _, bearer = self.headers.get("Authorization", "").partition(" ")
        return Call.read(
            self.command,
            self.path,
            body,
            bearer=bearer if scheme == "Bearer" else None,
            now=self.application.clock.now(),
            base_url=f"http://{loopback.ADDRESS}:{self.connection.getsockname()[1]}",
        )

    def _send(self, answer: Answer) -> None:
        body = answer.text().encode()
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
