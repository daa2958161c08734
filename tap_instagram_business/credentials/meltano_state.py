"""The bookmarks of accounts, in the states and the run history of Meltano or in a state file."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.storage import LocalFile
from tap_instagram_business.credentials.system_database import (
    SystemDatabase,
    find_meltano,
    find_python,
)
from tap_instagram_business.credentials.tombstones import project_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

COMMAND_TIMEOUT_SECONDS = 300
PROGRAM = Path(__file__).with_name("states_program.py")

Json = Any


def without_accounts(state: Json, account_ids: Collection[str]) -> Json:
    """Return a copy of a state without the entries of the accounts, at any depth."""
    if isinstance(state, dict):
        return {
            name: without_accounts(value, account_ids)
            for name, value in state.items()
            if name not in account_ids
        }
    if isinstance(state, list):
        return [without_accounts(value, account_ids) for value in state]
    return state


def _files_with(directory: Path, account_ids: Collection[str]) -> list[Path]:
    """Return the files below a directory in which one of the ids stands."""
    ids = [account_id.encode() for account_id in account_ids]
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    return [path for path in found if any(text in _read(path) for text in ids)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


class StateFile:
    """A file with one state, as option `--state` reads it or Meltano's file backend writes it."""

    def __init__(self, path: Path) -> None:
        self._file = LocalFile(str(path))
        self._name = str(path)

    def find(self, account_ids: Collection[str]) -> list[str]:
        """Return the name of this file if its state has entries of the accounts.

        Raises:
            CredentialsError: The file cannot be read, or is not JSON.
        """
        state = self._read()
        return [self._name] if without_accounts(state, account_ids) != state else []

    @staticmethod
    def unreachable(_account_ids: Collection[str]) -> list[str]:
        """Return nothing: a state file stands alone."""
        return []

    def remove(self, account_ids: Collection[str]) -> None:
        """Remove the entries of the accounts.

        Raises:
            CredentialsError: The file cannot be read or written, or is not JSON.
        """
        if not self.find(account_ids):
            return
        with self._file.locked():
            remaining = without_accounts(self._read(), account_ids)
            self._file.write(json.dumps(remaining).encode())

    def _read(self) -> Json:
        content = self._file.read()
        try:
            return json.loads(content or b"")
        except (ValueError, RecursionError):
            message = (
                f"{self._name} does not contain a state in JSON and was not changed: check "
                "--state-file"
            )
            raise CredentialsError(message) from None


def _exchange(
    process: subprocess.Popen[str], change: Callable[[dict[str, Json]], dict[str, Json]]
) -> dict[str, Json]:
    """Read all states from the program in Meltano's Python, and send back those to write.

    If `change` raises an exception, the program reads the end of its input and writes nothing.
    """
    printed = process.stdout.readline() if process.stdout else ""
    changed = change(msgspec.json.decode(printed)) if printed else {}
    process.communicate(f"{msgspec.json.encode(changed).decode()}\n" if changed else None)
    if process.returncode or not printed:
        message = (
            "The states of Meltano cannot be read or changed: run `meltano state export` to see why"
        )
        raise CredentialsError(message)
    return changed


