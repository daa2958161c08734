"""One file of a vault: a JSON file of records, with a checksum over them.

A file that is damaged, that is not of a vault, or that has records of another file is refused and
not changed. The number of changes is kept twice, in the file and beside it, so that an older copy
is noticed.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.record import Record
from tap_instagram_business.credentials.storage import open_storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_instagram_business.sharding import Shard

FORMAT = "tap-instagram-business vault v1"
PARTS = frozenset({"format", "sha256", "accounts"})
"""The members of the JSON object in the file; newer files have `generation` as well."""


class VaultFile:
    """The records of all accounts, or of a part of them, in one file.

    Attributes:
        location: The path of the file, or its URI.
        part: The accounts that may have a record in this file.
        is_older_copy: Whether the file, when it was last read, was older than it had been before.
    """

    def __init__(self, location: str, part: Shard) -> None:
        self.location = location
        self.part = part
        self.is_older_copy = False
        self._storage = open_storage(location)
        self._generation = 0

    def exists(self) -> bool:
        """Whether there is a file at the location.

        Raises:
            CredentialsError: The file cannot be read.
        """
        return self._storage.read() is not None

    def read(self) -> dict[str, Record]:
        """Return all records by account id; none if the file does not exist.

        Raises:
            CredentialsError: The file cannot be read, is not a file of a vault, or is damaged.
        """
        # In this order, because another process may write the file and then its number meanwhile.
        last_generation = self._storage.last_generation()
        content = self._storage.read()
        generation, records = (0, {}) if content is None else self._parse(content)
        self._generation = generation
        # Nobody deletes one file of many to begin again: its accounts would be left out.
        may_be_older = content is not None or self.part.number > 1
        self.is_older_copy = may_be_older and generation < last_generation
        return records

    @contextmanager
    def changing(self) -> Iterator[dict[str, Record]]:
        """Lock the file, yield its records, and store them at the end of the `with` block.

        Nothing is stored if the block raises an exception.

        Raises:
            CredentialsError: The file cannot be locked, read or written. It is not changed.
        """
        with self._storage.locked():
            records = self.read()
            before = dict(records)
            yield records
            if records != before:
                generation = max(self._generation, self._storage.last_generation()) + 1
                self._storage.write(_format(records, generation))
                self._storage.note_generation(generation)

    def _parse(self, content: bytes) -> tuple[int, dict[str, Record]]:
        """Return how often the file was written, and its records."""
        try:
            stored = json.loads(content)
        except (ValueError, RecursionError):
            stored = None
        if not isinstance(stored, dict) or stored.get("format") != FORMAT:
            message = (
                f"{self.location} is not a vault of this program, or is incomplete: nothing was "
                "written; restore a good copy, or move it away and connect the accounts again"
            )
            raise CredentialsError(message)
        records = self._records(stored)
        if records is None:
            message = (
                f"The vault {self.location} is damaged, or another program has changed it: nothing "
                "was written; restore a good copy, or move it away and connect the accounts again"
            )
            raise CredentialsError(message)
        if not all(map(self.part.holds, records)):
            message = (
                f"{self.location} has records that belong into another file of the vault: nothing "
                "was written; give the files of the vault the names that they had"
            )
            raise CredentialsError(message)
        return stored.get("generation", 0), records

    def _records(self, stored: dict[str, Any]) -> dict[str, Record] | None:
        """Return the records of a file; None if it is damaged."""
        try:
            accounts = stored["accounts"]
            is_whole = stored.keys() - {"generation"} == PARTS
            is_whole = is_whole and type(stored.get("generation", 0)) is int
            if is_whole and stored["sha256"] == _checksum(accounts):
                return {name: Record.from_json(name, entry) for name, entry in accounts.items()}
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        return None


def _format(records: Mapping[str, Record], generation: int) -> bytes:
    accounts = {name: record.to_json() for name, record in sorted(records.items())}
    stored = {
        "format": FORMAT,
        "sha256": _checksum(accounts),
        "generation": generation,
        "accounts": accounts,
    }
    return json.dumps(stored, indent=1).encode()


def _checksum(accounts: Any) -> str:  # noqa: ANN401 - JSON
    text = json.dumps(accounts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
