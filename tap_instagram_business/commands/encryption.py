"""The commands that make keys, encrypt secrets and rotate keys."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tap_instagram_business.commands.options import (
    CommandSettings,
    examples,
    pass_settings,
    read_secret,
)
from tap_instagram_business.settings.reading import PREFIX
from tap_instagram_business.settings.secrets import SECRET_SETTINGS
from tap_instagram_business.tokens.encryption import (
    KEY_VARIABLE,
    is_ciphertext,
    key_id_of,
    read_keys,
)
from tap_instagram_business.tokens.encryption import generate_key as new_key
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.tombstones import KEY, Tombstones

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Vault

PARALLEL_WRITES = 16
"""How many records are written at once: each write to a bucket takes a round trip."""


@click.command(
    epilog=examples(
        "tap-instagram-business generate-key --output ~/instagram.key",
        "export TAP_INSTAGRAM_BUSINESS_ENCRYPTION_KEY_FILE=~/instagram.key",
    )
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the key to this new file, which only you can read.  [default: print the key]",
)
def generate_key(output: Path | None) -> None:
    """Make an encryption key.

    The key encrypts the tokens in the vault and the secret settings.
    """
    key = new_key()
    if output is None:
        click.echo(key)
        return
    try:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{key}\n")
    except OSError as error:
        message = f"{output} could not be written ({error.strerror}): choose another file"
        raise CredentialsError(message) from None
    click.echo(
        f"The key was written to {output}. Keep a copy of it in another place: without the key, "
        "nothing can be decrypted."
    )


@click.command(
    epilog=examples("tap-instagram-business encrypt --setting app_secret < app_secret.txt")
)
@click.option(
    "--setting",
    type=click.Choice(SECRET_SETTINGS),
    default=SECRET_SETTINGS[0],
    show_default=True,
    help="The setting that the secret is for. The result cannot be used for another setting.",
)
def encrypt(setting: str) -> None:
    """Encrypt a secret setting.

    The secret is read from standard input, and the encrypted value of the setting is printed.
    """
    keys = read_keys()
    secret = read_secret(setting)
    if is_ciphertext(secret):
        message = f"The `{setting}` on standard input is encrypted already: use it as it is"
        raise CredentialsError(message)
    click.echo(keys.encrypt(secret, setting))


@click.command(
    epilog=examples(
        "1. Put the new key before the old key, separated by a comma.",
        "2. tap-instagram-business rotate-keys",
        "3. Replace the old values of the settings by the printed ones, and remove the old key.",
    )
)
@pass_settings
def rotate_keys(settings: CommandSettings) -> None:
    """Encrypt all secrets again with a new key.

    The first of several keys is the new one. The tokens in the vault are replaced. For the secret
    settings, the new values are printed. If a record cannot be decrypted, nothing is changed. At
    the end the command says whether the old key is still needed.
    """
    keys = read_keys()
    vault = settings.vault_if_any
    if vault:
        changed, total = _rotate_vault(vault, keys)
        click.echo(
            f"Vault: {changed} of {total} tokens were encrypted again, with key {keys.ids[0]}",
            err=True,
        )
    lines = list(_rotated_settings(settings, keys))
    for line in lines:
        click.echo(line)
    if len(keys.ids) > 1:
        click.echo(_advice(keys, has_vault=vault is not None, has_settings=bool(lines)), err=True)


def _advice(keys: KeyRing, *, has_vault: bool, has_settings: bool) -> str:
    """Return whether the old keys can be removed, or what has to be done before.

    Args:
        keys: The keys, the new one first.
        has_vault: Whether a vault was encrypted again.
        has_settings: Whether settings still have values that the old keys have encrypted.
    """
    old = f"key {', '.join(keys.ids[1:])}"
    steps = []
    if has_settings:
        steps.append("put the printed values in the place of the old ones")
    if not has_vault:
        steps.append("name the vault with --vault")
    if steps:
        return f"Keep {old} for now: {', '.join(steps)}, and run this command again."
    return (
        f"Nothing that this command knows needs {old} any more: you can remove it from the source "
        f"of the keys ({KEY_VARIABLE}…), unless another vault or another machine still uses it."
    )


def _rotate_vault(vault: Vault, keys: KeyRing) -> tuple[int, int]:
    """Encrypt the records of other keys again; return how many these are, and how many in all."""
    if not vault.account_ids() and not vault.storage.read(KEY):
        message = f"There is no vault at {vault.location}: check --vault and setting `vault_path`"
        raise CredentialsError(message)
    tombstones = Tombstones(vault.storage, lambda: keys)
    tombstones.check_key()
    records = vault.read(keys).all()
    outdated = [record for record in records.values() if record.key_id != keys.ids[0]]
    with ThreadPoolExecutor(PARALLEL_WRITES) as threads:
        stored = list(threads.map(lambda record: vault.write(record, keys), outdated))
    skipped = [old.account_id for old, new in zip(outdated, stored, strict=True) if not new]
    if skipped:
        message = f"Account {', '.join(skipped)} was changed at the same time: rotate again"
        raise CredentialsError(message)
    # The last one: until then, the old key is needed to connect an account.
    tombstones.rotate()
    return len(outdated), len(records)


def _rotated_settings(settings: CommandSettings, keys: KeyRing) -> Iterator[str]:
    """Yield `NAME=value` for each setting that is encrypted with another key than the first."""
    for name in SECRET_SETTINGS:
        value = str(settings.values.get(name) or "")
        if is_ciphertext(value) and key_id_of(value) != keys.ids[0]:
            yield f"{PREFIX}{name.upper()}={keys.encrypt(keys.decrypt(value, name), name)}"
