"""The Meltano project: its plugins, and copies of it that tests run."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tap_instagram_business.tokens.storage.local import exclusive

if TYPE_CHECKING:
    import signal

    from tests.local_sandbox import LocalSandbox

ROOT = Path(__file__).parents[1]
CREDENTIALS = ROOT / "packages" / "instagram-sandbox" / "adc.json"
"""Those that the local BigQuery accepts."""
PROJECT_DIRECTORIES = ("packages", "reports")
PLUGIN_DIRECTORIES = ("extractors", "loaders", "utilities")
TAP, LOADER = "tap-instagram-business", "target-bigquery"
# Without `--force` Meltano would wait five minutes after a run that was killed.
PIPELINE = ("run", "--force", TAP, LOADER)
INSTALL_SECONDS = 900
QUIET = {"MELTANO_CLI_DISABLE_VERSION_CHECK": "1", "NO_COLOR": "1"}


def meltano() -> str:
    """Find Meltano beside the running Python, or on the path."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("meltano", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if not found:
        pytest.skip("Meltano is not installed: `bin/test` sets it up.")
    return found


@functools.cache
def install_plugins() -> None:
    """Install the project's plugins, one test process at a time; quick when they are there."""
    (ROOT / ".meltano").mkdir(exist_ok=True)
    with exclusive(ROOT / ".meltano" / "install.lock", wait_seconds=INSTALL_SECONDS):
        subprocess.run(
            [meltano(), "install"],
            cwd=ROOT,
            env={**os.environ, **QUIET},
            check=True,
            timeout=INSTALL_SECONDS,
        )


def plugin_python(kind: str, name: str) -> Path:
    """Return the Python of a plugin's own environment."""
    install_plugins()
    folder = {"utility": "utilities"}.get(kind, f"{kind}s")
    return ROOT / ".meltano" / folder / name / "venv" / "bin" / "python"


@dataclass(frozen=True)
class MeltanoProject:
    """A copy of the project with the plugins of the original and state of its own."""

    directory: Path
    sandbox: LocalSandbox

    @classmethod
    def copy_to(cls, directory: Path, sandbox: LocalSandbox) -> MeltanoProject:
        install_plugins()
        shutil.copy(ROOT / "meltano.yml", directory)
        for name in PROJECT_DIRECTORIES:
            (directory / name).symlink_to(ROOT / name)
        (directory / ".meltano").mkdir()
        for name in PLUGIN_DIRECTORIES:
            (directory / ".meltano" / name).symlink_to(ROOT / ".meltano" / name)
        return cls(directory, sandbox)

    def environment(self, **env: str) -> dict[str, str]:
        """Return the environment variables of a Meltano command of a test."""
        path = os.pathsep.join([str(Path(meltano()).parent), os.environ.get("PATH", "")])
        ports = {
            "SANDBOX_GRAPH_PORT": str(self.sandbox.graph_port),
            "SANDBOX_BIGQUERY_PORT": str(self.sandbox.bigquery_port),
        }
        return {**os.environ, "PATH": path, **QUIET, **ports, **env}

    def start(self) -> subprocess.Popen[bytes]:
        """Start the pipeline in a process group of its own."""
        return subprocess.Popen(
            [meltano(), "--environment=sandbox", *PIPELINE],
            cwd=self.directory,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @staticmethod
    def end(run: subprocess.Popen[bytes], plugin: str, signum: signal.Signals) -> None:
        """Send a signal to a plugin of a run, or ('') to all of it; one that has ended stays so."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(run.pid).children(recursive=True) if plugin else ():
                if any(plugin in part for part in process.cmdline()):
                    process.send_signal(signum)
        if not plugin:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signum)
        run.wait(timeout=120)

    def meltano(
        self, *arguments: str, given: str | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a Meltano command in the sandbox's environment."""
        return subprocess.run(
            [meltano(), "--log-format=uncolored", "--environment=sandbox", *arguments],
            cwd=self.directory,
            env=self.environment(**env),
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def sync(self, **env: Any) -> str:
        """Run the pipeline as the README does, and return its log."""
        result = self.meltano(*PIPELINE, **env)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stderr
