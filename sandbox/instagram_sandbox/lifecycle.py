"""What the sandbox's commands do with its two servers."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instagram_sandbox import world as worlds
from instagram_sandbox.failure import SandboxError
from instagram_sandbox.servers import Server, port_is_free

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "instagram_sandbox"
BIGQUERY_PROJECT = "sandbox"


@dataclass(frozen=True)
class Options:
    """How this `up` shows the world."""

    graph_port: int
    bigquery_port: int
    clock: str = "now"
    latency: float = 0.0
    no_graph: bool = False
    no_bigquery: bool = False


@dataclass(frozen=True)
class Launch:
    """A server, and what it is to be started with."""

    server: Server
    port: int
    port_option: str
    arguments: list[str]


def graph_api(data_dir: Path) -> Server:
    """Return the fake Graph API's server."""
    return Server("graph_api", "Graph API", data_dir, "/_sandbox/health")


def bigquery(data_dir: Path) -> Server:
    """Return the BigQuery emulator's server."""
    return Server("bigquery", "BigQuery", data_dir, "/healthz")


def servers(data_dir: Path) -> list[Server]:
    """Return both servers."""
    return [graph_api(data_dir), bigquery(data_dir)]


def up(data_dir: Path, wishes: dict[str, Any], options: Options) -> Iterator[str]:
    """Start the servers that are not up.

    Args:
        data_dir: The sandbox's data directory.
        wishes: The fields of a world that the user asked for by name.
        options: How the world is to be shown.

    Yields:
        A line for the user on each thing done.

    Raises:
        SandboxError: If a port is taken, a server does not start, or there is another world
            than the one asked for.
    """
    world = worlds.kept_world(data_dir)
    is_new = world is None
    world = world or worlds.new_world(wishes, options.clock)
    worlds.check_wishes(world, wishes)
    if not options.no_bigquery:
        _check_emulator()
    launches = list(_launches(data_dir, world, options))
    running = {launch.server: launch.server.running() for launch in launches}
    _check_ports([launch for launch in launches if not running[launch.server]])
    if is_new:
        worlds.keep(world, data_dir)
        yield from _forget_bookmarks()
    for launch in launches:
        found = running[launch.server]
        said = "already up" if found else "up"
        found = found or launch.server.start(launch.arguments, launch.port)
        yield f"{launch.server.label}: {said} at {found.url}, pid {found.pid}"


def down(data_dir: Path) -> Iterator[str]:
    """Stop the servers that are up.

    Args:
        data_dir: The sandbox's data directory.

    Yields:
        A line for the user on each server.
    """
    for server in servers(data_dir):
        stopped = server.stop()
        yield f"{server.label}: " + (f"stopped, pid {stopped.pid}" if stopped else "was not up")


def reset(data_dir: Path) -> Iterator[str]:
    """Stop the servers and delete what they and the world left, and nothing else.

    Args:
        data_dir: The sandbox's data directory.

    Yields:
        A line for the user on each thing done.
    """
    yield from down(data_dir)
    worlds.forget(data_dir)
    for server in servers(data_dir):
        shutil.rmtree(server.storage, ignore_errors=True)
        server.log_path.unlink(missing_ok=True)
    yield f"Data deleted in {data_dir}"


def _launches(data_dir: Path, world: worlds.World, options: Options) -> Iterator[Launch]:
    if not options.no_graph:
        server = graph_api(data_dir)
        arguments = ["-m", f"{PACKAGE}.graph_api", f"--port={options.graph_port}"]
        arguments += [*world.arguments(), f"--clock={options.clock}"]
        arguments += [f"--latency={options.latency}", f"--data-dir={server.storage}"]
        yield Launch(server, options.graph_port, "graph-port", arguments)
    if not options.no_bigquery:
        server = bigquery(data_dir)
        arguments = ["-m", f"{PACKAGE}.bigquery", "start", f"--rest-port={options.bigquery_port}"]
        arguments += ["--grpc-port=0", f"--project={BIGQUERY_PROJECT}"]
        arguments += [f"--data-dir={server.storage}"]
        yield Launch(server, options.bigquery_port, "bigquery-port", arguments)


def _check_emulator() -> None:
    if find_spec("bqemulator") is None:
        message = (
            "The local BigQuery is not installed: it needs Python 3.11 or newer."
            " Leave it out with --no-bigquery."
        )
        raise SandboxError(message)


def _check_ports(launches: list[Launch]) -> None:
    for launch in launches:
        if not port_is_free(launch.port):
            message = (
                f"Port {launch.port} is in use by another program: stop it, or give the"
                f" {launch.server.label} another with --{launch.port_option}, under Meltano with"
                f" SANDBOX_{launch.port_option.upper().replace('-', '_')} in meltano.yml."
            )
            raise SandboxError(message)


def _forget_bookmarks() -> Iterator[str]:
    project_root = os.environ.get("MELTANO_PROJECT_ROOT")
    if project_root and worlds.forget_bookmarks(Path(project_root)):
        yield "New world: Meltano's bookmarks of the last one are deleted"
