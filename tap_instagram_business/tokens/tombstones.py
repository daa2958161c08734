"""Which accounts were erased: a run that knows them already must not write them again.

`erase` marks an account here before it erases anything, and `connect` removes the mark. Every run
asks before it writes a row or a state.

A mark is an object whose name is an HMAC of the account's id, so that the id is not kept. The key
of the HMAC is random. Beside a vault, the encryption keys encrypt it. A Meltano project without a
vault keeps it in clear: whoever can read it there can test whether an id was erased.
"""

from __future__ import annotations

import datetime as dt
import hmac
import os
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from tap_instagram_business.tokens.encryption import generate_key
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.storage import open_storage
from tap_instagram_business.tokens.storage.local import LocalFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container

    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.storage import Storage

Json = Any

FOLDER = "erased"
KEY = "erased.key"
LOCAL_SECONDS, REMOTE_SECONDS = 0.1, 30.0
"""How long a list of marks on this machine, or in a bucket, is taken for true."""


def project_directory() -> Path | None:
    """Return the directory of the Meltano project around the current one; None if there is none."""
    root = Path(os.environ.get("MELTANO_PROJECT_ROOT") or ".").resolve()
    for directory in (root, *root.parents):
        if (directory / "meltano.yml").exists():
            return directory
    return None


def without_accounts(state: Json, account_ids: Container[str]) -> Json:
    """Return a copy of a state without the entries of the accounts, at any depth."""
    if isinstance(state, dict):
        return {
            name: without_accounts(value, account_ids)
            for name, value in state.items()
            if name not in account_ids
        }
    if isinstance(state, list):
        return [without_accounts(value, account_ids) for value in state]
    return state


class Tombstones:
    """The marks of erased accounts, beside a vault or, without one, in a Meltano project."""

    def __init__(
        self, storage: Storage | None, read_keys: Callable[[], KeyRing] | None = None
    ) -> None:
        """Use a folder for the marks.

        Args:
            storage: The folder; None if there is none, so that no account counts as erased.
            read_keys: Returns the keys that encrypt the key of the HMAC; None to keep it in clear.
        """
        self._storage, self._read_keys = storage, read_keys
        is_local = isinstance(storage, LocalFolder)
        self._seconds = LOCAL_SECONDS if is_local else REMOTE_SECONDS
        self._read_at = float("-inf")
        self._marks: frozenset[str] = frozenset()
        self._known: dict[str, str] = {}

    @classmethod
    def of(
        cls, vault_location: str | None, project: Path | None, read_keys: Callable[[], KeyRing]
    ) -> Self:
        """Return the marks beside a vault or, without one, in a Meltano project."""
        if vault_location:
            return cls(open_storage(vault_location), read_keys)
        folder = project and project / ".meltano" / "tap-instagram-business"
        return cls(LocalFolder(str(folder)) if folder else None)

    @property
    def location(self) -> str:
        """The path or URI of the folder; '' if there is none."""
        return self._storage.location if self._storage else ""

    def is_erased(self, account_id: str) -> bool:
        """Whether an account was erased and not connected again since, as far as known lately.

        Raises:
            CredentialsError: The marks cannot be read, or their key is missing.
        """
        return bool(self._lately_marked()) and self._mark(account_id) in self._marks

    def __contains__(self, account_id: object) -> bool:
        return self.is_erased(str(account_id))

    def marked(self, account_ids: Collection[str]) -> list[str]:
        """Return which of some accounts are marked as erased at this moment.

        Raises:
            CredentialsError: The marks cannot be read.
        """
        if self._storage is None:
            return []
        return [name for name in account_ids if self._storage.read(self._path(name))]

    def check_key(self) -> None:
        """Check that the encryption keys are those of this vault.

        Raises:
            CredentialsError: They are not, or the key of the marks is missing, or the vault cannot
                be read.
        """
        if self._storage and (content := self._stored_key(self._storage)) is not None:
            self._decrypt(content)

    def add(self, account_ids: Collection[str]) -> None:
        """Mark accounts as erased.

        Raises:
            CredentialsError: The marks cannot be written.
        """
        now = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
        if self._storage:
            for name in account_ids:
                self._storage.write(self._path(name), now.encode(), None)

    def remove(self, account_ids: Collection[str]) -> None:
        """Remove the marks of accounts.

        Raises:
            CredentialsError: The marks cannot be written.
        """
        if self._storage:
            for name in account_ids:
                self._storage.delete(self._path(name))

    def without_erased(self, state: Json) -> Json:
        """Return a state without the bookmarks of erased accounts."""
        return without_accounts(state, self) if self._lately_marked() else state

    def rotate(self) -> None:
        """Encrypt the key of the HMAC again, with the first of the encryption keys.

        Raises:
            CredentialsError: It cannot be decrypted or written.
        """
        stored = self._storage.read(KEY) if self._storage else None
        if self._storage and self._read_keys and stored:
            content = self._read_keys().encrypt(self._decrypt(stored.content), KEY)
            self._storage.write(KEY, content.encode(), stored.version)

    def _lately_marked(self) -> frozenset[str]:
        """Return the names of all marks, which are listed again only after a while."""
        if self._storage and time.monotonic() - self._read_at >= self._seconds:
            self._marks = frozenset(self._storage.names(FOLDER))
            self._read_at = time.monotonic()
        return self._marks

    def _path(self, account_id: str) -> str:
        return f"{FOLDER}/{self._mark(account_id)}"

    def _mark(self, account_id: str) -> str:
        if account_id not in self._known:
            digest = hmac.digest(self._key, account_id.encode(), "sha256")
            self._known[account_id] = digest.hex()
        return self._known[account_id]

    @cached_property
    def _key(self) -> bytes:
        """The key of the HMAC, which is made with the first mark."""
        storage = self._storage
        assert storage is not None  # noqa: S101 - nobody asks for marks that are kept nowhere
        content = self._stored_key(storage)
        return self._decrypt(self._make_key(storage) if content is None else content).encode()

    def _stored_key(self, storage: Storage) -> bytes | None:
        # In this order: the key is written before the first mark.
        has_marks = bool(storage.names(FOLDER))
        stored = storage.read(KEY)
        if stored is None and has_marks:
            raise CredentialsError(
                f"{storage.location}/{KEY} is missing, so that it is not known which accounts were "
                "erased: restore this object"
            )
        return stored.content if stored else None

    def _make_key(self, storage: Storage) -> bytes:
        key = generate_key()
        content = (self._read_keys().encrypt(key, KEY) if self._read_keys else key).encode()
        storage.write(KEY, content, None)
        if storage.write(KEY, content, None):
            raise CredentialsError(
                f"{storage.location} overwrites objects although it was told not to: use a store "
                "with conditional writes"
            )
        stored = storage.read(KEY)
        return stored.content if stored else content

    def _decrypt(self, content: bytes) -> str:
        text = content.decode("ascii", "replace")
        if self._read_keys is None:
            return text
        label, remedy = f"The object {self.location}/{KEY}", "restore it"
        return self._read_keys().decrypt(text, KEY, label=label, remedy=remedy)