@dataclass(frozen=True)
class MeltanoStates:
    """All states of a Meltano project, in whichever backend, and its run history.

    Attributes:
        project: The directory of the project.
    """

    project: Path

    @classmethod
    def of_current_project(cls) -> MeltanoStates | None:
        """Return the states of the project around the current directory; None if there is none."""
        directory = project_directory()
        return cls(directory) if directory else None

    def find(self, account_ids: Collection[str]) -> list[str]:
        """Return the names of the states that have entries of the accounts.

        Raises:
            CredentialsError: Meltano is missing or fails.
        """
        files = [str(path) for path in self._run_files(account_ids)]
        return [*self._states_without(account_ids), *files]

    def unreachable(self, account_ids: Collection[str]) -> list[str]:
        """Return the log files of the project that name the accounts."""
        logs = self.project / ".meltano" / "logs"
        return [f"log file {path}" for path in _files_with(logs, account_ids)]

    def _run_files(self, account_ids: Collection[str]) -> list[Path]:
        """Return the files that runs have left behind: settings, states and catalogs."""
        return _files_with(self.project / ".meltano" / "run", account_ids)

    def remove(self, account_ids: Collection[str]) -> None:
        """Remove the entries of the accounts from all states and from the run history.

        Raises:
            CredentialsError: Meltano is missing or fails, or its run history cannot be changed.
        """
        if changed := self._states_without(account_ids):
            self.write(changed)
        self._remove_from_history(account_ids)
        self._remove_from_database(account_ids)
        for path in self._run_files(account_ids):
            path.unlink(missing_ok=True)

    @property
    def history(self) -> Path:
        """The database in which Meltano keeps its run history, unless another one is configured."""
        return self.project / ".meltano" / "meltano.db"

    def read(self) -> dict[str, Json]:
        """Return all states of the project by id, each with its parts `completed` and `partial`.

        Raises:
            CredentialsError: Meltano is missing or fails.
        """
        try:
            states: dict[str, Json] = json.loads(self._meltano("state", "export") or "{}")
        except ValueError:
            message = "The states of Meltano cannot be read: run `meltano state export` to see why"
            raise CredentialsError(message) from None
        return states

    def write(self, states: dict[str, Json]) -> None:
        """Write some states, in one transaction if Meltano keeps them in a database.

        Raises:
            CredentialsError: Meltano is missing or fails.
        """
        self._meltano("state", "import", stdin=json.dumps(states))

    def change(self, change: Callable[[dict[str, Json]], dict[str, Json]]) -> dict[str, Json]:
        """Read all states and write some of them, with one start of Meltano.

        Args:
            change: Returns the states to write; it is given all states of the project by id.

        Returns:
            The states that were written.

        Raises:
            CredentialsError: Meltano is missing or fails. No state is changed, or some of them if
                Meltano does not keep them in a database.
        """
        python = find_python(self.project)
        if python is None:
            if changed := change(self.read()):
                self.write(changed)
            return changed
        with subprocess.Popen(  # noqa: S603 - the Python of Meltano, with a file of this package
            [python, str(PROGRAM)],
            cwd=self.project,
            env={**os.environ, "MELTANO_PROJECT_ROOT": str(self.project)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            watchdog = threading.Timer(COMMAND_TIMEOUT_SECONDS, process.kill)
            watchdog.start()
            try:
                changed = _exchange(process, change)
            finally:
                watchdog.cancel()
        return changed

    def _states_without(self, account_ids: Collection[str]) -> dict[str, Json]:
        """Return each state that has entries of the accounts, by name and without these entries."""
        states = self.read()
        remaining = {name: without_accounts(state, account_ids) for name, state in states.items()}
        return {name: state for name, state in remaining.items() if state != states[name]}

    def _meltano(self, *arguments: str, stdin: str = "") -> str:
        """Run Meltano in the project and return its output."""
        process = subprocess.run(  # noqa: S603 - Meltano itself, with arguments from here
            [self._find_meltano(), *arguments],
            cwd=self.project,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_SECONDS,
            check=False,
        )
        if process.returncode:
            command = f"meltano {' '.join(arguments)}"
            message = f"`{command}` failed: run it by hand to see why"
            raise CredentialsError(message)
        return process.stdout

    def _find_meltano(self) -> str:
        """Return the path of Meltano, from the search path or the project's environment."""
        program = find_meltano(self.project)
        if program is None:
            message = (
                "Meltano is not on the search path: name a state file with --state-file, or skip "
                "bookmarks with --no-state"
            )
            raise CredentialsError(message)
        return program

    def _remove_from_history(self, account_ids: Collection[str]) -> None:
        """Remove bookmarks from Meltano's table of runs, which no command of Meltano changes."""
        if not self.history.exists():
            return
        try:
            with closing(sqlite3.connect(self.history, isolation_level=None)) as database:
                database.execute("PRAGMA secure_delete = ON")
                for row, payload in database.execute("SELECT id, payload FROM runs").fetchall():
                    state = json.loads(payload or "{}")
                    remaining = without_accounts(state, account_ids)
                    if remaining != state:
                        database.execute(
                            "UPDATE runs SET payload = ? WHERE id = ?", (json.dumps(remaining), row)
                        )
                database.execute("VACUUM")
        except (sqlite3.Error, ValueError) as error:
            message = (
                f"The run history of Meltano in {self.history} could not be changed ({error}): "
                "try again when no run is under way"
            )
            raise CredentialsError(message) from None

    def _remove_from_database(self, account_ids: Collection[str]) -> None:
        """Remove bookmarks from the table of runs in another database than the project's file."""
        database = SystemDatabase(self.project)
        if not database.is_elsewhere:
            return
        payloads = database.payloads([*account_ids])
        remaining = {
            row: json.dumps(without_accounts(json.loads(payload), account_ids))
            for row, payload in payloads.items()
        }
        changed = {row: payload for row, payload in remaining.items() if payload != payloads[row]}
        if changed:
            database.replace(changed)
