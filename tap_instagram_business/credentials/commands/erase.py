"""The command that erases accounts."""

from __future__ import annotations

import json
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
from tap_instagram_business.credentials.erasure import (
    DEFAULT_WAIT_SECONDS,
    Erasure,
    new_confirmation_code,
)
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.meltano_bridge import MeltanoBridge
from tap_instagram_business.credentials.meltano_state import MeltanoStates, StateFile
from tap_instagram_business.credentials.record import check_account_id
from tap_instagram_business.credentials.runs_under_way import RunsUnderWay
from tap_instagram_business.credentials.tombstones import Tombstones, project_directory
from tap_instagram_business.redaction import escape


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
@click.option(
    "--wait",
    "wait_minutes",
    type=click.FloatRange(min=0),
    default=DEFAULT_WAIT_SECONDS / 60,
    show_default=True,
    metavar="MINUTES",
    help="How long to wait for a run that is under way.",
)
@click.option(
    "--no-run",
    is_flag=True,
    help="Tell that no run is under way: do not wait, and delete the staging tables that a run "
    "left in BigQuery.",
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
    wait_minutes: float,
    no_run: bool,
    yes: bool,
) -> None:
    """Erase everything that is stored about accounts.

    This means tokens in the vault, bookmarks, and rows in BigQuery. The command first lists what it
    has found and asks for confirmation. It waits for a run that is under way. At the end it prints
    a receipt in JSON. An account that was erased is not read again until it is connected again.
    """
    for account_id in account_ids:
        check_account_id(account_id)
    if sql:
        name = bigquery.full_name(project, dataset)
        click.echo(bigquery.deletion_script(name, account_ids), nl=False)
        return
    opened = settings.vault_if_configured(vault)
    bridge = _bridge()
    state = None if no_state else _states(state_file, bridge)
    meltano = state.project if isinstance(state, MeltanoStates) else None
    bigquery_dataset = None if no_bigquery else bigquery.BigQueryDataset(project, dataset)
    erasure = Erasure(
        account_ids=tuple(dict.fromkeys(account_ids)),
        vault=opened,
        states=[state] if state else [],
        dataset=bigquery_dataset,
        tombstones=Tombstones.of(
            opened.location if opened else None, meltano, lambda: settings.secrets.keys
        ),
        runs=RunsUnderWay() if no_run else RunsUnderWay(bridge, bigquery_dataset),
        wait_seconds=wait_minutes * 60,
        lock=meltano / ".meltano" / "tap-instagram-business.erase.lock" if meltano else None,
    )
    _show_findings(erasure)
    if confirm("Erase all of this permanently?", yes=yes):
        if no_run and bigquery_dataset:
            bigquery_dataset.drop_staging_tables()
        _erase(erasure, code or new_confirmation_code())


def _show_findings(erasure: Erasure) -> None:
    """Print what was found, what cannot be erased, and whether runs can be told."""
    lines = list(erasure.find_holdings().lines())
    lines = lines or ["nothing was found: nothing was kept about these accounts"]
    lines += [f"this cannot be erased here: {line}" for line in erasure.find_unreachable()]
    if not erasure.tombstones.location:
        lines.append(
            "there is neither a vault nor a Meltano project, so that no run can be told that these "
            "accounts are erased: take them from the reach of your token first"
        )
    for line in lines:
        click.echo(escape(f"- {line}"), err=True)


def _erase(erasure: Erasure, code: str) -> None:
    """Erase everything and print the receipt.

    Raises:
        CredentialsError: Something was not erased.
    """
    erased = erasure.erase()
    unreachable = erasure.find_unreachable()
    click.echo(json.dumps(erasure.receipt(erased, unreachable, code)))
    if unreachable:
        message = f"Something could not be erased ({'; '.join(unreachable)}): delete it yourself"
        raise CredentialsError(message)


def _bridge() -> MeltanoBridge | None:
    """Return a bridge to the Meltano project here, which closes when the command ends."""
    project = project_directory()
    return click.get_current_context().with_resource(MeltanoBridge(project)) if project else None


def _states(state_file: Path | None, bridge: MeltanoBridge | None) -> MeltanoStates | StateFile:
    if state_file:
        return StateFile(state_file)
    if bridge is None:
        message = (
            "This directory is not in a Meltano project: change to one, name a state file with "
            "--state-file, or skip bookmarks with --no-state"
        )
        raise CredentialsError(message)
    return MeltanoStates(bridge)
