"""The commands that list and disconnect the accounts in the vault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from tap_instagram_business.credentials import oauth
from tap_instagram_business.credentials.commands.options import (
    CommandSettings,
    confirm,
    examples,
    pass_settings,
    vault_option,
    yes_option,
)
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.graph.errors import GraphFailure
from tap_instagram_business.redaction import escape

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from tap_instagram_business.credentials.oauth import App
    from tap_instagram_business.credentials.record import Record
    from tap_instagram_business.credentials.vault import Vault

COLUMNS = ("account", "login", "status", "obtained", "refreshed", "ends", "data access ends", "key")
WHERE_TO_REVOKE = {
    "facebook": "https://www.facebook.com/settings?tab=business_tools",
    "instagram": "Instagram: Settings → Website permissions → Apps and websites",
}


@click.command(
    epilog=examples(
        "tap-instagram-business accounts",
    )
)
@vault_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@pass_settings
def accounts(settings: CommandSettings, vault: str | None, *, as_json: bool) -> None:
    """List the accounts in the vault.

    The list has the status and the dates of each account, and never a token. "ends" is the date on
    which the token expires, and "data access ends" the date on which its access to data expires;
    "-" means never or unknown. "key" is the id of the encryption key.
    """
    records = settings.vault(vault).read()
    rows = [_row(records[account_id]) for account_id in sorted(records)]
    if as_json:
        for row in rows:
            click.echo(json.dumps(dict(zip(COLUMNS, row, strict=True))))
    elif rows:
        for line in _aligned([COLUMNS, *rows]):
            click.echo(escape(line))
    else:
        click.echo("The vault contains no account: `tap-instagram-business connect` adds one.")


@click.command(
    epilog=examples(
        "tap-instagram-business disconnect 17841400000000001",
    )
)
@click.argument("account_ids", metavar="ACCOUNT_ID…", nargs=-1, required=True)
@vault_option
@click.option("--local", is_flag=True, help="Only remove the tokens here; do not revoke consent.")
@yes_option
@pass_settings
def disconnect(
    settings: CommandSettings,
    account_ids: tuple[str, ...],
    vault: str | None,
    *,
    local: bool,
    yes: bool,
) -> None:
    """Revoke consent and remove tokens from the vault.

    The tokens are removed first, whatever Meta then says. Meta lets an app revoke a consent of the
    Facebook login. It is revoked only if no other account in the vault depends on it. If Meta does
    not revoke it, the exit code is 1. Data that was loaded before is not deleted: use `erase` for
    that.
    """
    opened = settings.vault(vault)
    records = opened.read()
    if unknown := [account_id for account_id in account_ids if account_id not in records]:
        message = (
            f"The vault does not contain account {', '.join(unknown)}: "
            "`tap-instagram-business accounts` lists its accounts"
        )
        raise CredentialsError(message)
    if not confirm(f"Disconnect {', '.join(account_ids)}?", yes=yes):
        return
    leaving = [records[account_id] for account_id in dict.fromkeys(account_ids)]
    _remove(opened, leaving)
    if not local:
        _revoke_consent(settings, leaving, records)


def _revoke_consent(
    settings: CommandSettings, leaving: Sequence[Record], records: Mapping[str, Record]
) -> None:
    """Revoke the consent of people whose accounts are all being disconnected.

    Consent covers all accounts of a person, so revoking it would end the access to the others too.
    """
    staying_users = {record.user_id for record in records.values() if record not in leaving}
    for login in sorted({record.login for record in leaving}):
        users = {record.user_id for record in leaving if record.login == login}
        if login == "instagram" or "" in users:
            click.echo(
                f"Only the owner of the account can revoke this consent: {WHERE_TO_REVOKE[login]}",
                err=True,
            )
        if kept := users & staying_users - {""}:
            click.echo(
                f"The consent of user {', '.join(sorted(kept))} is not revoked, because it also "
                "covers accounts that stay connected.",
                err=True,
            )
        if login == "facebook" and (ending := users - staying_users - {""}):
            _revoke(settings.app(login), sorted(ending))


def _revoke(app: App, user_ids: Sequence[str]) -> None:
    """Revoke the consent of people, and say what Meta says.

    Raises:
        CredentialsError: Some consents are not revoked; the message says why.
    """
    failures = [sentence for user_id in user_ids if (sentence := _revoke_one(app, user_id))]
    if failures:
        raise CredentialsError(". ".join(failures))


def _revoke_one(app: App, user_id: str) -> str:
    """Revoke the consent of a person; return '' or why it was not revoked."""
    try:
        app.require_credentials()
        oauth.revoke(app, user_id)
    except (CredentialsError, GraphFailure) as error:
        return (
            f"The consent of user {user_id} was not revoked at Meta ({error}): its owner can "
            f"revoke it at {WHERE_TO_REVOKE[app.login]}"
        )
    click.echo(escape(f"The consent of user {user_id} was revoked at Meta."))
    return ""


def _remove(vault: Vault, leaving: Sequence[Record]) -> None:
    with vault.changing([record.account_id for record in leaving]) as records:
        for record in leaving:
            records.pop(record.account_id, None)
    for record in leaving:
        click.echo(f"{record.account_id} is disconnected.")


def _row(record: Record) -> tuple[str, ...]:
    """Return the values of `COLUMNS` for an account."""
    dates = (record.obtained, record.refreshed, record.expires, record.data_access_expires)
    return (
        record.account_id,
        record.login,
        record.status,
        *(_date(moment) for moment in dates),
        record.key_id,
    )


def _date(moment: dt.datetime | None) -> str:
    return moment.date().isoformat() if moment else "-"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table whose columns are as wide as their widest value."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
