"""What asking costs."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass
class Costs:
    """What a table, a command or a run has spent.

    Attributes:
        calls: calls as Meta counts them: each call in a batch is one.
        round_trips: HTTP requests, those without an answer included.
        percent: the highest usage of a rate limit that an answer reported.
    """

    calls: int = 0
    round_trips: int = 0
    percent: float = 0.0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def add(self, calls: int, percent: float) -> None:
        """Count one round trip."""
        with self._lock:
            self.calls += calls
            self.round_trips += 1
            self.percent = max(self.percent, percent)
