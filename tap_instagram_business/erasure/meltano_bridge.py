"""The states and the table of runs of a Meltano project, and the bookmarks of accounts in them.

Without Meltano, the bookmarks are in a state file.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec
from typing_extensions import Self

from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.storage.local import LocalFolder
from tap_instagram_business.tokens.tombstones import project_directory, without_accounts

if TYPE_CHECKING:
    from collections.abc import Collection

TIMEOUT_SECONDS = 300
PROGRAM = Path(__file__).with_name("meltano_bridge_program.py")
PATHS = re.compile(rb"/[^\s'\"]+")
MAX_SCRIPT_BYTES = 1_000

Json = Any


def find_python(project: Path) -> str | None:
    """Return the Python that Meltano is installed in; None if it cannot be found.

    The program `meltano` on the search path, or in the project's `.venv`, is a script: its start
    contains the path of that Python or, if it is a wrapper, the path of another `meltano`.
    """
    in_project = os.pathsep.join(str(project / ".venv" / name) for name in ("bin", "Scripts"))
    program = shutil.which("meltano") or shutil.which("meltano", path=in_project)
    if program is None:
        return None
    with Path(program).open("rb") as script:
        found = PATHS.findall(script.read(MAX_SCRIPT_BYTES))
    for path in [*(Path(os.fsdecode(each)) for each in found), Path(program).resolve()]:
        if path.name.startswith("python") and path.is_file():
            return str(path)
        if path.name == "meltano" and (python := shutil.which("python", path=str(path.parent))):
            return python
    return None


class MeltanoBridge(ExitStack):
    """All states of a Meltano project, in whichever backend, and its table of runs.

    A process of Meltano's own Python reads and changes them. It starts with the first request and
    ends when this context manager does.
    """

    def __init__(self, project: Path) -> None:
        super().__init__()
        self.project = project
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] = io.BytesIO()

    @classmethod
    def of_current_project(cls) -> Self:
        """Return a bridge to the Meltano project around the current directory.

        Raises:
            CredentialsError: There is none.
        """
        project = project_directory()
        if project is None:
            raise CredentialsError("There is no Meltano project here: change to its directory")
        return cls(project)

    def ask(self, action: str, **values: Json) -> Json:
        """Return what a method of `Meltano` in `meltano_bridge_program.py` returns.

        Args:
            action: The name of the method.
            values: Its arguments.

        Raises:
            CredentialsError: Meltano is missing, or its database cannot be read or changed.
        """
        request = msgspec.json.encode({"action": action, **values})
        process = self._process = self._process or self._start()
        watchdog = threading.Timer(TIMEOUT_SECONDS, process.kill)
        watchdog.start()
        try:
            reply = _exchange(process, request)
        finally:
            watchdog.cancel()
        answer = msgspec.json.decode(reply) if reply else {"error": self._last_words()}
        if "error" in answer:
            raise CredentialsError(
                f"Meltano's states and runs cannot be read or changed ({answer['error'][:300]}): "
                "check that `meltano state list` works, and try again"
            )
        return answer["result"]

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
        self.ask("import_states", states=self._states_without(account_ids))
        payloads = self.ask("payloads", texts=list(account_ids))
        for row, payload in payloads.items():
            payloads[row] = json.dumps(without_accounts(json.loads(payload), account_ids))
        self.ask("replace", payloads=payloads)
        for path in self._run_files(account_ids):
            path.unlink(missing_ok=True)

    def _run_files(self, account_ids: Collection[str]) -> list[Path]:
        """Return the files that runs have left behind: settings, states and catalogs."""
        return _files_with(self.project / ".meltano" / "run", account_ids)

    def _states_without(self, account_ids: Collection[str]) -> dict[str, Json]:
        """Return each state that has entries of the accounts, by name and without these entries."""
        states = self.ask("states")
        remaining = {name: without_accounts(state, account_ids) for name, state in states.items()}
        return {name: state for name, state in remaining.items() if state != states[name]}

    def _start(self) -> subprocess.Popen[bytes]:
        python = find_python(self.project)
        if python is None:
            raise CredentialsError(
                "Meltano is not on the search path: put the folder of its own Python environment, "
                "in which `meltano` and `python` are, on PATH"
            )
        self._log = self.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        process = self.enter_context(
            subprocess.Popen(  # noqa: S603 - the Python of Meltano, with a file of this package
                [python, str(PROGRAM)],
                cwd=self.project,
                env={**os.environ, "MELTANO_PROJECT_ROOT": str(self.project)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
            )
        )
        self.callback(process.kill)
        return process

    def _last_words(self) -> str:
        """Return the last line that the process logged before it ended without an answer."""
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "no reason given")


def _exchange(process: subprocess.Popen[bytes], request: bytes) -> bytes:
    """Send one line and return the answer; b'' if the process has ended."""
    if process.stdin is None or process.stdout is None:
        return b""
    try:
        process.stdin.write(request + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        with suppress(BrokenPipeError):
            process.stdin.close()
        return b""
    return process.stdout.readline()


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
            raise CredentialsError(
                f"{self._name} does not contain a state in JSON and was not changed: check "
                "--state-file"
            ) from None
