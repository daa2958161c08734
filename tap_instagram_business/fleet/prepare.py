"""The command that lets the states of Meltano follow the number of shards."""

from __future__ import annotations

import os

import click

from tap_instagram_business.credentials.commands.options import examples
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.meltano_bridge import MeltanoBridge
from tap_instagram_business.fleet.resharding import count, moved

PIPELINE = "tap-instagram-business-to-target-bigquery"


@click.command(
    epilog=examples(
        "meltano --environment=fleet invoke tap-instagram-business prepare 16",
        "tap-instagram-business prepare 1 --state-id prod:tap-to-target",
    )
)
@click.argument("shards", type=click.IntRange(1, 999_999))
@click.option(
    "--state-id",
    metavar="ID",
    help="State id of a run without shards; the states of shards are named after it.  [default: "
    f"Meltano's environment and `{PIPELINE}`]",
)
def prepare(shards: int, state_id: str | None) -> None:
    """Let each account's bookmarks follow it to its shard.

    Run it before the shards, each time: it does nothing if the number of SHARDS is as before. With
    1, it brings all bookmarks back to a run without shards. No run may be under way.

    It also lets Meltano set up its system database, which many first runs at once could not.
    """
    with MeltanoBridge.of_current_project() as meltano:
        base = state_id or f"{_environment()}:{PIPELINE}"
        changed = moved(meltano.states(), base, shards)
        meltano.import_states(changed)
    click.echo(f"{base}: {count(changed):,} bookmarks moved, now in {shards} shards.", err=True)


def _environment() -> str:
    """Return Meltano's environment.

    Raises:
        CredentialsError: it is not known.
    """
    if not (name := os.environ.get("MELTANO_ENVIRONMENT")):
        message = "Meltano's environment is not known: set MELTANO_ENVIRONMENT, or give --state-id"
        raise CredentialsError(message)
    return name
