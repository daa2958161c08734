"""A lock between processes of one machine; the operating system releases it if its holder dies."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAUSE_SECONDS = 0.02
"""The time between two attempts to take the lock."""

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
    with open(_descriptor(path), "ab") as file:
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


def _descriptor(path: Path) -> int:
    """Open a file for appending, with mode 0600, without following a link."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, 0o600)
    return descriptor
