"""Whether a run is under way that may still write rows or bookmarks of an account.

The tap consults the erased accounts itself. But a loader has rows in memory that were written
before, and Meltano writes the last state when a run ends.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_instagram_business.credentials.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tap_instagram_business.credentials.bigquery import BigQueryDataset
    from tap_instagram_business.credentials.system_database import SystemDatabase

HEARTBEAT = dt.timedelta(minutes=5)
"""Meltano: a run without a sign of life for this long is dead."""
PAUSE_SECONDS = 1.0
SETTLE_SECONDS = 1.0
"""A loader that has just been started has no staging table yet."""
RUNNING = (
    "SELECT job_name, last_heartbeat_at FROM runs WHERE state = 'RUNNING' AND ended_at IS NULL"
)


@dataclass(frozen=True)
class RunsUnderWay:
    """The signs of a run: Meltano's table of runs, and the staging tables of a loader.

    Attributes:
        history: The database in which Meltano keeps its runs; None without a Meltano project.
        dataset: The BigQuery dataset into which runs load; None for none.
        database: Meltano's system database, if it is not that file; None without a project.
    """

    history: Path | None = None
    dataset: BigQueryDataset | None = None
    database: SystemDatabase | None = None

    def signs(self) -> list[str]:
        """Return what shows that a run is under way; empty if nothing does.

        Raises:
            CredentialsError: Meltano's database or the dataset cannot be read.
        """
        if running := [*self._running(), *self._running_elsewhere()]:
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
        if not signs and self.dataset and not self.history:
            time.sleep(SETTLE_SECONDS)
            signs = self.signs()
        return signs

    def _running(self) -> list[str]:
        if self.history is None or not self.history.exists():
            return []
        try:
            with closing(sqlite3.connect(self.history, timeout=10)) as database:
                rows = database.execute(RUNNING).fetchall()
        except sqlite3.OperationalError:
            return []  # There is no table of runs yet.
        except sqlite3.Error as error:
            message = f"Meltano's table of runs in {self.history} cannot be read ({error})"
            raise CredentialsError(message) from None
        return _alive(rows)

    def _running_elsewhere(self) -> list[str]:
        if self.database is None or not self.database.is_elsewhere:
            return []
        return _alive(self.database.running())


def _alive(runs: Iterable[tuple[str, str | None]]) -> list[str]:
    """Return how to name the runs that have shown a sign of life lately."""
    return [f"run {name} of Meltano" for name, heartbeat in runs if _is_alive(heartbeat)]


def _is_alive(heartbeat: str | None) -> bool:
    if not heartbeat:
        return True
    last = dt.datetime.fromisoformat(heartbeat)
    last = last if last.tzinfo else last.replace(tzinfo=dt.timezone.utc)
    return dt.datetime.now(dt.timezone.utc) - last < HEARTBEAT
