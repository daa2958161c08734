"""The command that deletes old rows of Meltano's table of runs."""

from __future__ import annotations

import click

from tap_instagram_business.credentials.commands.options import examples
from tap_instagram_business.credentials.meltano_bridge import MeltanoBridge


@click.command("prune-runs", epilog=examples("tap-instagram-business prune-runs --days 30"))
@click.option(
    "--days",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="Runs that ended more than so many days ago are deleted.",
)
def prune_runs(days: int) -> None:
    """Delete old rows of Meltano's table of runs.

    Meltano keeps the whole state of every run in this table of its system database for ever: a
    thousand accounts need about 270 MB a year. States, from which the next runs continue, are kept
    elsewhere and are not touched.
    """
    with MeltanoBridge.of_current_project() as meltano:
        deleted = meltano.prune(days)
    click.echo(f"{deleted:,} runs were deleted.", err=True)
