"""The command that erases accounts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from tap_instagram_business.credentials import bigquery
from tap_instagram_business.credentials.commands.options import (
    CommandSettings,
    confirm,
    examples,
    pass_settings,
    vault_option,
    yes_option,
)
from tap_instagram_business.credentials.erasure import Erasure, new_confirmation_code
from tap_instagram_business.credentials.errors import CredentialsError
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
    help="A state file.  [default: all states of the Meltano project in this directory]",
)
@click.option("--no-state", is_flag=True, help="Skip bookmarks.")
@click.option("--project", envvar="TARGET_BIGQUERY_PROJECT", help="The Google Cloud project.")
@click.option("--dataset", envvar="TARGET_BIGQUERY_DATASET", help="The BigQuery dataset.")
@click.option("--no-bigquery", is_flag=True, help="Skip BigQuery.")
@click.option("--sql", is_flag=True, help="Erase nothing; print the statements for BigQuery.")
@click.option(
    "--code",
    metavar="CODE",
    help="The confirmation code for the receipt.  [default: a new random code]",
)
@yes_option
@pass_settings
def erase(  # noqa: PLR0913 - one for each place that may contain data
    settings: CommandSettings,
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
    """Erase everything that is stored about accounts.

    This means tokens in the vault, bookmarks, and rows in BigQuery. The command first lists what it
    has found and asks for confirmation. At the end it prints a receipt in JSON.
    """
    if wrong := [text for text in account_ids if not ACCOUNT_ID.fullmatch(text)]:
        message = f"{', '.join(wrong)} is not an account id: an account id has digits only"
        raise CredentialsError(message)
    if sql:
        name = bigquery.full_name(project, dataset)
        click.echo(bigquery.deletion_script(name, account_ids), nl=False)
        return
    erasure = Erasure(
        account_ids=tuple(dict.fromkeys(account_ids)),
        vault=settings.vault_if_configured(vault),
        states=[] if no_state else [_states(state_file)],
        dataset=None if no_bigquery else bigquery.BigQueryDataset(project, dataset),
    )
    holdings = erasure.find_holdings()
    for line in list(holdings.lines()) or ["nothing was found"]:
        click.echo(f"- {line}", err=True)
    if confirm("Erase all of this permanently?", yes=yes):
        erasure.erase(holdings)
        click.echo(json.dumps(erasure.receipt(holdings, code or new_confirmation_code())))


def _states(state_file: Path | None) -> MeltanoStates | StateFile:
    if state_file:
        return StateFile(state_file)
    states = MeltanoStates.of_current_project()
    if states is None:
        message = (
            "This directory is not in a Meltano project: change to one, name a state file with "
            "--state-file, or skip bookmarks with --no-state"
        )
        raise CredentialsError(message)
    return states
