"""The lock of a run: one thread at a time runs the code of streams, or writes messages."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class RunEnded(BaseException):
    """The run has ended: a thread that waits for the lock of the run does not get it any more."""


class RunLock:
    """A lock that each thread of a run holds, except while it waits for Meta or another thread.

    So streams share data without further locks, messages are written one at a time, and a state
    never shows half a step. Where no thread holds it, as in the commands, it does nothing.
    """

    def __init__(self) -> None:
        # Of an RLock it is known which thread holds it, even if a signal interrupts that thread.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._is_closed = False

    def __enter__(self) -> None:
        self._acquire()

    def __exit__(self, *_: object) -> None:
        with suppress(RuntimeError):  # Raised when this thread does not hold it, or not any more.
            while True:
                self._lock.release()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Release the lock until the end of the block, if this thread holds it."""
        try:
            self._lock.release()
        except RuntimeError:
            yield
            return
        try:
            yield
        finally:
            self._acquire()

    def wait_for(self, is_true: Callable[[], object]) -> None:
        """Release the lock until something is true; it is looked at after each `notify`.

        Raises:
            RunEnded: the run has ended meanwhile.
        """
        self._changed.wait_for(lambda: self._is_closed or is_true())
        if self._is_closed:
            raise RunEnded

    def notify(self) -> None:
        """Let the threads in `wait_for` look again."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Take the lock for good: each other thread that wants it gets `RunEnded`."""
        self._is_closed = True
        self._lock.acquire()
        self.notify()

    def _acquire(self) -> None:
        self._lock.acquire()
        if self._is_closed:
            self._lock.release()
            raise RunEnded
