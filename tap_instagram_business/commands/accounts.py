"""The commands about the accounts in the vault, and about the renewal of their tokens."""

from __future__ import annotations

import datetime as dt
import json
import logging
from contextlib import closing
from typing import TYPE_CHECKING

import click

from tap_instagram_business.commands.options import (
    CommandSettings,
    confirm,
    examples,
    pass_settings,
    yes_option,
)
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.graph.errors import GraphFailure
from tap_instagram_business.redaction import escape
from tap_instagram_business.tokens import oauth
from tap_instagram_business.tokens.encryption import key_id_of
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.vault_tokens import VaultTokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_instagram_business.tokens.oauth import App
    from tap_instagram_business.tokens.vault import Record, Records

UNKNOWN = "-"
DATE_CHARACTERS = len("2026-01-31")
COLUMNS = ("account", "login", "status", "obtained", "refreshed", "ends", "data access ends", "key")
NOT_VERIFIED = "Not verified: no encryption key was used to check these records."
WHERE_TO_REVOKE = {
    "facebook": "https://www.facebook.com/settings?tab=business_tools",
    "instagram": "Instagram: Settings → Website permissions → Apps and websites",
}

logger = logging.getLogger("tap-instagram-business.tokens")


@click.command(epilog=examples("tap-instagram-business list-accounts"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@pass_settings
def list_accounts(settings: CommandSettings, *, as_json: bool) -> None:
    """List the accounts in the vault.

    The list has the status and the dates of each account, and never a token. "ends" is the date on
    which the token expires, and "data access ends" the date on which its access to data expires;
    "-" means never or unknown. "key" is the id of the encryption key.

    No encryption key is needed, so the list is not verified: whoever can write the vault could have
    changed what it shows. Every other command and every run decrypts a record before using it.
    """
    members = settings.vault.read_unverified()
    rows = [_row(account_id, members[account_id]) for account_id in sorted(members)]
    if as_json:
        for row in rows:
            click.echo(json.dumps({**dict(zip(COLUMNS, row, strict=True)), "verified": False}))
    elif rows:
        widths = [max(map(len, cells)) for cells in zip(COLUMNS, *rows, strict=True)]
        for row in (COLUMNS, *rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            click.echo(escape("  ".join(cells).rstrip()))
        click.echo(NOT_VERIFIED, err=True)
    else:
        click.echo("The vault contains no account: `tap-instagram-business connect` adds one.")


@click.command(epilog=examples("tap-instagram-business disconnect 17841400000000001"))
@click.argument("account_ids", metavar="ACCOUNT_ID…", nargs=-1, required=True)
@click.option("--local", is_flag=True, help="Only remove the tokens here; do not revoke consent.")
@yes_option
@pass_settings
def disconnect(
    settings: CommandSettings, account_ids: tuple[str, ...], *, local: bool, yes: bool
) -> None:
    """Revoke consent and remove tokens from the vault.

    The tokens are removed first, whatever Meta then says. Meta lets an app revoke a consent of the
    Facebook login. It is revoked only if no other account in the vault depends on it. If Meta does
    not revoke it, the exit code is 1. Data that was loaded before is not deleted: use `erase` for
    that.
    """
    vault = settings.vault
    records = vault.read(settings.secrets.keys)
    leaving = _leaving(records, tuple(dict.fromkeys(account_ids)))
    if not confirm(f"Disconnect {', '.join(account_ids)}?", yes=yes):
        return
    for account_id in vault.delete(record.account_id for record in leaving):
        click.echo(f"{account_id} is disconnected.")
    if not local:
        _revoke_consent(settings, leaving, records)


def _leaving(records: Records, account_ids: Sequence[str]) -> list[Record]:
    """Return the records of accounts to disconnect.

    Raises:
        CredentialsError: One of them is not in the vault, or cannot be decrypted.
    """
    for account_id in account_ids:
        if error := records.refused.get(account_id):
            message = f"{error}, or remove the record with `tap-instagram-business erase`"
            raise CredentialsError(message)
    if unknown := [account_id for account_id in account_ids if account_id not in records.verified]:
        raise CredentialsError(
            f"The vault does not contain account {', '.join(unknown)}: "
            "`tap-instagram-business list-accounts` lists its accounts"
        )
    return [records.verified[account_id] for account_id in account_ids]


def _revoke_consent(settings: CommandSettings, leaving: Sequence[Record], records: Records) -> None:
    """Revoke the consent of people whose accounts are all being disconnected.

    Consent covers all accounts of a person, so revoking it would end the access to the others too.

    Raises:
        CredentialsError: A consent was not revoked.
    """
    for error in records.refused.values():
        message = f"No consent was revoked, because it may cover an account that stays: {error}"
        raise CredentialsError(message)
    going = {record.account_id for record in leaving}
    staying = {each.user_id for name, each in records.verified.items() if name not in going}
    failures = []
    for login in sorted({record.login for record in leaving}):
        users = {record.user_id for record in leaving if record.login == login}
        if login == "instagram" or "" in users:
            click.echo(
                f"Only the owner of the account can revoke this consent: {WHERE_TO_REVOKE[login]}",
                err=True,
            )
        if kept := users & staying - {""}:
            click.echo(
                f"The consent of user {', '.join(sorted(kept))} is not revoked, because it also "
                "covers accounts that stay connected.",
                err=True,
            )
        if login == "facebook" and (ending := users - staying - {""}):
            app = settings.secrets.app(login)
            failures += [why for user_id in sorted(ending) if (why := _revoke(app, user_id))]
    if failures:
        raise CredentialsError(". ".join(failures))


def _revoke(app: App, user_id: str) -> str:
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


def _row(account_id: str, members: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return the values of `COLUMNS` for an account."""
    names = ("obtained", "refreshed", "expires", "data_access_expires")
    return (
        account_id,
        members.get("login") or UNKNOWN,
        members.get("status") or UNKNOWN,
        *((members.get(name) or UNKNOWN)[:DATE_CHARACTERS] for name in names),
        key_id_of(members.get("token") or "") or UNKNOWN,
    )


@click.command(epilog=examples("tap-instagram-business refresh-tokens"))
@pass_settings
def refresh_tokens(settings: CommandSettings) -> None:
    """Renew the tokens that expire soon.

    A run renews the tokens that it reads accounts with. Where many runs share the accounts, this
    command renews all tokens before the runs. Tokens of the Facebook login can be renewed only by a
    person, with `connect`.

    Setting `token_refresh_days_before_expiry` says how long before its end a token is renewed. The
    exit code is 0 even if Meta refuses some tokens; the log names their accounts.
    """
    app = settings.secrets.app("instagram")
    keys = settings.secrets.keys
    margin = dt.timedelta(days=settings.values["token_refresh_days_before_expiry"])
    tokens = VaultTokens(settings.vault, keys, app, margin)
    found = tokens.vault.read(keys)
    for error in found.refused.values():
        logger.warning("%s.", error)
    with closing(GraphClient(app)) as client:
        tokens.renew(found.of_login(app.login), client)
    failed = len(tokens.failed) + len(found.refused)
    click.echo(f"{len(tokens.renewed)} tokens were renewed, {failed} could not be.", err=True)
