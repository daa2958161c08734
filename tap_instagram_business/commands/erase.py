"""The commands for a person who wants their data to be deleted."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from dataclasses import asdict
from pathlib import Path

import click

from tap_instagram_business.commands.options import (
    CommandSettings,
    confirm,
    examples,
    pass_settings,
    read_secret,
    yes_option,
)
from tap_instagram_business.erasure import bigquery, signed_request
from tap_instagram_business.erasure.erase import (
    DEFAULT_WAIT_SECONDS,
    ActiveRuns,
    Erasure,
)
from tap_instagram_business.erasure.meltano_bridge import MeltanoBridge, StateFile
from tap_instagram_business.redaction import escape
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.tombstones import Tombstones, project_directory
from tap_instagram_business.tokens.vault import check_account_id


@click.command(
    epilog=examples(
        "tap-instagram-business erase 17841400000000001 --project my-project --dataset instagram",
        "tap-instagram-business erase 17841400000000001 --sql | bq query --nouse_legacy_sql",
    )
)
@click.argument("account_ids", metavar="ACCOUNT_ID…", nargs=-1, required=True)
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
    "--assume-no-active-run",
    is_flag=True,
    help="Skip the check for active runs: do not wait, and delete the staging tables that a run "
    "left in BigQuery.",
)
@yes_option
@pass_settings
def erase(  # noqa: PLR0913 - one for each place that may contain data
    settings: CommandSettings,
    *,
    account_ids: tuple[str, ...],
    state_file: Path | None,
    no_state: bool,
    project: str,
    dataset: str,
    no_bigquery: bool,
    sql: bool,
    code: str | None,
    wait_minutes: float,
    assume_no_active_run: bool,
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
    vault = settings.vault_if_any
    root = project_directory()
    bridge = click.get_current_context().with_resource(MeltanoBridge(root)) if root else None
    state = None if no_state else _states(state_file, bridge)
    meltano = root if isinstance(state, MeltanoBridge) else None
    bigquery_dataset = None if no_bigquery else bigquery.BigQueryDataset(project, dataset)
    erasure = Erasure(
        account_ids=tuple(dict.fromkeys(account_ids)),
        vault=vault,
        states=[state] if state else [],
        dataset=bigquery_dataset,
        tombstones=Tombstones.of(
            vault.location if vault else None, meltano, lambda: settings.secrets.keys
        ),
        runs=ActiveRuns() if assume_no_active_run else ActiveRuns(bridge, bigquery_dataset),
        wait_seconds=wait_minutes * 60,
        lock=meltano / ".meltano" / "tap-instagram-business.erase.lock" if meltano else None,
    )
    _show_findings(erasure)
    if confirm("Erase all of this permanently?", yes=yes):
        if assume_no_active_run and bigquery_dataset:
            bigquery_dataset.drop_staging_tables()
        _erase(erasure, code or secrets.token_hex(8))


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
    """Erase everything and print the receipt: the code, the time, and what was erased.

    Raises:
        CredentialsError: Something was not erased.
    """
    erased = erasure.erase()
    unreachable = erasure.find_unreachable()
    receipt = {
        "confirmation_code": code,
        "account_ids": list(erasure.account_ids),
        "erased_at": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        "result": "erased" if any(erased.lines()) else "nothing was kept",
        **asdict(erased),
        "not_erased": unreachable,
    }
    click.echo(json.dumps(receipt))
    if unreachable:
        message = f"Some data must be deleted manually: {'; '.join(unreachable)}"
        raise CredentialsError(message)


def _states(state_file: Path | None, bridge: MeltanoBridge | None) -> MeltanoBridge | StateFile:
    if state_file:
        return StateFile(state_file)
    if bridge is None:
        raise CredentialsError(
            "This directory is not in a Meltano project: change to one, name a state file with "
            "--state-file, or skip bookmarks with --no-state"
        )
    return bridge


@click.command(
    epilog=examples(
        "tap-instagram-business verify-signed-request < body.txt",
        "tap-instagram-business verify-signed-request --status-url 'https://example.com/d?id={code}'",
    )
)
@click.option(
    "--status-url",
    metavar="URL",
    help="Also print the response to a data deletion request, with the address of your status "
    "page. {code} in it stands for the confirmation code.",
)
@pass_settings
def verify_signed_request(settings: CommandSettings, status_url: str | None) -> None:
    """Check a signed request from Meta.

    Meta sends signed requests to an app's deauthorize callback and data deletion callback. The
    request is read from standard input. A request of more than 64 KB is refused before it is
    checked, and so is one that was signed longer ago than setting `signed_request_max_age_hours`
    says. All records of the vault are decrypted: if one of them cannot be, the command fails,
    because the account could be one of this user.

    The command prints the user id and this user's accounts in the vault as JSON on standard
    output. With --status-url, it prints them on standard error, and the response that Meta expects
    on standard output.
    """
    secret = settings.secrets["app_secret"]
    if not secret:
        raise CredentialsError(
            "The signature cannot be checked without the app's secret: set "
            "TAP_INSTAGRAM_BUSINESS_APP_SECRET"
        )
    body = read_secret("signed request")
    hours = settings.values["signed_request_max_age_hours"]
    max_age = dt.timedelta(hours=hours) if hours else None
    request = signed_request.verify(body, secret, max_age=max_age)
    user_id, vault = str(request.user_id), settings.vault_if_any
    records = vault.read(settings.secrets.keys).all().values() if vault else ()
    code = secrets.token_hex(8) if status_url else None
    request_facts = {
        "user_id": user_id,
        "issued_at": request.issued_at.isoformat() if request.issued_at else None,
        "account_ids": [r.account_id for r in records if r.user_id == user_id],
        **({"confirmation_code": code} if code else {}),
    }
    click.echo(json.dumps(request_facts), err=bool(code))
    if status_url and code:
        click.echo(signed_request.deletion_response(status_url, code))
