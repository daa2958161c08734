"""The server: the sockets on which the simulated Graph API can be reached."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from http.server import ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.application import Application
from instagram_sandbox.graph_api.handler import Handler
from instagram_sandbox.loopback import ADDRESS

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from instagram_sandbox.graph_api.clock import Clock
    from instagram_sandbox.graph_api.settings import ApiSettings, WorldSettings


class GraphApiServer(Application):
    """A simulated Graph API on a port of this machine.

    Use it as a context manager, or call `start` and `stop`.

    Args:
        world_settings: Settings of the world.
        api_settings: Settings of the API.
        clock: The world's clock. Without one, the time stands still at the world's start.
        port: Port on 127.0.0.1; 0 for any free port.

    Raises:
        OSError: If the port is in use.
    """

    def __init__(
        self,
        world_settings: WorldSettings | None = None,
        *,
        api_settings: ApiSettings | None = None,
        clock: Clock | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(world_settings, api_settings=api_settings, clock=clock)
        self._http = _Listener(port, self)
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        """The address of the server: `http://127.0.0.1:PORT`."""
        return f"http://{ADDRESS}:{self.port}"

    @property
    def port(self) -> int:
        """The port of the server."""
        return int(self._http.server_address[1])

    def start(self) -> Self:
        """Serve in a thread."""
        self._thread = Thread(target=self.serve, name="graph-api", daemon=True)
        self._thread.start()
        return self

    def serve(self) -> None:
        """Serve until another thread calls `shutdown` or `stop`."""
        self._http.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        """Stop serving and close all connections."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.server_close()

    def shutdown(self) -> None:
        """Make `serve` return. Call this from another thread than the one that serves."""
        self._http.shutdown()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    # On Windows this option would let a second server listen on the same port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, port: int, application: Application) -> None:
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        handler = type("BoundHandler", (Handler,), {"application": application})
        super().__init__((ADDRESS, port), handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as in the base class
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Print the error, unless a client closed its connection."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
