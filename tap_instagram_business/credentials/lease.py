"""A lock in a store such as `gs://`: an object that only one process can create, for a while.

The object says until when it holds. A process that is killed leaves it behind, and after that time
another process takes it over, so that nobody has to delete it. Before a process writes what the
lock protects, it checks that the lock is still its own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tap_instagram_business.credentials.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterator

LEASE = dt.timedelta(minutes=10)
"""How long a lock holds. The longest change, of a vault with 100,000 accounts, takes seconds."""
PAUSE_SECONDS = 0.2
"""The time between two attempts to take the lock."""
UNTIL = " until "


class Lease:
    """The lock of one object in a store.

    A process that takes an expired lock over creates a second object first, so that only one does.
    """

    def __init__(self, files: Any, path: str, location: str) -> None:  # noqa: ANN401
        """Describe the lock; nothing is created yet.

        Args:
            files: The file system of fsspec.
            path: The path of the protected object in it.
            location: The URI of that object, for messages.
        """
        self._files, self._path, self._location = files, f"{path}.lock", location
        self._own = b""

    @contextmanager
    def held(self, wait_seconds: float) -> Iterator[None]:
        """Hold the lock during a `with` block.

        Args:
            wait_seconds: The longest time to wait for it.

        Raises:
            CredentialsError: Another process holds the lock for too long.
            Exception: The store refuses; each store has errors of its own.
        """
        deadline = time.monotonic() + wait_seconds
        while not self._take():
            if time.monotonic() >= deadline:
                owner = self._read().decode("ascii", "replace") or "unknown process"
                message = (
                    f"Another process is changing {self._location} ({owner}): try again later. If "
                    f"that process has ended, the lock ends by itself at that time, or when you "
                    f"delete {self._location}.lock"
                )
                raise CredentialsError(message)
            time.sleep(PAUSE_SECONDS)
        try:
            yield
        finally:
            with suppress(Exception):
                if self._read() == self._own:
                    self._files.rm_file(self._path)
            self._own = b""

    def check(self) -> None:
        """Check that this process still holds the lock that it took.

        Raises:
            CredentialsError: It does not, because it took too long. Nothing may be written.
        """
        if self._own and self._read() != self._own:
            message = (
                f"{self._location} was not changed: this process took so long that another one has "
                "taken over its lock. Try again"
            )
            raise CredentialsError(message)

    def _take(self) -> bool:
        until = dt.datetime.now(dt.timezone.utc) + LEASE
        own = (
            f"process {os.getpid()} on {socket.gethostname()}, {secrets.token_hex(4)}"
            f"{UNTIL}{until.isoformat(timespec='seconds')}"
        ).encode()
        if self._create(self._path, own):
            self._own = own
            return True
        found = self._read()
        if _has_expired(found):
            self._remove_expired(found)
        return False

    def _remove_expired(self, found: bytes) -> None:
        """Remove an expired lock, unless another process is doing so or has done so."""
        claim = f"{self._path}.{hashlib.sha256(found).hexdigest()[:16]}"
        if not self._create(claim, b""):
            return
        try:
            if self._read() == found:
                self._files.rm_file(self._path)
        finally:
            with suppress(Exception):
                self._files.rm_file(claim)

    def _create(self, path: str, content: bytes) -> bool:
        """Create an object and return True; return False if it exists already."""
        try:
            self._files.pipe_file(path, content, mode="create")
        except FileExistsError:
            return False
        return True

    def _read(self) -> bytes:
        """Return the content of the lock; b'' if there is none or it cannot be read."""
        try:
            content: bytes = self._files.cat_file(self._path)
        except Exception:  # noqa: BLE001 - each store has errors of its own
            return b""
        return content


def _has_expired(lock: bytes) -> bool:
    """Whether a lock says that its time is over; one of an earlier version says nothing."""
    _, _, until = lock.decode("ascii", "replace").partition(UNTIL)
    try:
        return dt.datetime.fromisoformat(until) < dt.datetime.now(dt.timezone.utc)
    except ValueError:
        return False
