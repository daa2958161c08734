"""The world's clock: the real time, or a time that tests set and advance."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from threading import Lock


class Clock:
    """Tells the time in the world.

    Args:
        moment: The time at the beginning. None for the real time.
        running: Whether time passes by itself. By default only the real time does.

    Raises:
        ValueError: If the moment has no time zone.
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
        """Return the current time, in UTC."""
        with self._lock:
            return self._read()

    def set(self, moment: datetime) -> None:
        """Set the clock; a running clock goes on from there.

        Raises:
            ValueError: If the moment has no time zone.
        """
        with self._lock:
            self._moment = _utc(moment)
            self._origin = time.monotonic()

    def advance(self, step: timedelta) -> datetime:
        """Advance the clock by a step and return the new time."""
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
        message = "The moment has no time zone."
        raise ValueError(message)
    return moment.astimezone(timezone.utc)
