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
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from typing_extensions import Self

from tap_instagram_business.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = [sys.executable, "-c", "from tap_instagram_business.cli import main; main()"]
SECONDS = 120
STREAMS = {"stdin": os.O_RDONLY, "stdout": os.O_WRONLY, "stderr": os.O_WRONLY}
"""The standard streams, in the order of their file descriptors."""

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tap_instagram_business.cli"])


class Command:
    """A command that runs. It ends with the context at the latest.

    Attributes:
        stdin: where its standard input is written to.
    """

    def __init__(self, *arguments: str, env: Mapping[str, str]) -> None:
        self._arguments = arguments
        self._folder = TemporaryDirectory()
        os.mkfifo(self._path("stdin"))
        for name in ("stdout", "stderr"):
            self._path(name).touch()
        self._process = _forking.Process(
            target=_main, args=(arguments, dict(env), self._folder.name), daemon=True
        )
        self._process.start()
        self.stdin = self._path("stdin").open("w")

    def _path(self, name: str) -> Path:
        return Path(self._folder.name, name)

    @property
    def stderr(self) -> str:
        """What it has written to standard error so far."""
        return self._path("stderr").read_text()

    def line_of_stderr(self, start: str) -> str:
        """The first line of its standard error with this start, once it is written."""
        while True:
            has_ended = self._process.exitcode is not None
            for line in self.stderr.splitlines(keepends=True):
                if line.startswith(start) and line.endswith("\n"):
                    return line.strip()
            assert not has_ended, self.stderr
            time.sleep(0.01)

    def finish(self, text: str = "") -> subprocess.CompletedProcess[str]:
        """Write the rest of its standard input, and wait until it has ended."""
        # It need not read it.
        with suppress(BrokenPipeError):
            self.stdin.write(text)
        with suppress(BrokenPipeError):
            self.stdin.close()
        self._process.join(SECONDS)
        code = self._process.exitcode
        assert code is not None, f"{self._arguments} has not ended after {SECONDS} seconds"
        stdout = self._path("stdout").read_text()
        return subprocess.CompletedProcess(self._arguments, code, stdout, self.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        with suppress(BrokenPipeError):
            self.stdin.close()
        self._process.kill()
        self._process.join()
        self._process.close()
        self._folder.cleanup()


def run(
    *arguments: str, env: Mapping[str, str], stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    with Command(*arguments, env=env) as command:
        return command.finish(stdin)


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
