"""Run the local Graph API: `python -m instagram_sandbox.graph_api --help`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.clock import Clock
from instagram_sandbox.graph_api.server import GraphApiServer
from instagram_sandbox.graph_api.settings import ApiSettings, WorldSettings

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted or terminated; give the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        server = _server(chosen)
    except OSError:
        sys.stderr.write(f"Port {chosen.port} is in use: something else listens there.\n")
        return 1
    except (TypeError, ValueError) as error:
        sys.stderr.write(f"{error}.\n")
        return 2
    _run(server, chosen.data_dir)
    return 0


def _run(server: GraphApiServer, data_dir: Path | None) -> None:
    def end(_signal: int, _frame: object) -> None:
        # `shutdown` waits for the loop that this handler interrupts.
        Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if data_dir is not None:
        data_dir.mkdir(parents=True, exist_ok=True)
        about = {"url": server.url, "pid": os.getpid(), "world": server.world.settings.to_json()}
        (data_dir / "graph_api.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
    sys.stderr.write(f"The sandbox's Graph API listens on {server.url}\n")
    sys.stderr.flush()
    try:
        server.serve()
    finally:
        server.stop()


def _server(chosen: argparse.Namespace) -> GraphApiServer:
    return GraphApiServer(
        replace(WorldSettings.from_json(chosen.world), **_given(chosen, WorldSettings)),
        api_settings=ApiSettings(**_given(chosen, ApiSettings)),
        port=chosen.port,
        latency=chosen.latency,
        batch_latency_share=chosen.batch_latency_share,
        clock=_clock(chosen),
        allowance_calls=chosen.allowance_calls,
    )


def _clock(chosen: argparse.Namespace) -> Clock:
    moment = None if chosen.clock == "now" else chosen.clock
    return Clock(moment, running=moment is None or chosen.clock_runs)


def _given(chosen: argparse.Namespace, settings: type[Any]) -> dict[str, Any]:
    """Give those settings that were given on the command line."""
    names = (field.name for field in fields(settings))
    return {name: getattr(chosen, name) for name in names if name in chosen}


def _clock_at(text: str) -> datetime | str:
    return text if text == "now" else _moment(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        message = f"{text} has no time zone: write {text}Z for UTC"
        raise argparse.ArgumentTypeError(message)
    return moment


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m instagram_sandbox.graph_api",
        description="A local Graph API with a seeded world of Instagram accounts.",
        argument_default=argparse.SUPPRESS,
    )
    _add_world(parser.add_argument_group("the world"))
    _add_api(parser.add_argument_group("the API"))
    serving = parser.add_argument_group("serving")
    add = serving.add_argument
    add("--port", type=int, default=8010, help="where to listen on 127.0.0.1 (default 8010)")
    add("--latency", type=float, default=0.0, help="seconds each round trip takes")
    add("--batch-latency-share", type=float, default=0.1, help="more of it per batch operation")
    add(
        "--clock",
        type=_clock_at,
        default="now",
        metavar="ISO|now",
        help="the time in the world (default now)",
    )
    add("--clock-runs", action="store_true", default=False, help="let time pass from there")
    add("--allowance-calls", type=int, default=None, help="calls per account in 24 hours")
    add("--data-dir", type=Path, default=None, help="write graph_api.json there: URL and settings")
    return parser


def _add_world(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--accounts", type=int, help="how many accounts (default 2)")
    add("--posts", type=int, help="media per account at the start (default 300)")
    add("--days", type=int, help="days over which they were published (default 365)")
    add("--seed", type=int, help="another seed, another world (default 1)")
    add("--start", type=_moment, metavar="ISO", help="the moment at which those counts hold")
    add(
        "--login", choices=("facebook", "instagram"), help="which of Meta's APIs (default facebook)"
    )
    add("--stories-per-day", type=int, help="stories per account and day (default 2)")
    add("--end-labels", action="store_true", help="end_time names the end of the day it counts")
    add("--tiny-accounts", type=int, help="how many accounts have under 100 followers")
    add("--world", type=json.loads, default={}, help="any of the world's settings, as JSON")
    add("--converted-days-ago", type=int, help="media older than this have no insights")


def _add_api(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--access-token", help="the token that opens it (default sandbox-token)")
    add("--token-kind", choices=("user", "page", "system_user"), help="whose token that is")
    add("--app-id", help="the app's id")
    add("--app-secret", help="the app's secret (default sandbox-app-secret)")
    add("--require-proof", action="store_true", help="refuse calls without appsecret_proof")


if __name__ == "__main__":
    sys.exit(main())
