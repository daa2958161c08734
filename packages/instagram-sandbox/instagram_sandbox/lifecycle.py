"""Starting, stopping and resetting the two servers of a sandbox."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from instagram_sandbox import meltano
from instagram_sandbox import world as worlds
from instagram_sandbox.errors import SandboxError
from instagram_sandbox.graph_api.settings import ApiSettings, ServerSettings, WorldSettings
from instagram_sandbox.servers import Server, port_is_free

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

BIGQUERY_PROJECT = "sandbox"


@dataclass(frozen=True)
class Options:
    """The options of `up` that do not define the world.

    Attributes:
        graph_port: Port of the Graph API.
        bigquery_port: Port of the local BigQuery.
        clock: Moment at which the world's clock stands still. None for the real time.
        latency: Number of seconds that the Graph API takes for each answer.
        no_graph: Whether the Graph API is left out.
        no_bigquery: Whether the local BigQuery is left out.
        analyzer: Whether Google's analyzer refuses statements in the local BigQuery.
        bigquery_limits: What the local BigQuery limits and refuses, as JSON.
    """

    graph_port: int
    bigquery_port: int
    clock: datetime | None = None
    latency: float = 0.0
    no_graph: bool = False
    no_bigquery: bool = False
    analyzer: bool = False
    bigquery_limits: str = "{}"


@dataclass(frozen=True)
class Launch:
    """A server and how it is started.

    Attributes:
        server: The server.
        port: Port on which it will listen.
        port_option: Name of the option that sets the port.
        arguments: Arguments of the Python interpreter.
    """

    server: Server
    port: int
    port_option: str
    arguments: list[str]


def graph_api(data_dir: Path) -> Server:
    """Return the server of the simulated Graph API."""
    return Server("graph_api", "Graph API", data_dir, "/_sandbox/health")


def bigquery(data_dir: Path) -> Server:
    """Return the server of the BigQuery emulator."""
    return Server("bigquery", "BigQuery", data_dir, "/healthz")


def servers(data_dir: Path) -> list[Server]:
    """Return both servers."""
    return [graph_api(data_dir), bigquery(data_dir)]


def up(data_dir: Path, choices: dict[str, Any], options: Options) -> Iterator[str]:
    """Start the servers that are not running.

    Args:
        data_dir: The directory of the sandbox.
        choices: The settings of the world that the user chose, by name.
        options: All other options.

    Yields:
        A line for the user on each step.

    Raises:
        SandboxError: If a port is in use, a server does not start, or the existing world differs
            from the choices.
    """
    world = worlds.load(data_dir)
    is_new = world is None
    world = world or worlds.create(choices, options.clock)
    worlds.check_choices(world, choices)
    if not options.no_bigquery:
        _check_emulator(data_dir, options)
        _check_limits(options.bigquery_limits)
    launches = list(_launches(data_dir, world, options))
    running = {launch.server: launch.server.running() for launch in launches}
    _check_ports([launch for launch in launches if not running[launch.server]])
    if is_new:
        worlds.save(world, data_dir)
        yield from _delete_bookmarks()
    for launch in launches:
        found = running[launch.server]
        state = "already up" if found else "up"
        found = found or launch.server.start(launch.arguments, launch.port)
        yield f"{launch.server.label}: {state} at {found.url}, pid {found.pid}"


def down(data_dir: Path) -> Iterator[str]:
    """Stop the servers that are running.

    Args:
        data_dir: The directory of the sandbox.

    Yields:
        A line for the user on each server.
    """
    for server in servers(data_dir):
        stopped = server.stop()
        yield f"{server.label}: " + (f"stopped, pid {stopped.pid}" if stopped else "was not up")


def reset(data_dir: Path) -> Iterator[str]:
    """Stop the servers and delete their data and the world, but no other file.

    Args:
        data_dir: The directory of the sandbox.

    Yields:
        A line for the user on each step.
    """
    yield from down(data_dir)
    worlds.delete(data_dir)
    for server in servers(data_dir):
        shutil.rmtree(server.storage, ignore_errors=True)
        server.log_path.unlink(missing_ok=True)
    yield f"Data deleted in {data_dir}"


def _launches(data_dir: Path, world: WorldSettings, options: Options) -> Iterator[Launch]:
    if not options.no_graph:
        settings = ServerSettings(
            world, ApiSettings(latency=options.latency), options.graph_port, options.clock
        )
        arguments = ["-m", "instagram_sandbox.graph_api", json.dumps(settings.to_json())]
        yield Launch(graph_api(data_dir), options.graph_port, "graph-port", arguments)
    if not options.no_bigquery:
        server = bigquery(data_dir)
        arguments = ["-m", "instagram_sandbox.bigquery", str(options.bigquery_port)]
        arguments += [BIGQUERY_PROJECT, str(server.storage), options.bigquery_limits]
        arguments += ["analyzer"] if options.analyzer else []
        yield Launch(server, options.bigquery_port, "bigquery-port", arguments)


def _check_emulator(data_dir: Path, options: Options) -> None:
    if "'" in str(data_dir):
        message = (
            f"The folder {data_dir} has an apostrophe in its name, with which the local BigQuery"
            " cannot work: give it another name, or choose another folder with --data-dir."
        )
        raise SandboxError(message)
    if find_spec("bqemulator") is None:
        message = (
            "The local BigQuery is not installed: it needs Python 3.11 or newer."
            " Leave it out with --no-bigquery."
        )
        raise SandboxError(message)
    if options.analyzer and find_spec("zetasql") is None:
        message = (
            "Google's analyzer is not installed: run pip install 'instagram-sandbox[analyzer]',"
            " or leave out --analyzer."
        )
        raise SandboxError(message)


def _check_limits(limits: str) -> None:
    from instagram_sandbox.bigquery.limits import Limits  # noqa: PLC0415 - needs Python 3.11

    try:
        Limits.from_json(limits)
    except (TypeError, ValueError) as error:
        message = f"The limits of the local BigQuery cannot be read: {error}"
        raise SandboxError(message) from None


def _check_ports(launches: list[Launch]) -> None:
    for launch in launches:
        if not port_is_free(launch.port):
            message = (
                f"Port {launch.port} is in use by another program. Stop it, or choose another port"
                f" for the {launch.server.label} with --{launch.port_option} (under Meltano with"
                f" SANDBOX_{launch.port_option.upper().replace('-', '_')} in meltano.yml)."
            )
            raise SandboxError(message)


def _delete_bookmarks() -> Iterator[str]:
    root = meltano.project_root()
    if root and meltano.delete_bookmarks(root):
        yield "This is a new world: Meltano's bookmarks of the earlier one are deleted"
