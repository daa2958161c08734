"""Runs the program as a user does, in a process with its own environment and standard input."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests import program
from tests.program import complaint

if TYPE_CHECKING:
    import subprocess

    from instagram_sandbox.graph_api import GraphApiServer

__all__ = ["APP", "command", "complaint", "environment", "output"]

APP = {"APP_ID": "1234567890123456", "APP_SECRET": "sandbox-app-secret"}


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
    return program.run(*arguments, env=environment() if env is None else env, stdin=stdin)


def output(run: subprocess.CompletedProcess[str]) -> str:
    """The standard output of a run, which must have succeeded."""
    assert run.returncode == 0, run.stderr
    return run.stdout
