"""Commands on the accounts in the vault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from tap_instagram_business.credentials import oauth
from tap_instagram_business.credentials.commands.given import (
    Given,
    confirmed,
    examples,
    pass_given,
    vault_option,
    yes_option,
)
from tap_instagram_business.credentials.failure import CredentialsError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from tap_instagram_business.credentials.vault import Record, Vault

COLUMNS = ("account", "login", "status", "obtained", "refreshed", "ends", "data access ends", "key")
REVOKE_YOURSELF = {
    "facebook": "https://www.facebook.com/settings?tab=business_tools",
    "instagram": "Instagram: Settings → Website permissions → Apps and websites",
}


@click.command(
    epilog=examples(
        "tap-instagram-business accounts",
    )
)
@vault_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@pass_given
def accounts(given: Given, vault: str | None, *, as_json: bool) -> None:
    """List the accounts in the vault, their state and dates; never a token."""
    rows = [_row(record) for record in given.vault(vault).read().values()]
    if as_json:
        for row in rows:
            click.echo(json.dumps(dict(zip(COLUMNS, row, strict=True))))
    elif rows:
        for line in _aligned([COLUMNS, *rows]):
            click.echo(line)
    else:
        click.echo("The vault holds no account: `tap-instagram-business connect` adds one.")


@click.command(
    epilog=examples(
        "tap-instagram-business disconnect 17841400000000001",
    )
)
@click.argument("account_ids", metavar="ACCOUNT_ID…", nargs=-1, required=True)
@vault_option
@click.option("--local", is_flag=True, help="Only forget it here; consent at Meta stays.")
@yes_option
@pass_given
def disconnect(
    given: Given, account_ids: tuple[str, ...], vault: str | None, *, local: bool, yes: bool
) -> None:
    """Take back consent at Meta where Meta lets one, and forget the accounts' tokens.

    Data that was read stays where it is: `erase` deletes that too.
    """
    opened = given.vault(vault)
    records = opened.read()
    if unknown := [name for name in account_ids if name not in records]:
        message = f"The vault holds no account {', '.join(unknown)}: see `accounts`"
        raise CredentialsError(message)
    if not confirmed(f"Disconnect {', '.join(account_ids)}?", yes=yes):
        return
    leaving = [records[name] for name in dict.fromkeys(account_ids)]
    if not local:
        _revoke(given, leaving, records)
    _forget(opened, leaving)


def _revoke(given: Given, leaving: Sequence[Record], records: Mapping[str, Record]) -> None:
    """Revoke what no account that stays is read with: consent is one person's, for all his."""
    staying = {r.user_id for r in records.values() if r not in leaving}
    for login in sorted({record.login for record in leaving}):
        users = {record.user_id for record in leaving if record.login == login}
        if login == "instagram" or "" in users:
            click.echo(
                f"Consent cannot be taken back from here: {REVOKE_YOURSELF[login]}", err=True
            )
        if kept := users & staying - {""}:
            click.echo(
                "Consent is not taken back: who gave it gave it for accounts that stay too "
                f"({', '.join(sorted(kept))}).",
                err=True,
            )
        if login == "facebook" and (gone := users - staying - {""}):
            app = given.app(login)
            app.need()
            for user_id in sorted(gone):
                oauth.revoke(app, user_id)
                click.echo(f"Consent of user {user_id} is taken back at Meta.")


def _forget(vault: Vault, leaving: Iterable[Record]) -> None:
    with vault.changing() as records:
        for record in leaving:
            records.pop(record.account_id, None)
    for record in leaving:
        click.echo(f"{record.account_id} is disconnected.")


def _row(record: Record) -> tuple[str, ...]:
    dates = (record.obtained, record.refreshed, record.expires, record.data_access_expires)
    return (
        record.account_id,
        record.login,
        record.status,
        *(_day(moment) for moment in dates),
        record.key_id,
    )


def _day(moment: dt.datetime | None) -> str:
    return moment.date().isoformat() if moment else "-"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
