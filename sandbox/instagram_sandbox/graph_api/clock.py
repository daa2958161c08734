"""The world's clock: real time, or a time that tests set and move on."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from threading import Lock


class Clock:
    """Tells what time it is in the world.

    Args:
        moment: The time to begin at; real time when left out.
        running: Whether time passes by itself. A clock with a moment stands still unless told
            to run.
    """

    def __init__(self, moment: datetime | None = None, *, running: bool | None = None) -> None:
        self._lock = Lock()
        self._running = moment is None if running is None else running
        self._origin = time.monotonic()
        self._moment = _utc(moment or datetime.now(timezone.utc))

    @property
    def running(self) -> bool:
        """Whether time passes by itself."""
        return self._running

    def now(self) -> datetime:
        """Give the present moment, in UTC."""
        with self._lock:
            return self._read()

    def set(self, moment: datetime) -> None:
        """Go to a moment; a running clock runs on from there."""
        with self._lock:
            self._moment = _utc(moment)
            self._origin = time.monotonic()

    def advance(self, step: timedelta) -> datetime:
        """Move on by a step and give the new moment."""
        with self._lock:
            self._moment = self._read() + step
            self._origin = time.monotonic()
            return self._moment

    def _read(self) -> datetime:
        if not self._running:
            return self._moment
        return self._moment + timedelta(seconds=time.monotonic() - self._origin)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        message = "A moment without a time zone does not say when it is."
        raise ValueError(message)
    return moment.astimezone(timezone.utc)
