"""A program for the Python of Meltano: it reads and changes Meltano's states and table of runs.

Meltano's system database may be any that SQLAlchemy supports, and no command of Meltano shows or
changes the table of runs. The tap's own environment has neither Meltano nor SQLAlchemy, so this
file runs with the Python that Meltano is installed in. Meltano takes seconds to start, so one
process answers many requests: for each line of JSON on standard input it prints one, with the
member `result` or `error`.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import sys
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

from meltano.core.db import project_engine
from meltano.core.migration_service import MigrationService
from meltano.core.project import Project
from meltano.core.state_service import StateService
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection


class Meltano:
    """The states and the table of runs of the Meltano project around the current directory."""

    def __init__(self) -> None:
        """Open the system database, with the tables of this version of Meltano."""
        self._project = Project.find()
        if environment := os.environ.get("MELTANO_ENVIRONMENT"):
            self._project.activate_environment(environment)
        self._engine, self._session = project_engine(self._project, default=True)
        MigrationService(self._engine).upgrade(silent=True)

    def _connect(self) -> Connection:
        return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def _state_service(self) -> Iterator[StateService]:
        with self._session(future=True) as session, StateService(self._project, session) as states:
            yield states

    def states(self) -> dict[str, Any]:
        """Return all states by id, as `meltano state export` prints them."""
        with self._state_service() as service:
            states: dict[str, Any] = service.export_state()
        return states

    def import_states(self, states: dict[str, Any]) -> None:
        """Replace some states, in one transaction if they are in the system database."""
        if states:
            with self._state_service() as service:
                service.import_state(states)

    def running(self) -> list[tuple[str, str | None]]:
        """Return the name and the last heartbeat of each run that has not ended."""
        sql = (
            "SELECT job_name, last_heartbeat_at FROM runs "
            "WHERE state = 'RUNNING' AND ended_at IS NULL"
        )
        with self._connect() as connection:
            rows = connection.execute(text(sql))
            return [(name, moment and str(moment)) for name, moment in rows]

    def payloads(self, texts: list[str]) -> dict[str, str]:
        """Return the payload of each run that contains one of some texts, by the id of the run."""
        with self._connect() as connection:
            rows = connection.execute(text("SELECT id, payload FROM runs"))
            return {row: found for row, found in rows if any(part in found for part in texts)}

    def replace(self, payloads: dict[str, str]) -> None:
        """Replace the payloads of some runs, and remove what was replaced from the database files.

        That includes states that were replaced before.
        """
        with self._connect() as connection:
            kind = connection.engine.dialect.name
            if kind == "sqlite":
                connection.execute(text("PRAGMA secure_delete = ON"))
            for row, payload in payloads.items():
                values = {"row": int(row), "payload": payload}
                sql = "UPDATE runs SET payload = :payload WHERE id = :row"
                connection.execute(text(sql), values)
            if kind in {"sqlite", "postgresql"}:
                connection.execute(text("VACUUM"))

    def prune(self, days: int) -> int:
        """Delete the runs that ended more than some days ago, and return their number."""
        moment = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=days)
        before = moment.strftime("%Y-%m-%d %H:%M:%S")
        sql = "DELETE FROM runs WHERE ended_at < :before"
        with self._connect() as connection:
            return int(connection.execute(text(sql), {"before": before}).rowcount)


meltano = functools.cache(Meltano)


def answer(action: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return the result of a method of `Meltano`, or the first line of its error.

    Further lines of an error may contain SQL statements with their values.
    """
    try:
        return {"result": getattr(meltano(), action)(**values)}
    except Exception as error:  # noqa: BLE001 - of Meltano, SQLAlchemy, a driver or a state backend
        lines = str(error).splitlines() or [type(error).__name__]
        return {"error": lines[0]}


def main() -> None:
    """Answer the requests on standard input until it ends."""
    replies = sys.stdout
    with redirect_stdout(sys.stderr):  # Meltano logs to standard output by default.
        for line in sys.stdin:
            replies.write(f"{json.dumps(answer(**json.loads(line)))}\n")
            replies.flush()


if __name__ == "__main__":
    main()
