"""Meltano's system database, wherever it is: its table of runs."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tap_instagram_business.credentials.errors import CredentialsError

TIMEOUT_SECONDS = 300
PROGRAM = Path(__file__).with_name("runs_program.py")
DATABASE_VARIABLE = "MELTANO_DATABASE_URI"


def find_meltano(project: Path) -> str | None:
    """Return the path of Meltano, from the search path or the project's environment."""
    in_project = os.pathsep.join(str(project / ".venv" / name) for name in ("bin", "Scripts"))
    return shutil.which("meltano") or shutil.which("meltano", path=in_project)


def find_python(project: Path) -> str | None:
    """Return the Python that Meltano is installed in; None if it cannot be found."""
    program = find_meltano(project)
    first = Path(program).read_bytes().splitlines()[0].decode("utf-8", "replace") if program else ""
    interpreter = first.removeprefix("#!").strip()
    beside = Path(program).resolve().with_name("python") if program else Path()
    candidates = [Path(path) for path in (interpreter, beside) if path]
    return next(
        (str(path) for path in candidates if path.is_file() and path.stem.startswith("python")),
        None,
    )


@dataclass(frozen=True)
class SystemDatabase:
    """The table of runs in a database that is not the file `.meltano/meltano.db`.

    Attributes:
        project: The directory of the Meltano project.
    """

    project: Path

    @functools.cached_property
    def is_elsewhere(self) -> bool:
        """Whether another database is configured than the file in the project.

        Raises:
            CredentialsError: That cannot be found out.
        """
        return self._is_configured and not self._ask("where")["is_default"]

    @property
    def _is_configured(self) -> bool:
        """Whether anything names a database; to ask Meltano itself takes seconds."""
        if os.environ.get(DATABASE_VARIABLE):
            return True
        files = [self.project / name for name in ("meltano.yml", ".env")]
        texts = [path.read_text("utf-8", "replace") for path in files if path.is_file()]
        return any("database_uri" in text.lower() for text in texts)

    def running(self) -> list[tuple[str, str | None]]:
        """Return the name and the last sign of life of each run that has not ended.

        Raises:
            CredentialsError: The database cannot be read.
        """
        return [(name, moment) for name, moment in self._ask("running").get("running", [])]

    def payloads(self, texts: list[str]) -> dict[str, str]:
        """Return the payload of each run in which one of the texts stands, by the id of the run.

        Raises:
            CredentialsError: The database cannot be read.
        """
        found: dict[str, str] = self._ask("payloads", texts=texts).get("payloads", {})
        return found

    def replace(self, payloads: dict[str, str]) -> None:
        """Replace the payloads of some runs.

        Raises:
            CredentialsError: The database cannot be changed.
        """
        self._ask("replace", payloads=payloads)

    def prune(self, days: int) -> int:
        """Delete the runs that ended more than some days ago, and return how many these were.

        Raises:
            CredentialsError: The database cannot be changed.
        """
        return int(self._ask("prune", days=days).get("deleted", 0))

    def _ask(self, action: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Run the program with Meltano's own Python."""
        process = subprocess.run(  # noqa: S603 - the Python of Meltano, with a file of this package
            [self._python(), str(PROGRAM)],
            cwd=self.project,
            env={**os.environ, "MELTANO_PROJECT_ROOT": str(self.project)},
            input=json.dumps({"action": action, **given}),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        if process.returncode:
            reason = (process.stderr.strip().splitlines() or ["no reason was given"])[-1]
            message = (
                f"Meltano's system database cannot be read or changed ({reason[:300]}): check "
                f"{DATABASE_VARIABLE}, and try again"
            )
            raise CredentialsError(message)
        done: dict[str, Any] = json.loads(process.stdout.strip().splitlines()[-1])
        return done

    def _python(self) -> str:
        """Return the Python that Meltano is installed in.

        Raises:
            CredentialsError: It cannot be found.
        """
        if python := find_python(self.project):
            return python
        message = (
            "The Python of Meltano cannot be found, and with it Meltano's table of runs: put "
            "`meltano` on the search path"
        )
        raise CredentialsError(message)
