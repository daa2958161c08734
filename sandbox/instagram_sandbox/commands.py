"""The sandbox's commands: start it, look at what arrived, stop it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

WORLD_OPTIONS = ("accounts", "posts", "days", "seed", "login")


def default_data_dir() -> Path:
    """Return the sandbox's place: in the Meltano project, or else where one is."""
    return Path(os.environ.get("MELTANO_PROJECT_ROOT", "")) / ".sandbox"


@click.group()
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_data_dir,
    help="Where it keeps its data.  [default: .sandbox in the Meltano project, or here]",
)
@click.pass_context
def sandbox(context: click.Context, data_dir: Path) -> None:
    """A local Graph API and a local BigQuery: everything runs with no account anywhere."""
    context.obj = data_dir.absolute()


@sandbox.command()
@click.option("--accounts", type=int, help="Instagram accounts in the world.  [default: 2]")
@click.option("--posts", type=int, help="Posts of each account.  [default: 300]")
@click.option("--days", type=int, help="Days over which they were posted.  [default: 365]")
@click.option("--seed", type=int, help="Another seed, another world.  [default: 1]")
@click.option("--login", type=click.Choice(["facebook", "instagram"]), help="Which of Meta's APIs.")
@click.option("--clock", default="now", help="What time it is there.  [default: now]")
@click.option("--latency", default=0.0, help="Seconds the Graph API takes for an answer.")
@click.option("--graph-port", default=8010, envvar="SANDBOX_GRAPH_PORT", show_default=True)
@click.option("--bigquery-port", default=9050, envvar="SANDBOX_BIGQUERY_PORT", show_default=True)
@click.option("--no-graph", is_flag=True, help="Without the Graph API.")
@click.option("--no-bigquery", is_flag=True, help="Without the BigQuery.")
@click.pass_obj
def up(data_dir: Path, /, **options: Any) -> None:  # noqa: ANN401
    """Start both servers, or the one that is missing, and wait until they answer."""
    from instagram_sandbox import lifecycle  # noqa: PLC0415

    wishes = {name: options.pop(name) for name in WORLD_OPTIONS}
    wishes = {name: wish for name, wish in wishes.items() if wish is not None}
    _say(lifecycle.up(data_dir, wishes, lifecycle.Options(**options)))


@sandbox.command()
@click.pass_obj
def down(data_dir: Path) -> None:
    """Stop both servers; what they hold is kept."""
    from instagram_sandbox import lifecycle  # noqa: PLC0415

    _say(lifecycle.down(data_dir))


@sandbox.command()
@click.pass_obj
def status(data_dir: Path) -> None:
    """Tell whether the servers are up; exit 1 if one is not."""
    from instagram_sandbox import lifecycle  # noqa: PLC0415

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
    """Stop both servers and delete all they hold: the next `up` makes a new world."""
    from instagram_sandbox import lifecycle  # noqa: PLC0415

    _say(lifecycle.reset(data_dir))


@sandbox.command()
@click.argument("sql")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def query(data_dir: Path, sql: str, *, as_json: bool) -> None:
    """Ask the local BigQuery: query "SELECT * FROM instagram.accounts"."""
    from instagram_sandbox import reading  # noqa: PLC0415

    _say(reading.query(data_dir, sql, as_json=as_json))


@sandbox.command()
@click.pass_obj
def report(data_dir: Path) -> None:
    """Show what arrived in the local BigQuery, and what the Graph API was asked for it."""
    from instagram_sandbox import reading  # noqa: PLC0415

    _say(reading.report(data_dir))


def _say(lines: Iterator[str]) -> None:
    from instagram_sandbox.failure import SandboxError  # noqa: PLC0415

    try:
        for line in lines:
            click.echo(line)
    except SandboxError as error:
        raise click.ClickException(str(error)) from None
