"""What a request shows of us, and to whom."""

from __future__ import annotations

from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import Self

from tap_instagram_business.graph.api import ApiConfig
from tap_instagram_business.graph.calls import Call, SecretCall
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.graph.errors import Unreachable
from tests.tap_run import run_tap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from instagram_sandbox.graph_api import GraphApiServer

TOKEN = "EAAcanary-token-0123456789"


class Host:
    """A web server that keeps all it is sent, and may send everybody on to another."""

    def __init__(
        self,
        send_on_to: str = "",
        status: int = 307,
        *,
        body: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        received: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                received.append(f"{self.command} {self.path}\n{self.headers}{form}")
                self.send_response(status if send_on_to else 200)
                if send_on_to:
                    self.send_header("Location", send_on_to + self.path)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_args: Any) -> None:
                """Keep quiet."""

        self.received = received
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hosts() -> Iterator[ExitStack]:
    with ExitStack() as running:
        yield running


CALLS: dict[str, list[Call]] = {
    "a call": [Call("17841", params={"fields": "id"}, token=TOKEN)],
    "a batch": [Call("17841", edge, token=TOKEN) for edge in ("media", "stories")],
    "a secret call": [SecretCall("debug_token", params={"input_token": TOKEN}, token=TOKEN)],
}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("name", CALLS)
def test_a_redirect_hands_the_token_to_nobody(hosts: ExitStack, name: str, status: int) -> None:
    other = hosts.enter_context(Host())
    asked = hosts.enter_context(Host(send_on_to=other.url, status=status))
    session = hosts.enter_context(closing(GraphClient(ApiConfig(api_url=asked.url))))
    with pytest.raises(Unreachable):
        list(session.send_all(CALLS[name]))
    assert TOKEN in asked.received[0]
    assert other.received == []


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, f"tap-instagram-business/{version('tap-instagram-business')}"),
        ({"user_agent": "records of Acme, it@example.com"}, "records of Acme, it@example.com"),
    ],
)
def test_every_request_says_who_asks(
    serve: Callable[..., GraphApiServer], settings: dict[str, Any], name: str
) -> None:
    server = serve()
    run_tap(server, **settings)
    assert {request.user_agent for request in server.requests} == {name}
