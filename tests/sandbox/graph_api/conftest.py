"""Servers and their readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from instagram_sandbox.graph_api import GraphApiServer, WorldSettings

from .client import Client

Serve = Callable[..., Client]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers: `serve(posts=10)` for a world, `serve(server={...})` for the server."""
    with ExitStack() as stack:

        def start(
            server: dict[str, Any] | None = None, token: str = "sandbox-token", **world: Any
        ) -> Client:
            running = GraphApiServer(WorldSettings(**world), **(server or {}))
            client = Client(stack.enter_context(running), token)
            stack.callback(client.session.close)
            return client

        yield start


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    """A reader of the default world, for tests that change nothing."""
    with GraphApiServer() as server:
        client = Client(server)
        yield client
        client.session.close()
