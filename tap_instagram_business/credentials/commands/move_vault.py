"""The command that moves a vault, such as from one file into a folder of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tap_instagram_business.credentials.commands.options import (
    CommandSettings,
    examples,
    pass_settings,
    vault_option,
)
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.tombstones import copy_marks
from tap_instagram_business.credentials.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_instagram_business.credentials.record import Record


@click.command(
    "move-vault",
    epilog=examples(
        "tap-instagram-business move-vault ~/instagram-vault/",
        "tap-instagram-business move-vault --vault ~/instagram-vault.json gs://my-bucket/vault/",
    ),
)
@click.argument("destination", metavar="PATH_OR_URI")
@vault_option
@pass_settings
def move_vault(settings: CommandSettings, destination: str, vault: str | None) -> None:
    """Move all accounts of the vault to another place.

    A place that ends in / becomes a folder of 256 files, for more than 10,000 accounts. Any other
    place becomes one file. The tokens stay encrypted, and no key is needed. At the end the old
    vault is empty: set `vault_path` to the new place before the next run. If the command is
    interrupted, give it again.
    """
    source, target = settings.vault(vault), Vault(destination)
    if source.location == target.location:
        message = f"The vault is at {destination} already: give another place"
        raise CredentialsError(message)
    copy_marks(source.location, target.location)
    moved = 0
    for file in source.files:
        with file.changing() as records:
            _store(target, records)
            moved += len(records)
            records.clear()
    click.echo(f"{moved:,} accounts were moved: set `vault_path` to {destination}.", err=True)


def _store(target: Vault, records: Mapping[str, Record]) -> None:
    """Store records in another vault.

    Raises:
        CredentialsError: It cannot be written, or has other records of these accounts.
    """
    for file, account_ids in target.by_file(records):
        with file.changing() as stored:
            moving = {name: records[name] for name in account_ids}
            others = [name for name in moving if stored.get(name, moving[name]) != moving[name]]
            if others:
                message = (
                    f"Both vaults have a token of account {', '.join(others)}, and not the same "
                    "one: remove it from one of them with `disconnect --local`, and give this "
                    "command again"
                )
                raise CredentialsError(message)
            stored.update(moving)
