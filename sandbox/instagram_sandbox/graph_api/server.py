"""The server: sockets, latency, and the faults of an HTTP exchange."""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import suppress
from http.server import ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api import Answer, Api, Call
from instagram_sandbox.graph_api.api.errors import GraphError
from instagram_sandbox.graph_api.clock import Clock
from instagram_sandbox.graph_api.faults import TRANSPORT, Fault, Faults
from instagram_sandbox.graph_api.gate import Gate
from instagram_sandbox.graph_api.handler import Handler
from instagram_sandbox.graph_api.request_log import Request, RequestLog
from instagram_sandbox.graph_api.settings import ApiSettings, WorldSettings
from instagram_sandbox.graph_api.usage import Usage
from instagram_sandbox.graph_api.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from typing_extensions import Self

HOST = "127.0.0.1"
_HTML = "<html><head><title>502 Bad Gateway</title></head><body>Sorry.</body></html>"


class GraphApiServer:
    """A Graph API on this machine. Use it as a context manager, or call `start` and `stop`.

    Args:
        world_settings: The world it shows.
        api_settings: How it answers.
        port: Where it listens; any free port if 0.
        latency: Seconds each HTTP round trip takes.
        batch_latency_share: How much of that each operation of a batch adds.
        clock: What time it is; stands still at the world's start if left out.
        allowance_calls: How many calls an account has in 24 hours; no limit if left out.

    Attributes:
        world: The truth.
        clock: The world's clock.
        api: The API, without HTTP; its `tokens` may be added to.
        faults: What is to go wrong.
        usage: Allowances.
        requests: What was asked.
        latency: Seconds each HTTP round trip takes; may be changed at any time.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        world_settings: WorldSettings | None = None,
        *,
        api_settings: ApiSettings | None = None,
        port: int = 0,
        latency: float = 0.0,
        batch_latency_share: float = 0.1,
        clock: Clock | None = None,
        allowance_calls: int | None = None,
    ) -> None:
        self.world = World(world_settings)
        self.clock = clock or Clock(self.world.settings.start)
        self.latency = latency
        self.batch_latency_share = batch_latency_share
        self.faults = Faults()
        self.usage = Usage(allowance_calls)
        self.requests = RequestLog()
        self.api = Api(self.world, api_settings or ApiSettings(), self.clock.now())
        self._gate = Gate(self.api, self.faults, self.usage)
        self._http = _Listener(port, self)
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:PORT`."""
        return f"http://{HOST}:{self.port}"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._http.server_address[1])

    @property
    def http_requests(self) -> int:
        """How many HTTP requests there were since the last reset."""
        return self.requests.http_requests

    @property
    def calls(self) -> int:
        """How many calls those held; each operation of a batch is one."""
        return self.requests.calls

    def reset_counts(self) -> None:
        """Forget the requests so far."""
        self.requests.reset()

    def start(self) -> Self:
        """Serve in a thread."""
        self._thread = Thread(target=self.serve, name="graph-api", daemon=True)
        self._thread.start()
        return self

    def serve(self) -> None:
        """Serve until `stop` is called from another thread."""
        self._http.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        """Stop serving and close every connection."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.server_close()

    def shutdown(self) -> None:
        """Let `serve` return; from another thread than it runs in."""
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

    def exchange(
        self, method: str, target: str, form: str, *, bearer: str | None, user_agent: str
    ) -> Answer | None:
        """Answer an HTTP request; None if the connection is to be dropped."""
        call = Call.read(
            method, target, form, bearer=bearer, now=self.clock.now(), base_url=self.url
        )
        operations, refusal = self._unpack(call)
        answer = self._answer(call, operations, refusal)
        if answer is not None:
            answer.headers["Facebook-API-Version"] = self.api.served_version(call)
        self.requests.add(
            Request(
                method=method,
                path=call.path,
                params={k: v for k, v in call.public_params.items() if k != "batch"},
                calls=max(1, len(operations)),
                status=answer.status if answer else 0,
                operations=tuple(operation.text() for operation in operations),
                token_in_url=call.token_in_url,
                user_agent=user_agent,
            )
        )
        return answer

    def _unpack(self, call: Call) -> tuple[list[Call], GraphError | None]:
        if call.method != "POST" or "batch" not in call.params or call.segments:
            return [], None
        try:
            return self._gate.operations(call), None
        except GraphError as error:
            return [], error

    def _answer(
        self, call: Call, operations: Sequence[Call], refusal: GraphError | None
    ) -> Answer | None:
        time.sleep(self.latency * (1 + self.batch_latency_share * len(operations)))
        whole = call.text() if not operations else f"POST {call.path}"
        text = "\n".join((whole, *(operation.text() for operation in operations)))
        fault = self.faults.strike(text, TRANSPORT)
        if fault is not None and fault.kind in {"drop", "stall"}:
            time.sleep(fault.seconds if fault.kind == "stall" else 0)
            return None
        if fault is not None and fault.kind != "truncated_body":
            return _broken(fault)
        if refusal is not None:
            return self.api.refuse(refusal)
        answer = (
            self._gate.answer_batch(call, operations) if operations else self._gate.answer(call)
        )
        if fault is not None:
            whole_body = answer.text()
            return Answer(answer.status, whole_body[: len(whole_body) // 2], answer.headers)
        return answer


def _broken(fault: Fault) -> Answer:
    if fault.kind == "html_502":
        return Answer(502, _HTML, {"Content-Type": "text/html; charset=utf-8"})
    return Answer(200, "") if fault.kind == "empty_body" else Answer(fault.status, fault.body)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    # On Windows the option would let a second server listen on the same port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, port: int, owner: GraphApiServer) -> None:
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        handler = type("BoundHandler", (Handler,), {"owner": owner})
        super().__init__((HOST, port), handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as in the base class
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Report what went wrong, unless it is a client that hung up."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
