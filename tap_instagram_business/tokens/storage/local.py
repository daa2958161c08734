"""A folder on this machine that only its owner can read, and a lock between processes."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from typing_extensions import override

from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.storage import Storage, Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_WAIT_SECONDS = 30.0
"""The longest time to wait for another process to finish its change."""
LOCK = ".lock"
PAUSE_SECONDS = 0.02
"""The time between two attempts to take the lock."""


class LocalFolder(Storage):
    """The objects are files. Their version is a hash of their content.

    A change takes the lock of the folder, compares the version, writes a temporary file, flushes it
    to the disk, and renames it. A reader takes no lock: it sees the file from before or after a
    change, even if the writer is killed.
    """

    def __init__(self, path: str, location: str = "") -> None:
        super().__init__(location or path)
        self._root = Path(path).expanduser().resolve()

    @override
    def names(self, folder: str) -> list[str]:
        try:
            names = sorted(path.name for path in (self._root / folder).iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unreadable(error) from None
        return [name for name in names if not name.startswith(".")]  # those are temporary files

    @override
    def read(self, name: str) -> Stored | None:
        try:
            content = (self._root / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from None
        return Stored(content, _version(content))

    @override
    def write(self, name: str, content: bytes, version: str | None) -> str | None:
        path = self._root / name
        with self._locked(path):
            found = self.read(name)
            if (found.version if found else None) != version:
                return None
            try:
                _replace(path, content)
            except OSError as error:
                raise CredentialsError(
                    f"{path} could not be written ({error.strerror}) and was not changed: check "
                    "its folder and the free space of the disk"
                ) from None
        return _version(content)

    @override
    def delete(self, name: str) -> None:
        path = self._root / name
        if not path.parent.exists():
            return
        # Without the lock, a writer that has compared the version already would write it again.
        with self._locked(path):
            try:
                for file in (path, _temporary(path)):
                    file.unlink(missing_ok=True)
            except OSError as error:
                message = f"{path} could not be deleted ({error.strerror}): check its folder"
                raise CredentialsError(message) from None
            _flush(path.parent)

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        """Keep other processes from changing the folder during a `with` block.

        Raises:
            CredentialsError: Another process holds the lock for too long, or the folder cannot be
                written.
        """
        with ExitStack() as held:
            try:
                for folder in (self._root, path.parent):
                    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                held.enter_context(exclusive(self._root / LOCK, MAX_WAIT_SECONDS))
            except TimeoutError:
                message = f"Another process is changing {self.location}: try again later"
                raise CredentialsError(message) from None
            except OSError as error:
                message = f"{self.location} cannot be changed ({error.strerror}): check its folder"
                raise CredentialsError(message) from None
            yield

    def _unreadable(self, error: OSError) -> CredentialsError:
        message = f"{self.location} cannot be read ({error.strerror}): check its path"
        if isinstance(error, NotADirectoryError):
            message = f"{self.location} is a file: a vault is a folder, give the path of one"
        return CredentialsError(message)


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _replace(path: Path, content: bytes) -> None:
    """Replace a file; an error, or the end of the process, leaves the old file as it is."""
    temporary = _temporary(path)
    try:
        with open(temporary, "wb", opener=_open_own) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _flush(path.parent)


def _temporary(path: Path) -> Path:
    """Return the temporary file of a file: what a killed process has left is written over."""
    return path.with_name(f".{path.name}.tmp")


def _flush(folder: Path) -> None:
    """Flush a renaming or deletion to the disk, on systems that can, against a power cut."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _open_own(path: str, flags: int) -> int:
    """Open a file with mode 0600, without following a link."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def exclusive(path: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the lock of a file during a `with` block; the file is created if it does not exist.

    Only its owner can open the file: another user could otherwise hold the lock for ever. A link is
    not followed: it could have been put there to create or to lock another file.

    Args:
        path: The file that stands for the lock.
        wait_seconds: The longest time to wait for another process to release the lock.

    Raises:
        TimeoutError: Another process has held the lock for the whole time.
        OSError: The file cannot be opened, or is a link.
    """
    with open(path, "ab", opener=_open_own) as file:
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), 0o600)
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                _take(file)
                break
            except OSError:
                if time.monotonic() >= deadline:
                    raise TimeoutError from None
                time.sleep(PAUSE_SECONDS)
        yield
