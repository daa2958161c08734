"""One file that is replaced as a whole or not at all, on this machine or in a cloud store.

A reader sees the content from before a change or from after it, even if the writer is killed.
Changes are made under a lock. On this machine, the operating system releases the lock of a process
that dies; in a cloud store, a second object is the lock, which ends after ten minutes.
"""

from __future__ import annotations

import glob
import importlib
import os
import re
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.lease import Lease
from tap_instagram_business.credentials.locking import exclusive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

MAX_WAIT_SECONDS = 30.0
"""The longest time to wait for a lock."""

RANDOM_CHARACTERS = 8
"""How many random characters `tempfile` puts into the name of a temporary file."""
LOCAL_SCHEMES = frozenset({"file", "local"})
"""The schemes of URIs for files on this machine."""
SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]*")
"""What stands before `://` in a URI. Chains such as `simplecache::gs` would leave copies here."""


class Storage(Protocol):
    """A file, wherever it is stored.

    Attributes:
        location: The path of the file, or its URI.
    """

    location: str

    def read(self) -> bytes | None:
        """Return the content; None if the file does not exist."""

    def write(self, content: bytes) -> None:
        """Replace the content."""

    def last_generation(self) -> int:
        """Return the highest number that `note_generation` has noted; 0 if that is unknown."""

    def note_generation(self, number: int) -> None:
        """Note, apart from the content, how often the content was written."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep other processes from changing the file during a `with` block."""


def open_storage(location: str) -> Storage:
    """Return the storage for a path, or for a URI such as `gs://bucket/vault.json`.

    Raises:
        CredentialsError: The Python package for this kind of URI is not installed.
    """
    scheme, separator, path = location.partition("://")
    if not separator:
        return LocalFile(location)
    if scheme.lower() in LOCAL_SCHEMES:
        return LocalFile(path)
    if not SCHEME.fullmatch(scheme):
        message = f"{location} cannot be opened: it is neither a path nor a URI such as gs://…"
        raise CredentialsError(message)
    return RemoteFile(location)


class LocalFile:
    """A file on this machine that only its owner can read."""

    def __init__(self, location: str) -> None:
        self.location = location
        self._path = Path(location).expanduser().resolve()

    def read(self) -> bytes | None:
        """Return the content; None if the file does not exist.

        Raises:
            CredentialsError: The file cannot be read.
        """
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except IsADirectoryError:
            message = f"{self.location} is a folder: the path of a vault in a folder ends in /"
            raise CredentialsError(message) from None
        except OSError as error:
            message = f"{self.location} cannot be read ({error.strerror}): check its path"
            raise CredentialsError(message) from None

    def write(self, content: bytes) -> None:
        """Write a temporary file, flush it to the disk, and rename it over the old file.

        Raises:
            CredentialsError: The file cannot be written. The old content is still there.
        """
        try:
            self._replace(content)
        except OSError as error:
            message = (
                f"{self.location} could not be written ({error.strerror}) and was not changed: "
                "check its directory and the free space of the disk"
            )
            raise CredentialsError(message) from None
        self._flush_directory()

    def _replace(self, content: bytes) -> None:
        # A longer name belongs to another file, such as `vault.json.erased`, under another lock.
        own = f".{glob.escape(self._path.name)}.{'?' * RANDOM_CHARACTERS}.tmp"
        for leftover in self._path.parent.glob(own):
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

    def _flush_directory(self) -> None:
        """Flush the renaming to the disk, on systems that can, so that it survives a power cut."""
        with suppress(OSError):
            directory = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    @property
    def _lock(self) -> Path:
        return self._path.with_name(f"{self._path.name}.lock")

    def last_generation(self) -> int:
        """Return the number in the lock file; 0 if it has none.

        Whoever puts an older copy of the file back leaves the lock file as it is.
        """
        try:
            return int(self._lock.read_bytes() or b"0")
        except (OSError, ValueError):
            return 0

    def note_generation(self, number: int) -> None:
        """Write a number into the lock file, which this process must hold."""
        with suppress(OSError):
            self._lock.write_bytes(str(number).encode())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing the file during a `with` block.

        Raises:
            CredentialsError: Another process holds the lock for too long, or the directory cannot
                be written.
        """
        with ExitStack() as held:
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                held.enter_context(exclusive(self._lock, MAX_WAIT_SECONDS))
            except TimeoutError:
                message = f"Another process is changing {self.location}: try again later"
                raise CredentialsError(message) from None
            except OSError as error:
                message = (
                    f"{self.location} cannot be changed ({error.strerror}): check its directory"
                )
                raise CredentialsError(message) from None
            yield


class RemoteFile:
    """An object in a store that replaces objects as a whole, such as `gs://` and `s3://`."""

    def __init__(self, location: str) -> None:
        self.location = location
        try:
            # It takes long to import, and a vault on this machine needs none of it.
            stores = importlib.import_module("fsspec.core")
            self._files, self._path = stores.url_to_fs(location)
        except Exception as error:  # noqa: BLE001 - each store has errors of its own
            message = f"{location} cannot be opened: {error}"
            raise CredentialsError(message) from None
        self._lease = Lease(self._files, self._path, location)

    def read(self) -> bytes | None:
        """Return the content; None if the object does not exist.

        Raises:
            CredentialsError: The object cannot be read.
        """
        try:
            content: bytes = self._files.cat_file(self._path)
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - each store has errors of its own
            raise self._error(error, "read") from None
        return content

    def write(self, content: bytes) -> None:
        """Replace the content.

        Raises:
            CredentialsError: The object cannot be written, or its lock was lost.
        """
        self._lease.check()
        try:
            self._files.pipe_file(self._path, content)
        except Exception as error:  # noqa: BLE001 - each store has errors of its own
            raise self._error(error, "written") from None

    def last_generation(self) -> int:
        """Return 0: a store has no place for the number that an older copy would not bring back."""
        return 0

    def note_generation(self, number: int) -> None:
        """Note nothing."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing the object during a `with` block.

        The lock is a second object. If a process is killed while it holds the lock, another one
        takes it over after ten minutes.

        Raises:
            CredentialsError: Another process holds the lock for too long, or the store refuses.
        """
        with ExitStack() as held:
            try:
                held.enter_context(self._lease.held(MAX_WAIT_SECONDS))
            except CredentialsError:
                raise
            except Exception as error:  # noqa: BLE001 - each store has errors of its own
                raise self._error(error, "locked") from None
            yield

    def _error(self, error: Exception, participle: str) -> CredentialsError:
        """Return the error that says what could not be done, such as `read`."""
        message = (
            f"{self.location} could not be {participle} ({type(error).__name__}): check its name "
            "and your access to it"
        )
        return CredentialsError(message)
