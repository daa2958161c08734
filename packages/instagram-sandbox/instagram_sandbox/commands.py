"""The commands of `instagram-sandbox`: start the servers, look at their data, stop them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from instagram_sandbox import lifecycle, meltano, output
from instagram_sandbox.errors import SandboxError
from instagram_sandbox.graph_api.settings import Login, WorldSettings, parse_moment
from instagram_sandbox.loopback import ask_without_proxies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

WORLD_OPTIONS = {
    "accounts": "Number of Instagram accounts.",
    "posts": "Number of posts of each account.",
    "days": "Number of days over which the posts were published.",
    "seed": "Seed of the world: another seed gives other accounts, posts and numbers.",
    "login": "Which of Meta's two APIs to simulate.",
}
"""The settings of a world that are options of `up`, with their help texts."""


def default_data_dir() -> Path:
    """Return `.sandbox` in the Meltano project, or in the current directory without one."""
    return (meltano.project_root() or Path()) / ".sandbox"


def world_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each setting in `WORLD_OPTIONS`; it is None if the user does not give it.

    A default of the option itself would look like a choice that differs from the existing world.
    """
    for name, text in reversed(WORLD_OPTIONS.items()):
        command = click.option(
            f"--{name}",
            type=click.Choice(get_args(Login)) if name == "login" else int,
            help=f"{text}  [default: {getattr(WorldSettings, name)}]",
        )(command)
    return command


def read_clock(_context: click.Context, _option: click.Parameter, text: str) -> datetime | None:
    """Read the option --clock: None stands for the real time."""
    try:
        return None if text == "now" else parse_moment(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.group()
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_data_dir,
    help="Directory for all data.  [default: .sandbox in the Meltano project or current directory]",
)
@click.pass_context
def sandbox(context: click.Context, data_dir: Path) -> None:
    """A simulated Instagram Graph API and a local BigQuery.

    They run on this machine and need no Meta account and no Google account.
    """
    ask_without_proxies()
    context.obj = data_dir.absolute()


@sandbox.command()
@world_options
@click.option(
    "--clock",
    default="now",
    metavar="ISO|now",
    callback=read_clock,
    show_default=True,
    help="Time in the world, such as 2026-11-20T12:00:00Z. It stands still unless it is `now`.",
)
@click.option(
    "--latency",
    default=0.0,
    show_default=True,
    help="Number of seconds that the Graph API takes for each answer.",
)
@click.option(
    "--graph-port",
    default=8010,
    envvar="SANDBOX_GRAPH_PORT",
    show_default=True,
    show_envvar=True,
    help="Port of the Graph API.",
)
@click.option(
    "--bigquery-port",
    default=9050,
    envvar="SANDBOX_BIGQUERY_PORT",
    show_default=True,
    show_envvar=True,
    help="Port of the local BigQuery.",
)
@click.option(
    "--bigquery-limits",
    default="{}",
    metavar="JSON",
    envvar="SANDBOX_BIGQUERY_LIMITS",
    show_envvar=True,
    help='Limits of Google that the local BigQuery has too, such as {"billing": false}.',
)
@click.option("--no-graph", is_flag=True, help="Do not start the Graph API.")
@click.option("--no-bigquery", is_flag=True, help="Do not start the local BigQuery.")
@click.option(
    "--analyzer",
    is_flag=True,
    help="Let Google's analyzer refuse SQL in the local BigQuery. It needs the extra `analyzer`.",
)
@click.pass_obj
def up(data_dir: Path, /, **options: Any) -> None:  # noqa: ANN401 - the options above
    """Start the servers that are not running, and wait until they answer.

    The first `up` makes a world, and the options for the world apply to it. The world then stays
    the same until `reset`.
    """
    values = {name: options.pop(name) for name in WORLD_OPTIONS}
    choices = {name: value for name, value in values.items() if value is not None}
    _print(lifecycle.up(data_dir, choices, lifecycle.Options(**options)))


@sandbox.command()
@click.pass_obj
def down(data_dir: Path) -> None:
    """Stop both servers and keep their data."""
    _print(lifecycle.down(data_dir))


@sandbox.command()
@click.pass_obj
def status(data_dir: Path) -> None:
    """Tell whether the servers are running; exit with 1 if one is not."""
    running = {server: server.running() for server in lifecycle.servers(data_dir)}
    for server, found in running.items():
        click.echo(
            f"{server.label}: " + (f"up at {found.url}, pid {found.pid}" if found else "down")
        )
    if not all(running.values()):
        raise SystemExit(1)


@sandbox.command()
@click.pass_obj
def reset(data_dir: Path) -> None:
    """Stop both servers and delete their data: the next `up` makes a new world."""
    _print(lifecycle.reset(data_dir))


@sandbox.command()
@click.argument("sql")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per row.")
@click.pass_obj
def query(data_dir: Path, sql: str, *, as_json: bool) -> None:
    """Run a query in the local BigQuery, such as "SELECT * FROM instagram.accounts"."""
    _print(output.query(data_dir, sql, as_json=as_json))


@sandbox.command()
@click.pass_obj
def report(data_dir: Path) -> None:
    """Show what was loaded, and the number of requests to the Graph API."""
    _print(output.report(data_dir))


def _print(lines: Iterator[str]) -> None:
    try:
        for line in lines:
            click.echo(line)
    except SandboxError as error:
        raise click.ClickException(str(error)) from None
