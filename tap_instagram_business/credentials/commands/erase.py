"""The command that erases accounts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from tap_instagram_business.credentials import warehouse
from tap_instagram_business.credentials.commands.given import (
    Given,
    confirmed,
    examples,
    pass_given,
    vault_option,
    yes_option,
)
from tap_instagram_business.credentials.erasure import Erasure, new_code
from tap_instagram_business.credentials.failure import CredentialsError
from tap_instagram_business.credentials.meltano_state import MeltanoStates, StateFile

ACCOUNT_ID = re.compile(r"\d+")


@click.command(
    epilog=examples(
        "tap-instagram-business erase 17841400000000001 --project my-project --dataset instagram",
        "tap-instagram-business erase 17841400000000001 --sql | bq query --nouse_legacy_sql",
    )
)
@click.argument("account_ids", metavar="ACCOUNT_ID…", nargs=-1, required=True)
@vault_option
@click.option(
    "--state-file",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="A state file.  [default: all states of the Meltano project here]",
)
@click.option("--no-state", is_flag=True, help="Leave bookmarks out.")
@click.option("--project", envvar="TARGET_BIGQUERY_PROJECT", help="The Google Cloud project.")
@click.option("--dataset", envvar="TARGET_BIGQUERY_DATASET", help="The BigQuery dataset.")
@click.option("--no-bigquery", is_flag=True, help="Leave BigQuery out.")
@click.option("--sql", is_flag=True, help="Do nothing, and write the statements for BigQuery.")
@click.option("--code", metavar="CODE", help="The confirmation code for the receipt.")
@yes_option
@pass_given
def erase(  # noqa: PLR0913 - one for each place that something may be kept
    given: Given,
    *,
    account_ids: tuple[str, ...],
    vault: str | None,
    state_file: Path | None,
    no_state: bool,
    project: str,
    dataset: str,
    no_bigquery: bool,
    sql: bool,
    code: str | None,
    yes: bool,
) -> None:
    """Erase all that is kept of accounts: tokens, bookmarks, and rows in BigQuery.

    What there is is shown first. A receipt in JSON comes on standard output.
    """
    if wrong := [name for name in account_ids if not ACCOUNT_ID.fullmatch(name)]:
        message = f"{', '.join(wrong)} is no account id: these are of digits only"
        raise CredentialsError(message)
    if sql:
        click.echo(
            warehouse.script(warehouse.dataset_name(project, dataset), account_ids), nl=False
        )
        return
    has_vault = vault or given.settings.get("vault_path")
    erasure = Erasure(
        account_ids=tuple(dict.fromkeys(account_ids)),
        vault=given.vault(vault) if has_vault else None,
        states=[] if no_state else [_states(state_file)],
        warehouse=None if no_bigquery else warehouse.Warehouse(project, dataset),
    )
    kept = erasure.kept()
    for line in kept.lines():
        click.echo(f"- {line}", err=True)
    if not list(kept.lines()):
        click.echo("- nothing is kept", err=True)
    if confirmed("Erase all this for good?", yes=yes):
        erasure.carry_out(kept)
        click.echo(json.dumps(erasure.receipt(kept, code or new_code())))


def _states(state_file: Path | None) -> MeltanoStates | StateFile:
    if state_file:
        return StateFile(state_file)
    project = MeltanoStates.here()
    if project is None:
        message = (
            "Here is no Meltano project: run this in one, name a state file with --state-file, or "
            "leave bookmarks out with --no-state"
        )
        raise CredentialsError(message)
    return project
