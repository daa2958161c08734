"""The bookmarks of accounts, in the states and the run history of Meltano or in a state file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.storage.local import LocalFolder

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from tap_instagram_business.credentials.meltano_bridge import MeltanoBridge

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
        file = path.resolve()
        self._folder, self._file = LocalFolder(str(file.parent)), file.name
        self._name = str(path)

    def find(self, account_ids: Collection[str]) -> list[str]:
        """Return the name of this file if its state has entries of the accounts.

        Raises:
            CredentialsError: The file cannot be read, or is not JSON.
        """
        _, state = self._read()
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
        version, state = self._read()
        remaining = without_accounts(state, account_ids)
        if remaining == state:
            return
        if not self._folder.write(self._file, json.dumps(remaining).encode(), version):
            message = f"{self._name} was changed meanwhile: erase again when no run is under way"
            raise CredentialsError(message)

    def _read(self) -> tuple[str, Json]:
        """Return the version of the file, and its state."""
        try:
            content, version = self._folder.read(self._file) or (b"", "")
            return version, json.loads(content)
        except (ValueError, RecursionError):
            message = (
                f"{self._name} does not contain a state in JSON and was not changed: check "
                "--state-file"
            )
            raise CredentialsError(message) from None


class MeltanoStates:
    """All states of a Meltano project, in whichever backend, and its table of runs."""

    def __init__(self, meltano: MeltanoBridge) -> None:
        self._meltano = meltano

    @property
    def project(self) -> Path:
        """The directory of the project."""
        return self._meltano.project

    def find(self, account_ids: Collection[str]) -> list[str]:
        """Return the names of the states and files of runs that mention the accounts.

        Raises:
            CredentialsError: Meltano is missing or fails.
        """
        files = [str(path) for path in self._run_files(account_ids)]
        return [*self._states_without(account_ids), *files]

    def unreachable(self, account_ids: Collection[str]) -> list[str]:
        """Return the log files of the project that name the accounts."""
        logs = self.project / ".meltano" / "logs"
        return [f"log file {path}" for path in _files_with(logs, account_ids)]

    def remove(self, account_ids: Collection[str]) -> None:
        """Remove the entries of the accounts from all states and from the table of runs.

        Raises:
            CredentialsError: Meltano is missing or fails.
        """
        self._meltano.import_states(self._states_without(account_ids))
        payloads = self._meltano.payloads(account_ids)
        self._meltano.replace(
            {
                row: json.dumps(without_accounts(json.loads(payload), account_ids))
                for row, payload in payloads.items()
            }
        )
        for path in self._run_files(account_ids):
            path.unlink(missing_ok=True)

    def _run_files(self, account_ids: Collection[str]) -> list[Path]:
        """Return the files that runs have left behind: settings, states and catalogs."""
        return _files_with(self.project / ".meltano" / "run", account_ids)

    def _states_without(self, account_ids: Collection[str]) -> dict[str, Json]:
        """Return each state that has entries of the accounts, by name and without these entries."""
        states = self._meltano.states()
        remaining = {name: without_accounts(state, account_ids) for name, state in states.items()}
        return {name: state for name, state in remaining.items() if state != states[name]}
