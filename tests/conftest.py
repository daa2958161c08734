from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis
import pytest

from instagram_sandbox.graph_api import GraphApiServer, WorldSettings
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.graph.retries import RetryPolicy
from tests import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A busy machine must fail no test: speed is measured in benchmarks/.
hypothesis.settings.register_profile("any speed", deadline=None)
hypothesis.settings.load_profile("any speed")

SMALL = WorldSettings(accounts=2, posts=60, days=90, seed=7)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell how many distinct statements Google's analyzer saw in the local BigQueries."""
    if hasattr(config, "workerinput"):
        return
    counts = statements.counts(config._tmp_path_factory.getbasetemp())  # type: ignore[attr-defined]
    if counts:
        text = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
        terminalreporter.write_line(f"GoogleSQL statements: {text}")


@pytest.fixture
def serve() -> Iterator[Callable[..., GraphApiServer]]:
    """Start Graph APIs that end with the test, each fault of which must have happened."""
    servers: list[GraphApiServer] = []

    def start(settings: WorldSettings = SMALL, **options: object) -> GraphApiServer:
        server = GraphApiServer(settings, **options)  # type: ignore[arg-type]
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()
    assert [fault for server in servers for fault in server.faults.without_effect()] == []


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries come at once."""
    monkeypatch.setattr(GraphClient, "retry_policy", RetryPolicy(5, 0.01, 30.0))
