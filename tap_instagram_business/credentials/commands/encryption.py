"""Commands on keys and what they encrypt."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tap_instagram_business.credentials.commands.given import (
    PREFIX,
    Given,
    examples,
    pass_given,
    read_secret,
    vault_option,
)
from tap_instagram_business.credentials.encryption import generate_key as new_key
from tap_instagram_business.credentials.encryption import is_ciphertext, key_id_of
from tap_instagram_business.credentials.failure import CredentialsError
from tap_instagram_business.credentials.keys import KEY, read_keys
from tap_instagram_business.credentials.secret_settings import SECRET_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.vault import Vault


@click.command(
    "generate-key",
    epilog=examples(
        "tap-instagram-business generate-key --output ~/instagram.key",
        "export TAP_INSTAGRAM_BUSINESS_ENCRYPTION_KEY_FILE=~/instagram.key",
    ),
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A new file for it, which only you can read.",
)
def generate_key(output: Path | None) -> None:
    """Make an encryption key."""
    key = new_key()
    if output is None:
        click.echo(key)
        return
    try:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{key}\n")
    except OSError as error:
        message = f"{output} could not be written ({error.strerror}): name another file"
        raise CredentialsError(message) from None
    click.echo(f"{output} is written. Keep a copy elsewhere: without it nothing can be deciphered.")


@click.command(
    epilog=examples(
        "tap-instagram-business encrypt --setting app_secret < app_secret.txt",
    )
)
@click.option(
    "--setting",
    type=click.Choice(SECRET_SETTINGS),
    default=SECRET_SETTINGS[0],
    show_default=True,
    help="The setting that it is for; the ciphertext serves no other.",
)
def encrypt(setting: str) -> None:
    """Encrypt a secret setting, read from standard input."""
    keys = read_keys()
    secret = read_secret(setting)
    if is_ciphertext(secret):
        message = f"What came on standard input for `{setting}` is encrypted already"
        raise CredentialsError(message)
    click.echo(keys.encrypt(secret, setting))


@click.command(
    "rotate-keys",
    epilog=examples(
        "1. Put the new key before the old one, with a comma between them.",
        "2. tap-instagram-business rotate-keys",
        "3. Put the settings that it prints where the old ones were, and drop the old key.",
    ),
)
@vault_option
@pass_given
def rotate_keys(given: Given, vault: str | None) -> None:
    """Encrypt the vault and the secret settings anew, with the first of several keys."""
    keys = read_keys()
    if vault or given.settings.get("vault_path"):
        changed, total = _rotate_vault(given.vault(vault), keys)
        click.echo(
            f"Vault: {changed} of {total} tokens encrypted anew with {keys.ids[0]}", err=True
        )
    for line in _rotated_settings(given, keys):
        click.echo(line)
    if len(keys.ids) > 1:
        click.echo(f"Now {', '.join(keys.ids[1:])} can be dropped from {KEY}…", err=True)


def _rotate_vault(vault: Vault, keys: KeyRing) -> tuple[int, int]:
    with vault.changing() as records:
        old = [record for record in records.values() if record.key_id != keys.ids[0]]
        for record in old:
            token = keys.decrypt(record.token, record.account_id)
            anew = keys.encrypt(token, record.account_id)
            records[record.account_id] = replace(record, token=anew)
        return len(old), len(records)


def _rotated_settings(given: Given, keys: KeyRing) -> Iterator[str]:
    for name in SECRET_SETTINGS:
        value = str(given.settings.get(name) or "")
        if is_ciphertext(value) and key_id_of(value) != keys.ids[0]:
            yield f"{PREFIX}{name.upper()}={keys.encrypt(keys.decrypt(value, name), name)}"
