"""Runs the program as a user does, in a process with its own environment and standard input."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instagram_sandbox.graph_api import GraphApiServer

APP = {"APP_ID": "1234567890123456", "APP_SECRET": "sandbox-app-secret"}
PROGRAM = [sys.executable, "-c", "from tap_instagram_business.cli import main; main()"]


def environment(server: GraphApiServer | None = None, /, **settings: str) -> dict[str, str]:
    """Return an environment with these settings and the key of the test, and no other settings."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TAP_INSTAGRAM") or "ENCRYPTION_KEY" in name
    }
    if server:
        settings = {"API_URL": server.url, "LOGIN": server.world.settings.login, **settings}
    return {**own, **{f"TAP_INSTAGRAM_BUSINESS_{name}": value for name, value in settings.items()}}


def command(
    *arguments: str, stdin: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=environment() if env is None else env,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def output(run: subprocess.CompletedProcess[str]) -> str:
    """The standard output of a run, which must have succeeded."""
    assert run.returncode == 0, run.stderr
    return run.stdout


def complaint(run: subprocess.CompletedProcess[str]) -> str:
    """The one error sentence of a run, which must have failed."""
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    serious = [line for line in run.stderr.splitlines() if "CRITICAL" in line]
    assert len(serious) == 1, run.stderr
    return serious[0].split("|", 3)[3].strip()
