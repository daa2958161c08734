"""The vault: one object for each account that is connected, and the marks of erased accounts.

Nobody locks the vault. A record is written only over the version that was read before, and the
order of the steps below lets several processes change the same account at the same time:

- `connect` removes the mark, writes the record, and begins again if the mark is there again;
- `erase` writes the mark and deletes the record, and is done when the mark is still there;
- a renewal replaces a record, so that it cannot bring back one that was deleted.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.record import (
    ACCOUNT_ID,
    Record,
    check_account_id,
    read_members,
)
from tap_instagram_business.credentials.storage import open_storage
from tap_instagram_business.sharding import Shard

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.storage.base import Storage, Stored

FOLDER = "accounts"
SUFFIX = ".json"
PARALLEL_READS = 16
"""How many records are read at once: each read from a bucket takes a round trip."""
ALL = Shard()

logger = logging.getLogger("tap-instagram-business.credentials")


@dataclass(frozen=True)
class Records:
    """The records that were read from a vault, by account id.

    Attributes:
        verified: The records that were decrypted.
        refused: Why other records cannot be decrypted.
    """

    verified: dict[str, Record] = field(default_factory=dict)
    refused: dict[str, CredentialsError] = field(default_factory=dict)

    def add(self, account_id: str, stored: Stored, keys: KeyRing) -> None:
        """Decrypt a record and add it."""
        try:
            self.verified[account_id] = Record.decrypt(account_id, *stored, keys)
        except CredentialsError as error:
            self.refused[account_id] = error

    def all(self) -> dict[str, Record]:
        """Return all records.

        Raises:
            CredentialsError: One of them cannot be decrypted.
        """
        for error in self.refused.values():
            raise error
        return self.verified


class Vault:
    """The records of all accounts.

    Attributes:
        location: The path of the folder, or its URI.
        storage: The folder.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self.storage: Storage = open_storage(location)

    def account_ids(self) -> list[str]:
        """Return the ids of the accounts that have a record, in order.

        Raises:
            CredentialsError: The vault cannot be read.
        """
        names = self.storage.names(FOLDER)
        found = [name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]
        account_ids = [name for name in found if ACCOUNT_ID.fullmatch(name)]
        if len(account_ids) < len(names):
            logger.warning(
                "%d objects in %s/%s are not records of accounts and are ignored.",
                len(names) - len(account_ids),
                self.location,
                FOLDER,
            )
        return account_ids

    def read(self, keys: KeyRing, account_ids: Collection[str] = (), shard: Shard = ALL) -> Records:
        """Read and decrypt records.

        Args:
            keys: The keys that decrypt them.
            account_ids: The accounts to look for; empty for all.
            shard: The part of the accounts to look for.

        Raises:
            CredentialsError: The vault cannot be read.
        """
        records = Records()
        named = filter(shard.holds, account_ids or self.account_ids())
        for account_id, stored in self._read_stored(named).items():
            records.add(account_id, stored, keys)
        return records

    def read_unverified(self) -> dict[str, dict[str, str | None]]:
        """Return the members of all records by account id, without decrypting the records.

        Whoever can write the vault may have changed them.

        Raises:
            CredentialsError: The vault cannot be read.
        """
        stored = self._read_stored(self.account_ids())
        return {name: read_members(found.content) for name, found in stored.items()}

    def write(self, record: Record, keys: KeyRing) -> Record | None:
        """Store a record over the version that it was read from, or as a new one if it has none.

        Returns:
            The record with its new version; None if nothing was stored, because the account's
            record was changed, deleted or created meanwhile.

        Raises:
            CredentialsError: The vault cannot be written.
        """
        name, content = _name(record.account_id), record.encrypt(keys)
        version = self.storage.write(name, content, record.version or None)
        if version is None:
            # A client that repeats a request after a lost response is refused because of itself.
            stored = self.storage.read(name)
            version = stored.version if stored and stored.content == content else None
        return replace(record, version=version) if version else None

    def version(self, account_id: str) -> str | None:
        """Return the version of a record; None if there is none.

        Raises:
            CredentialsError: The vault cannot be read.
        """
        stored = self.storage.read(_name(account_id))
        return stored.version if stored else None

    def delete(self, account_ids: Iterable[str]) -> list[str]:
        """Delete records, whatever is in them; return the accounts that had one.

        Raises:
            CredentialsError: The vault cannot be written.
        """
        deleted = []
        for name in account_ids:
            deleted += [name] if self.version(name) else []
            self.storage.delete(_name(name))
        return deleted

    def _read_stored(self, account_ids: Iterable[str]) -> dict[str, Stored]:
        named = [*account_ids]
        with ThreadPoolExecutor(PARALLEL_READS) as threads:
            found = threads.map(self.storage.read, map(_name, named))
            return {name: stored for name, stored in zip(named, found, strict=True) if stored}


def _name(account_id: str) -> str:
    return f"{FOLDER}/{check_account_id(account_id)}{SUFFIX}"
