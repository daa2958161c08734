"""A lock between processes of one machine; the operating system releases it if its holder dies."""

from __future__ import annotations

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

    Args:
        path: The file that stands for the lock.
        wait_seconds: The longest time to wait for another process to release the lock.

    Raises:
        TimeoutError: Another process has held the lock for the whole time.
    """
    with path.open("ab") as file:
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
