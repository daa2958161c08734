"""Runs the tap's command as a user does: in a process with its own environment and streams.

A new Python needs about a second to import the tap. `run` forks its processes from one that has
imported it already; `run_new_python` does without that, and is as slow as the command itself.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tap_instagram_business.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = [sys.executable, "-c", "from tap_instagram_business.cli import main; main()"]
SECONDS = 120
STREAMS = {
    "stdin": os.O_RDONLY,
    "stdout": os.O_WRONLY | os.O_CREAT,
    "stderr": os.O_WRONLY | os.O_CREAT,
}
"""The standard streams, in the order of their file descriptors."""

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tap_instagram_business.cli"])


def run(
    *arguments: str, env: Mapping[str, str], stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    with TemporaryDirectory() as folder:
        streams = {name: Path(folder, name) for name in STREAMS}
        streams["stdin"].write_text(stdin)
        process = _forking.Process(target=_main, args=(arguments, dict(env), folder))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(list(arguments), SECONDS)
        stdout, stderr = (streams[name].read_text() for name in ("stdout", "stderr"))
        return subprocess.CompletedProcess(arguments, process.exitcode, stdout, stderr)


def _main(arguments: tuple[str, ...], env: dict[str, str], folder: str) -> None:
    """Become the command, in the process that was forked for it."""
    os.environ.clear()
    os.environ.update(env)
    for descriptor, (name, flags) in enumerate(STREAMS.items()):
        os.dup2(os.open(Path(folder, name), flags), descriptor)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    sys.argv = ["tap-instagram-business", *arguments]
    main()


def run_new_python(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def complaint(run: subprocess.CompletedProcess[str]) -> str:
    """The one error sentence of a run, which must have failed."""
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    serious = [line for line in run.stderr.splitlines() if "CRITICAL" in line]
    assert len(serious) == 1, run.stderr
    return serious[0].split("|", 3)[3].strip()
