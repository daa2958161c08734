"""A program for the Python of Meltano: it prints all states, and stores those that are given back.

It does what `meltano state export` and `meltano state import` do, one after the other. Each of them
takes seconds of CPU to start, and this starts once. It prints one line of JSON, and reads one from
standard input; if there is none, nothing is changed.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stdout

from meltano.core.db import project_engine
from meltano.core.migration_service import MigrationService
from meltano.core.project import Project
from meltano.core.state_service import StateService


def main() -> None:
    """Print the states, and wait for those to store."""
    to_parent = sys.stdout
    with redirect_stdout(sys.stderr):  # Meltano logs to standard output if nobody tells it where
        project = Project.find()
        if environment := os.environ.get("MELTANO_ENVIRONMENT"):
            project.activate_environment(environment)
        engine, new_session = project_engine(project, default=True)
        MigrationService(engine).upgrade(silent=True)
        with StateService(project, new_session(future=True)) as states:
            to_parent.write(f"{json.dumps(states.export_state())}\n")
            to_parent.flush()
            if changed := sys.stdin.readline():
                states.import_state(json.loads(changed))


if __name__ == "__main__":
    main()
