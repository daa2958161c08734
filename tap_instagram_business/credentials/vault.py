"""The vault: one record per account, in one file or in a folder of many.

A vault whose location ends in `/` is a folder of 256 files, `00.json` to `ff.json`. A hash of the
account's id says in which file its record is. Each file has the format of a vault in one file, and
a lock of its own, so that a change of one account reads and writes one small file. With a number
of shards that is a power of two, a shard touches only its own files.
"""

from __future__ import annotations

import logging
import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.vault_file import VaultFile
from tap_instagram_business.sharding import Shard, place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.record import Record

FOLDER_END = "/"
"""The location of a vault in many files ends like this."""
FILES = 256
"""How many files such a vault has: another number would look for the records in wrong files."""
PARALLEL_READS = 16
"""How many files are read at once: each read from a store takes a round trip."""
ALL = Shard()

logger = logging.getLogger("tap-instagram-business.credentials")


class Vault:
    """The records of all accounts.

    Attributes:
        location: The path of the file or of the folder, or its URI.
        files: The files, in the order in which they are locked.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self.files = _files(location)
        self._is_warned = False

    def exists(self) -> bool:
        """Whether the vault has been written.

        Raises:
            CredentialsError: A file cannot be read.
        """
        with ThreadPoolExecutor(PARALLEL_READS) as threads:
            return any(threads.map(VaultFile.exists, self.files))

    def read(self, account_ids: Collection[str] = (), shard: Shard = ALL) -> dict[str, Record]:
        """Return records by account id; none if the vault does not exist.

        Args:
            account_ids: The accounts to look for; empty for all.
            shard: The part of the accounts to look for.

        Raises:
            CredentialsError: A file cannot be read, is not a file of a vault, or is damaged.
        """
        named = frozenset(account_ids)
        files = [file for file, _ in self.by_file(named)] if named else self._files_of(shard)
        with ThreadPoolExecutor(PARALLEL_READS) as threads:
            parts = list(threads.map(VaultFile.read, files))
        self._warn_of_older_copies(files)
        return {
            name: record
            for part in parts
            for name, record in part.items()
            if shard.holds(name) and (not named or name in named)
        }

    @contextmanager
    def changing(self, account_ids: Collection[str] | None = None) -> Iterator[dict[str, Record]]:
        """Lock the files of a few accounts, yield their records, and store them at the end.

        Nothing is stored if the `with` block raises an exception. Each file is stored as a whole or
        not at all; if one of them cannot be written, others may have been. All files are locked at
        once: `by_file` is for many accounts.

        Args:
            account_ids: The accounts that may be changed; None for all. The records of other
                accounts in the same files are yielded as well.

        Raises:
            CredentialsError: A file cannot be locked, read or written. It is not changed.
        """
        files = self.files
        if account_ids is not None:
            files = tuple(file for file, _ in self.by_file(account_ids))
        with ExitStack() as locked:
            parts = {file.part: locked.enter_context(file.changing()) for file in files}
            self._warn_of_older_copies(files)
            records = {name: record for part in parts.values() for name, record in part.items()}
            yield records
            for part in parts.values():
                part.clear()
            for name, record in records.items():
                parts[Shard.of_account(name, len(self.files))][name] = record

    def by_file(self, account_ids: Iterable[str]) -> list[tuple[VaultFile, list[str]]]:
        """Return the files in which the records of some accounts are, each with its accounts.

        They are in the order of all files, so that no two processes that lock several of them wait
        for each other for ever.
        """
        accounts: dict[int, list[str]] = {}
        for account_id in account_ids:
            accounts.setdefault(place(account_id, len(self.files)), []).append(account_id)
        return [(self.files[index - 1], accounts[index]) for index in sorted(accounts)]

    def check_keys(self, keys: KeyRing) -> None:
        """Check that the keys can decrypt every record.

        Raises:
            CredentialsError: Keys are missing; the message has their ids.
        """
        missing = {record.key_id for record in self.read().values()} - set(keys.ids)
        if missing:
            message = (
                f"The vault {self.location} is encrypted with key {', '.join(sorted(missing))}, "
                f"which is not among the given keys ({', '.join(keys.ids)}): give that key as well"
            )
            raise CredentialsError(message)

    def _files_of(self, shard: Shard) -> list[VaultFile]:
        """Return the files that may have accounts of a shard."""
        divisor = math.gcd(shard.number, len(self.files))
        return [file for file in self.files if (file.part.index - shard.index) % divisor == 0]

    def _warn_of_older_copies(self, files: Sequence[VaultFile]) -> None:
        """Warn, once, of files that are older copies of themselves."""
        older = [file.location for file in files if file.is_older_copy]
        if not older or self._is_warned:
            return
        self._is_warned = True
        more = f" (and {len(older) - 1} more of its files)" if len(older) > 1 else ""
        logger.warning(
            "The vault %s%s is an older copy of itself: accounts that were disconnected or "
            "erased since then may be in it again, and renewed tokens may be lost. Check it "
            "with `tap-instagram-business accounts`.",
            older[0],
            more,
        )


def _files(location: str) -> tuple[VaultFile, ...]:
    if not location.endswith(FOLDER_END):
        return (VaultFile(location, ALL),)
    return tuple(
        VaultFile(f"{location}{index:02x}.json", Shard(index + 1, FILES)) for index in range(FILES)
    )
