"""The simulated Graph API as an application: a call goes in, an answer comes out, without sockets.

The modules build on each other in one direction: this application, the paths to control it
(`admin`), the HTTP connection (`handler`), and the socket (`server`).
"""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.api import Answer, Api, Call
from instagram_sandbox.graph_api.api.errors import GraphError
from instagram_sandbox.graph_api.clock import Clock
from instagram_sandbox.graph_api.faults.kinds import TRANSPORT
from instagram_sandbox.graph_api.gate import Gate
from instagram_sandbox.graph_api.request_log import LoggedRequest, RequestLog
from instagram_sandbox.graph_api.settings import ApiSettings, WorldSettings
from instagram_sandbox.graph_api.usage import Usage
from instagram_sandbox.graph_api.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instagram_sandbox.graph_api.faults.fault import Fault

_HTML = "<html><head><title>502 Bad Gateway</title></head><body>Sorry.</body></html>"


class Application:
    """A world, the API that shows it, and all that a test can change or count.

    Args:
        world_settings: Settings of the world.
        api_settings: Settings of the API.
        clock: The world's clock. Without one, the time stands still at the world's start.

    Attributes:
        world: The world that the API shows. Tests compare with it.
        clock: The world's clock.
        api: The API without HTTP. Tests may add tokens to `api.tokens`.
        faults: The faults that are ordered, and the record of those that have happened.
        usage: What each account has used of its allowance.
        requests: The log of the HTTP requests.
        latency: Number of seconds that each HTTP round trip takes. It may be changed at any time.
    """

    def __init__(
        self,
        world_settings: WorldSettings | None = None,
        *,
        api_settings: ApiSettings | None = None,
        clock: Clock | None = None,
    ) -> None:
        settings = api_settings or ApiSettings()
        self.world = World(world_settings)
        self.clock = clock or Clock(self.world.settings.start)
        self.latency = settings.latency
        self._batch_latency_share = settings.batch_latency_share
        self.usage = Usage(settings.allowance_calls)
        self.requests = RequestLog()
        self.api = Api(self.world, settings, self.clock.now())
        self.faults = self.api.faults
        self._gate = Gate(self.api, self.usage)
        self._turn = Lock()

    @property
    def http_requests(self) -> int:
        """Number of HTTP requests since the last reset."""
        return self.requests.http_requests

    @property
    def calls(self) -> int:
        """Number of calls in those requests; each operation of a batch is one call."""
        return self.requests.calls

    def reset_counts(self) -> None:
        """Forget the requests so far."""
        self.requests.reset()

    def answer(self, call: Call, user_agent: str) -> Answer | None:
        """Answer an HTTP request and log it.

        Args:
            call: The request.
            user_agent: Its User-Agent header.

        Returns:
            The answer, or None if the connection is to be dropped.
        """
        operations, error = self._unpack(call)
        answer = self._answer(call, operations, error)
        if answer is not None:
            answer.headers["Facebook-API-Version"] = self.api.served_version(call)
        self.requests.add(
            LoggedRequest(
                method=call.method,
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
        self, call: Call, operations: Sequence[Call], error: GraphError | None
    ) -> Answer | None:
        time.sleep(self.latency * (1 + self._batch_latency_share * len(operations)))
        first_line = f"POST {call.path}" if operations else call.text()
        text = "\n".join((first_line, *(operation.text() for operation in operations)))
        fault = self.faults.failure(text, TRANSPORT)
        if fault is not None and fault.kind in {"drop", "stall"}:
            time.sleep(fault.seconds if fault.kind == "stall" else 0)
            return None
        if fault is not None and fault.kind != "truncated_body":
            return _broken(fault)
        if error is not None:
            return self.api.error_answer(error)
        # Python computes one at a time anyway: threads that wait here do not hinder each other.
        with self._turn:
            answer = (
                self._gate.answer_batch(call, operations) if operations else self._gate.answer(call)
            )
        if fault is not None:
            body = answer.text()
            return Answer(answer.status, body[: len(body) // 2], answer.headers)
        return answer


def _broken(fault: Fault) -> Answer:
    if fault.kind == "html_502":
        return Answer(502, _HTML, {"Content-Type": "text/html; charset=utf-8"})
    return Answer(200, "") if fault.kind == "empty_body" else Answer(fault.status, fault.body)
