"""The log of HTTP requests, which tests and benchmarks read."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_REQUESTS = 50_000
"""The log keeps this many of the latest requests; it counts all."""


@dataclass(frozen=True)
class LoggedRequest:
    """An HTTP request that was answered.

    Attributes:
        method: GET, POST or DELETE.
        path: The path.
        params: The parameters, without secrets and without `batch`.
        calls: Number of calls: 1, or the number of operations of a batch.
        status: The HTTP status; 0 if the connection was dropped.
        operations: The operations of a batch, as `GET /v25.0/123/insights?metric=reach`.
        token_in_url: Whether the access token was sent as a parameter.
        user_agent: The User-Agent header.
    """

    method: str
    path: str
    params: dict[str, str]
    calls: int
    status: int
    operations: tuple[str, ...] = ()
    token_in_url: bool = False
    user_agent: str = ""

    @property
    def endpoint(self) -> str:
        """The method and the path, with `{id}` for numbers and without the version."""
        parts = [part for part in self.path.split("/") if part]
        if parts and parts[0][:1] == "v" and parts[0][1:2].isdigit():
            del parts[0]
        shown = ("{id}" if part.isdigit() else part for part in parts)
        batch = " (batch)" if self.operations else ""
        return f"{self.method} /{'/'.join(shown)}{batch}"


@dataclass
class RequestLog:
    """The requests since the start or the last reset, oldest first.

    Attributes:
        http_requests: Number of HTTP requests.
        calls: Number of calls; each operation of a batch is one call.
        by_endpoint: Number of HTTP requests by endpoint.
    """

    http_requests: int = 0
    calls: int = 0
    by_endpoint: Counter[str] = field(default_factory=Counter)
    _requests: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=MAX_REQUESTS))
    _lock: Lock = field(default_factory=Lock)

    def add(self, request: LoggedRequest) -> None:
        """Count a request and keep it."""
        with self._lock:
            self.http_requests += 1
            self.calls += request.calls
            self.by_endpoint[request.endpoint] += 1
            self._requests.append(request)

    def reset(self) -> None:
        """Forget all requests."""
        with self._lock:
            self.http_requests = self.calls = 0
            self.by_endpoint.clear()
            self._requests.clear()

    def stats(self) -> dict[str, Any]:
        """Return the numbers as JSON."""
        with self._lock:
            endpoints = dict(self.by_endpoint)
            return {
                "http_requests": self.http_requests,
                "calls": self.calls,
                "by_endpoint": endpoints,
            }

    def __iter__(self) -> Iterator[LoggedRequest]:
        with self._lock:
            return iter(list(self._requests))

    def __len__(self) -> int:
        return len(self._requests)
