"""One HTTP connection: reads requests, has them answered, writes the answers."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, ClassVar

from instagram_sandbox.graph_api import admin

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.call import Answer
    from instagram_sandbox.graph_api.server import GraphApiServer


class Handler(BaseHTTPRequestHandler):
    """Serves a connection for as long as the client keeps it."""

    owner: ClassVar[GraphApiServer]
    protocol_version = "HTTP/1.1"
    # A kept connection would else wait 40 ms for each answer's second packet.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer a GET."""
        self._respond()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._respond()

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self._respond()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        """Keep quiet: the owner keeps the log."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Give the Date header by the sandbox's clock, as Meta gives it by its own."""
        return super().date_time_string(
            self.owner.clock.now().timestamp() if timestamp is None else timestamp
        )

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path.startswith(admin.PREFIX):
            self._send(admin.answer(self.owner, self.command, self.path, body))
            return
        scheme, _, bearer = self.headers.get("Authorization", "").partition(" ")
        answer = self.owner.exchange(
            self.command,
            self.path,
            body,
            bearer=bearer if scheme == "Bearer" else None,
            user_agent=self.headers.get("User-Agent", ""),
        )
        if answer is None:
            self.close_connection = True
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = answer.text().encode()
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
