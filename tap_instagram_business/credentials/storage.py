"""One file that is replaced as a whole or not at all: on this machine, or wherever fsspec reaches.

A reader sees what was there before a change or after it, whenever the writer is killed. A change
is made under a lock: on this machine one that dies with its process, elsewhere a second file.
"""

from __future__ import annotations

import glob
import os
import socket
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import fsspec

from tap_instagram_business.credentials.failure import CredentialsError
from tap_instagram_business.credentials.locking import exclusive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

WAIT_SECONDS = 30.0
PAUSE_SECONDS = 0.2


class Storage(Protocol):
    """Where a file is kept."""

    place: str

    def read(self) -> bytes | None:
        """Return what is kept; None where there is nothing yet."""

    def write(self, content: bytes) -> None:
        """Replace what is kept."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep other processes from changing it."""


def storage_at(place: str) -> Storage:
    """Return the storage at a path, or at a URI such as `gs://bucket/vault.json`.

    Raises:
        CredentialsError: what the URI needs is not installed.
    """
    if place.startswith("file://"):
        return LocalFile(place.removeprefix("file://"))
    return RemoteFile(place) if "://" in place else LocalFile(place)


class LocalFile:
    """A file of this machine, for its owner only."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._path = Path(place).expanduser().resolve()

    def read(self) -> bytes | None:
        """Return what is kept; None where there is nothing yet.

        Raises:
            CredentialsError: it cannot be read.
        """
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            message = f"{self.place} cannot be read ({error.strerror})"
            raise CredentialsError(message) from None

    def write(self, content: bytes) -> None:
        """Write a new file beside the old one, all the way to the disk, and let it take its place.

        Raises:
            CredentialsError: it could not be written.
        """
        try:
            self._replace(content)
        except OSError as error:
            message = (
                f"{self.place} could not be written ({error.strerror}): it is as it was before"
            )
            raise CredentialsError(message) from None
        self._settle()

    def _replace(self, content: bytes) -> None:
        for leftover in self._path.parent.glob(f".{glob.escape(self._path.name)}.*.tmp"):
            leftover.unlink()
        handle, name = tempfile.mkstemp(".tmp", f".{self._path.name}.", self._path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise

    def _settle(self) -> None:
        """Make the exchange of the two files outlive a power cut, where the system can."""
        with suppress(OSError):
            directory = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing it.

        Raises:
            CredentialsError: another process does not let go of it.
        """
        lock = self._path.with_name(f"{self._path.name}.lock")
        with ExitStack() as held:
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                held.enter_context(exclusive(lock, WAIT_SECONDS))
            except TimeoutError:
                message = f"{self.place} is being changed by another process: try again"
                raise CredentialsError(message) from None
            except OSError as error:
                message = f"{self.place} cannot be changed ({error.strerror})"
                raise CredentialsError(message) from None
            yield


class RemoteFile:
    """An object of a store that replaces objects as a whole, such as `gs://` and `s3://`."""

    def __init__(self, place: str) -> None:
        self.place = place
        try:
            self._files, self._path = fsspec.core.url_to_fs(place)
        except (ImportError, ValueError) as error:
            message = f"{place} cannot be reached: {error}"
            raise CredentialsError(message) from None
        self._lock = f"{self._path}.lock"

    def read(self) -> bytes | None:
        """Return what is kept; None where there is nothing yet.

        Raises:
            CredentialsError: it cannot be read.
        """
        try:
            content: bytes = self._files.cat_file(self._path)
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - each store has errors of its own
            raise self._failure(error, "read") from None
        return content

    def write(self, content: bytes) -> None:
        """Replace what is kept.

        Raises:
            CredentialsError: it could not be written.
        """
        try:
            self._files.pipe_file(self._path, content)
        except Exception as error:  # noqa: BLE001 - each store has errors of its own
            raise self._failure(error, "written") from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing it: a second object that only one can create.

        Who is killed meanwhile leaves it behind. Nobody takes it away but a person, since to guess
        that its maker is dead is to risk losing what that one writes.

        Raises:
            CredentialsError: another process does not let go of it.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while not self._take_lock():
            if time.monotonic() >= deadline:
                message = (
                    f"{self.place} is being changed by another process ({self._holder()}): if that "
                    f"one is no more, delete {self.place}.lock"
                )
                raise CredentialsError(message)
            time.sleep(PAUSE_SECONDS)
        try:
            yield
        finally:
            with suppress(Exception):
                self._files.rm_file(self._lock)

    def _take_lock(self) -> bool:
        who = f"process {os.getpid()} on {socket.gethostname()}".encode()
        try:
            self._files.pipe_file(self._lock, who, mode="create")
        except FileExistsError:
            return False
        except Exception as error:  # noqa: BLE001 - each store has errors of its own
            raise self._failure(error, "locked") from None
        return True

    def _holder(self) -> str:
        try:
            who: bytes = self._files.cat_file(self._lock)
            return who.decode("ascii", "replace")
        except Exception:  # noqa: BLE001 - each store has errors of its own
            return "unknown"

    def _failure(self, error: Exception, done: str) -> CredentialsError:
        return CredentialsError(f"{self.place} could not be {done} ({type(error).__name__})")
