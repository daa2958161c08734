"""A program for the Python of Meltano: it reads and changes Meltano's table of runs.

Meltano's system database may be any that SQLAlchemy knows, and no command of Meltano shows or
changes the table of runs. The tap's own environment has neither Meltano nor SQLAlchemy, so this
file is run as a program with the Python that Meltano is installed in. It reads one JSON object on
standard input and prints another one.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meltano.core.db import project_engine
from meltano.core.project import Project
from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

Json = dict[str, Any]


def where(connection: Connection, project: Project, _given: Json) -> Json:
    """Tell whether the database is the file that Meltano makes in the project by default."""
    url = connection.engine.url
    default = project.root / ".meltano" / "meltano.db"
    is_file = url.get_backend_name() == "sqlite" and url.database is not None
    return {"is_default": is_file and Path(str(url.database)).resolve() == default.resolve()}


def running(connection: Connection, _project: Project, _given: Json) -> Json:
    """Return the name and the last sign of life of each run that has not ended."""
    sql = (
        "SELECT job_name, last_heartbeat_at FROM runs WHERE state = 'RUNNING' AND ended_at IS NULL"
    )
    rows = connection.execute(text(sql))
    return {"running": [[name, moment and str(moment)] for name, moment in rows]}


def payloads(connection: Connection, _project: Project, given: Json) -> Json:
    """Return the payload of each run in which one of some texts stands, by the id of the run."""
    rows = connection.execute(text("SELECT id, payload FROM runs"))
    texts = given["texts"]
    found = {row: payload for row, payload in rows if any(part in payload for part in texts)}
    return {"payloads": found}


def replace(connection: Connection, _project: Project, given: Json) -> Json:
    """Replace the payloads of some runs, and let the database forget the old ones."""
    is_sqlite = connection.engine.dialect.name == "sqlite"
    if is_sqlite:
        connection.execute(text("PRAGMA secure_delete = ON"))
    for row, payload in given["payloads"].items():
        values = {"row": int(row), "payload": payload}
        connection.execute(text("UPDATE runs SET payload = :payload WHERE id = :row"), values)
    connection.execute(text("VACUUM" if is_sqlite else "VACUUM runs"))
    return {}


def prune(connection: Connection, _project: Project, given: Json) -> Json:
    """Delete the runs that ended more than some days ago; states are in another table."""
    moment = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=given["days"])
    before = moment.strftime("%Y-%m-%d %H:%M:%S")
    sql = "DELETE FROM runs WHERE ended_at < :before"
    return {"deleted": connection.execute(text(sql), {"before": before}).rowcount}


ACTIONS: dict[str, Callable[[Connection, Project, Json], Json]] = {
    action.__name__: action for action in (where, running, payloads, replace, prune)
}


def main() -> None:
    """Do what standard input says."""
    given = json.load(sys.stdin)
    project = Project.find()
    engine, _ = project_engine(project)
    action = ACTIONS[given["action"]]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_there = inspect(connection).has_table("runs") or action is where
        done = action(connection, project, given) if is_there else {}
    sys.stdout.write(json.dumps(done))


if __name__ == "__main__":
    main()
