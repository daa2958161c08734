"""Run the simulated Graph API in a process of its own.

The one argument is JSON with any of the settings of `ServerSettings`:

    python -m instagram_sandbox.graph_api '{"port": 8010, "world": {"accounts": 3}}'
"""

from __future__ import annotations

import json
import signal
import sys
from threading import Thread

from instagram_sandbox.graph_api.clock import Clock
from instagram_sandbox.graph_api.server import GraphApiServer
from instagram_sandbox.graph_api.settings import ServerSettings


def main(text: str) -> int:
    """Serve until the process is interrupted or terminated.

    Args:
        text: The settings as JSON.

    Returns:
        The exit code: 1 if the port is in use, 2 if the settings are wrong.
    """
    try:
        settings = ServerSettings.from_json(json.loads(text))
        server = _server(settings)
    except OSError:
        sys.stderr.write(f"Port {settings.port} is in use: something else listens there.\n")
        return 1
    except (TypeError, ValueError) as error:
        sys.stderr.write(f"{error}.\n")
        return 2
    _run(server)
    return 0


def _server(settings: ServerSettings) -> GraphApiServer:
    return GraphApiServer(
        settings.world,
        api_settings=settings.api,
        port=settings.port,
        clock=Clock(settings.clock, running=settings.clock is None),
    )


def _run(server: GraphApiServer) -> None:
    def end(_signal: int, _frame: object) -> None:
        # `shutdown` waits for the loop that this handler interrupts.
        Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    sys.stderr.write(f"The sandbox's Graph API listens on {server.url}\n")
    sys.stderr.flush()
    try:
        server.serve()
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or ["{}"]))
