"""Whether a run is under way that may still write rows or bookmarks of an account.

The tap consults the erased accounts itself. But a loader has rows in memory that were written
before, and Meltano writes the last state when a run ends.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_instagram_business.credentials.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_instagram_business.credentials.bigquery import BigQueryDataset
    from tap_instagram_business.credentials.meltano_bridge import MeltanoBridge

HEARTBEAT = dt.timedelta(minutes=5)
"""Meltano: a run without a sign of life for this long is dead."""
PAUSE_SECONDS = 1.0
SETTLE_SECONDS = 1.0
"""A loader that has just been started has no staging table yet."""


@dataclass(frozen=True)
class RunsUnderWay:
    """The signs of a run: Meltano's table of runs, and the staging tables of a loader.

    Attributes:
        meltano: The Meltano project that starts the runs; None without one.
        dataset: The BigQuery dataset into which runs load; None for none.
    """

    meltano: MeltanoBridge | None = None
    dataset: BigQueryDataset | None = None

    def signs(self) -> list[str]:
        """Return what shows that a run is under way; empty if nothing does.

        Raises:
            CredentialsError: Meltano's database or the dataset cannot be read.
        """
        if running := _alive(self.meltano.running() if self.meltano else []):
            return running
        staging = self.dataset.staging_tables() if self.dataset else []
        return [f"the staging table {name}" for name in staging]

    def wait(self, seconds: float) -> None:
        """Wait until no run is under way.

        Raises:
            CredentialsError: One is still under way after this time.
        """
        deadline = time.monotonic() + seconds
        while signs := self._settled_signs():
            if time.monotonic() >= deadline:
                message = (
                    f"A run is under way ({', '.join(signs[:3])}). The tokens are erased, and the "
                    "account is marked as erased. Erase again when the run has ended: only then "
                    "the rest can be erased. If it was broken off and left these behind, give "
                    "--no-run"
                )
                raise CredentialsError(message)
            time.sleep(PAUSE_SECONDS)

    def _settled_signs(self) -> list[str]:
        signs = self.signs()
        if not signs and self.dataset and not self.meltano:
            time.sleep(SETTLE_SECONDS)
            signs = self.signs()
        return signs


def _alive(runs: Iterable[tuple[str, str | None]]) -> list[str]:
    """Return how to name the runs that have shown a sign of life lately."""
    return [f"run {name} of Meltano" for name, heartbeat in runs if _is_alive(heartbeat)]


def _is_alive(heartbeat: str | None) -> bool:
    if not heartbeat:
        return True
    last = dt.datetime.fromisoformat(heartbeat)
    last = last if last.tzinfo else last.replace(tzinfo=dt.timezone.utc)
    return dt.datetime.now(dt.timezone.utc) - last < HEARTBEAT
