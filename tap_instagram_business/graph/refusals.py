"""The metrics that Meta has refused in this run."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_instagram_business.graph.errors import CallError

logger = logging.getLogger("tap-instagram-business.graph")


class Refusals:
    """Which metrics Meta has refused, for which kind of media or request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], CallError] = {}

    def add(self, kind: str, metrics: Iterable[str], error: CallError) -> None:
        """Remember which metrics an error refuses, and warn the first time."""
        with self._lock:
            new = [metric for metric in metrics if (kind, metric) not in self._known]
            self._known.update(dict.fromkeys(((kind, metric) for metric in new), error))
        if new:
            names = ", ".join(new)
            logger.warning(
                "Meta refuses metric %s for %s, left out of this run: %s", names, kind, error
            )

    def of(self, kind: str, metric: str) -> CallError | None:
        """Return the error that refused a metric; None if none did."""
        with self._lock:
            return self._known.get((kind, metric))

    def items(self) -> list[tuple[tuple[str, str], CallError]]:
        """Return all refusals: kind and metric, and the error."""
        with self._lock:
            return list(self._known.items())
