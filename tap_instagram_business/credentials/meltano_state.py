"""Bookmarks of an account: in Meltano's states and run history, or in a state file."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_instagram_business.credentials.failure import CredentialsError
from tap_instagram_business.credentials.storage import LocalFile

if TYPE_CHECKING:
    from collections.abc import Collection

COMMAND_SECONDS = 300

Json = Any


def without(state: Json, account_ids: Collection[str]) -> Json:
    """Return a state without what it says of accounts, at whatever depth it is kept."""
    if isinstance(state, dict):
        return {
            name: without(value, account_ids)
            for name, value in state.items()
            if name not in account_ids
        }
    if isinstance(state, list):
        return [without(value, account_ids) for value in state]
    return state


class StateFile:
    """A state in a file of its own, as `--state` takes it or as Meltano's file backend keeps it."""

    def __init__(self, path: Path) -> None:
        self._file = LocalFile(str(path))
        self.label = str(path)

    def holding(self, account_ids: Collection[str]) -> list[str]:
        """Name this file if it holds one of the accounts."""
        state = self._read()
        return [self.label] if without(state, account_ids) != state else []

    def forget(self, account_ids: Collection[str]) -> None:
        """Take the accounts out."""
        state = self._read()
        left = without(state, account_ids)
        if left != state:
            self._file.write(json.dumps(left).encode())

    def _read(self) -> Json:
        content = self._file.read()
        try:
            return json.loads(content or b"")
        except ValueError:
            message = f"{self.label} holds no state in JSON: it was left as it is"
            raise CredentialsError(message) from None


@dataclass(frozen=True)
class MeltanoStates:
    """All states of a Meltano project, wherever its backend keeps them, and its run history."""

    project: Path

    @classmethod
    def here(cls) -> MeltanoStates | None:
        """Return the Meltano project that this runs in, if it does."""
        root = Path(os.environ.get("MELTANO_PROJECT_ROOT") or ".").resolve()
        found = next((p for p in (root, *root.parents) if (p / "meltano.yml").exists()), None)
        return cls(found) if found else None

    def holding(self, account_ids: Collection[str]) -> list[str]:
        """Name the states that hold one of the accounts."""
        states = self._export()
        return [name for name, state in states.items() if without(state, account_ids) != state]

    def forget(self, account_ids: Collection[str]) -> None:
        """Take the accounts out of all states, and out of what past runs have left."""
        states = self._export()
        left = {
            name: without(state, account_ids)
            for name, state in states.items()
            if without(state, account_ids) != state
        }
        if left:
            self._meltano("state", "import", given=json.dumps(left))
        self._forget_history(account_ids)

    @property
    def history(self) -> Path:
        """Where Meltano keeps its run history unless it is told otherwise."""
        return self.project / ".meltano" / "meltano.db"

    def _export(self) -> dict[str, Json]:
        try:
            states: dict[str, Json] = json.loads(self._meltano("state", "export") or "{}")
        except ValueError:
            message = "Meltano's states cannot be read: try `meltano state export` by hand"
            raise CredentialsError(message) from None
        return states

    def _meltano(self, *arguments: str, given: str = "") -> str:
        beside = os.pathsep.join(str(self.project / ".venv" / name) for name in ("bin", "Scripts"))
        program = shutil.which("meltano") or shutil.which("meltano", path=beside)
        if program is None:
            message = (
                "Meltano is not on the path: name a state file with --state-file, or leave "
                "bookmarks out with --no-state"
            )
            raise CredentialsError(message)
        done = subprocess.run(  # noqa: S603 - Meltano itself, with arguments of ours
            [program, *arguments],
            cwd=self.project,
            input=given,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if done.returncode:
            message = f"`meltano {' '.join(arguments)}` failed: try it by hand"
            raise CredentialsError(message)
        return done.stdout

    def _forget_history(self, account_ids: Collection[str]) -> None:
        """Take bookmarks out of Meltano's table of runs, which its commands do not reach."""
        if not self.history.exists():
            return
        try:
            with closing(sqlite3.connect(self.history, isolation_level=None)) as database:
                database.execute("PRAGMA secure_delete = ON")
                for row, payload in database.execute("SELECT id, payload FROM runs").fetchall():
                    before = json.loads(payload or "{}")
                    left = without(before, account_ids)
                    if left != before:
                        database.execute(
                            "UPDATE runs SET payload = ? WHERE id = ?", (json.dumps(left), row)
                        )
                database.execute("VACUUM")
        except (sqlite3.Error, ValueError) as error:
            message = f"Meltano's run history in {self.history} could not be changed ({error})"
            raise CredentialsError(message) from None
