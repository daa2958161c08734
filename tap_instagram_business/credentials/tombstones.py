"""Which accounts were erased: a run that knows them already must not write them again.

`erase` adds an account here before it erases anything, and `connect` removes it. Every run asks
before it writes a row or a state. The account's id is not stored: the file holds a digest of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.storage import LocalFile, open_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from tap_instagram_business.credentials.storage import Storage

FORMAT = "tap-instagram-business erased accounts v1"
DIGEST_ROUNDS = 1_000
"""An id has only 17 digits: each guess at the id of a digest costs as many hashes."""
LOCAL_SECONDS, REMOTE_SECONDS = 0.1, 30.0
"""How long what was read from a file, or from a store, is taken for true."""


def project_directory() -> Path | None:
    """Return the directory of the Meltano project around the current one; None if there is none."""
    root = Path(os.environ.get("MELTANO_PROJECT_ROOT") or ".").resolve()
    for directory in (root, *root.parents):
        if (directory / "meltano.yml").exists():
            return directory
    return None


@dataclass
class _File:
    """One file of erased accounts, and what was last read from it."""

    storage: Storage
    seconds: float
    read_at: float = float("-inf")
    salt: str = ""
    digests: dict[str, str] = field(default_factory=dict)

    def refresh(self) -> None:
        if time.monotonic() - self.read_at >= self.seconds:
            self.load()

    def load(self) -> None:
        content = self.storage.read()
        self.salt, self.digests = ("", {}) if content is None else self._parse(content)
        self.read_at = time.monotonic()

    def _parse(self, content: bytes) -> tuple[str, dict[str, str]]:
        try:
            stored = json.loads(content)
            if stored["format"] == FORMAT and isinstance(stored["accounts"], dict):
                return str(stored["salt"]), stored["accounts"]
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        message = (
            f"{self.storage.location} is damaged: without it, erased accounts would be read again; "
            "restore it, or delete it and erase these accounts again"
        )
        raise CredentialsError(message)

    def change(self, change: Callable[[dict[str, str], str], None]) -> None:
        with self.storage.locked():
            self.load()
            self.salt = self.salt or secrets.token_hex(16)
            before = dict(self.digests)
            change(self.digests, self.salt)
            if self.digests != before:
                stored = {"format": FORMAT, "salt": self.salt, "accounts": self.digests}
                self.storage.write(json.dumps(stored, indent=1).encode())


class Tombstones:
    """The erased accounts, in every place where a run may look.

    Args:
        files: The places: beside the vault, and in the Meltano project.
    """

    def __init__(self, files: Collection[_File]) -> None:
        self._files = tuple(files)
        self._known: dict[tuple[str, str], str] = {}

    @classmethod
    def of(cls, vault_location: str | None, project: Path | None) -> Self:
        """Return the erased accounts that belong to a vault and to a Meltano project."""
        files = []
        if vault_location:
            storage = open_storage(f"{vault_location}.erased")
            is_local = isinstance(storage, LocalFile)
            files.append(_File(storage, LOCAL_SECONDS if is_local else REMOTE_SECONDS))
        if project:
            path = project / ".meltano" / "tap-instagram-business.erased"
            files.append(_File(LocalFile(str(path)), LOCAL_SECONDS))
        return cls(files)

    @property
    def locations(self) -> list[str]:
        """The paths or URIs of the files."""
        return [file.storage.location for file in self._files]

    def covers(self, account_id: str) -> bool:
        """Whether an account was erased and has not been connected again since.

        Raises:
            CredentialsError: A file cannot be read.
        """
        for file in self._files:
            file.refresh()
        return any(
            self._digest(file.salt, account_id) in file.digests
            for file in self._files
            if file.digests
        )

    def add(self, account_ids: Collection[str]) -> None:
        """Mark accounts as erased.

        Raises:
            CredentialsError: A file cannot be written.
        """
        now = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")

        def change(digests: dict[str, str], salt: str) -> None:
            digests.update({self._digest(salt, account_id): now for account_id in account_ids})

        for file in self._files:
            file.change(change)

    def remove(self, account_ids: Collection[str]) -> None:
        """Mark accounts as connected again.

        Raises:
            CredentialsError: A file cannot be written.
        """

        def change(digests: dict[str, str], salt: str) -> None:
            for account_id in account_ids:
                digests.pop(self._digest(salt, account_id), None)

        for file in self._with_any():
            file.change(change)

    def without_erased(self, state: Any) -> Any:  # noqa: ANN401 - JSON
        """Return a state without the bookmarks of erased accounts."""
        bookmarks = state.get("bookmarks", {})
        if not any(self._with_any()):
            return state
        return {
            **state,
            "bookmarks": {name: self._of_others(kept) for name, kept in bookmarks.items()},
        }

    def _of_others(self, kept: Any) -> Any:  # noqa: ANN401 - JSON
        accounts = kept.get("accounts")
        if not accounts:
            return kept
        others = {name: value for name, value in accounts.items() if not self.covers(name)}
        return {**kept, "accounts": others}

    def _with_any(self) -> Iterator[_File]:
        for file in self._files:
            file.refresh()
            if file.digests:
                yield file

    def _digest(self, salt: str, account_id: str) -> str:
        if (salt, account_id) not in self._known:
            raw = hashlib.pbkdf2_hmac("sha256", account_id.encode(), salt.encode(), DIGEST_ROUNDS)
            self._known[salt, account_id] = raw.hex()
        return self._known[salt, account_id]


def copy_marks(source: str, destination: str) -> None:
    """Copy the marks of erased accounts from beside one vault to beside another.

    Args:
        source: The location of the vault that the marks are beside.
        destination: The location of the other vault.

    Raises:
        CredentialsError: A file cannot be read or written, or other accounts are marked there.
    """
    content = open_storage(f"{source}.erased").read()
    if content is None:
        return
    storage = open_storage(f"{destination}.erased")
    with storage.locked():
        if storage.read() not in {None, content}:
            message = (
                f"{storage.location} has other erased accounts than {source}.erased: move the "
                "vault to a place that has had none"
            )
            raise CredentialsError(message)
        storage.write(content)
