"""Starting and stopping the servers as processes that go on running after the command.

The command that starts a server locks the server's pid file, and the server inherits the lock and
holds it as long as it runs. If nobody holds the lock, a crashed server has left the file behind.
So a process is never stopped because of its process id alone, which may belong to another program.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instagram_sandbox.errors import SandboxError
from instagram_sandbox.loopback import ADDRESS

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

START_SECONDS = 60
STOP_SECONDS = 10


@dataclass(frozen=True)
class Running:
    """A server that runs.

    Attributes:
        pid: Its process id.
        url: Its address: `http://127.0.0.1:PORT`.
    """

    pid: int
    url: str


@dataclass(frozen=True)
class Server:
    """A server of the sandbox.

    Attributes:
        name: Name of its files and of its directory.
        label: Name for the user.
        data_dir: The directory of the sandbox.
        health_path: Path that answers a GET request when the server is ready.
    """

    name: str
    label: str
    data_dir: Path
    health_path: str

    @property
    def log_path(self) -> Path:
        """The file for its output."""
        return self.data_dir / f"{self.name}.log"

    @property
    def storage(self) -> Path:
        """The directory for its data."""
        return self.data_dir / self.name

    def running(self) -> Running | None:
        """Return the server if it runs, or None.

        Raises:
            SandboxError: If another command is starting it.
        """
        if not self._pid_path.exists():
            return None
        with self._pid_path.open() as file:
            if _lock(file, fcntl.LOCK_SH):
                return None
            content = file.read()
        if not content:
            raise SandboxError(self._is_starting)
        return Running(**json.loads(content))

    def start(self, arguments: list[str], port: int) -> Running:
        """Start the server in the background and wait until it answers.

        Args:
            arguments: Arguments of the Python interpreter.
            port: Port on which the server will listen.

        Returns:
            The server that runs now.

        Raises:
            SandboxError: If the server ends, does not answer in time, or another command is
                starting it.
        """
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._pid_path.open("a+") as pid_file, self.log_path.open("ab") as log:
            if not _lock(pid_file, fcntl.LOCK_EX):
                raise SandboxError(self._is_starting)
            pid_file.truncate(0)
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                pass_fds=[pid_file.fileno()],
            )
            server = Running(process.pid, f"http://{ADDRESS}:{port}")
            json.dump({"pid": server.pid, "url": server.url}, pid_file)
        self._await_health(server, process)
        return server

    def stop(self) -> Running | None:
        """Stop the server if it runs: with SIGTERM, and after ten seconds with SIGKILL.

        Returns:
            The server that was stopped, or None if it did not run.
        """
        server = self.running()
        if server is None:
            return None
        deadline = time.monotonic() + STOP_SECONDS
        with suppress(ProcessLookupError):
            os.kill(server.pid, signal.SIGTERM)
            while self.running():
                if time.monotonic() > deadline:
                    os.kill(server.pid, signal.SIGKILL)
                time.sleep(0.05)
        self._pid_path.unlink(missing_ok=True)
        return server

    @property
    def _pid_path(self) -> Path:
        return self.data_dir / f"{self.name}.pid"

    @property
    def _is_starting(self) -> str:
        return f"Another command is starting the {self.label}: try again."

    def _await_health(self, server: Running, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(server.url + self.health_path):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                message = f"The {self.label} did not start: see {self.log_path}"
                raise SandboxError(message)
            time.sleep(0.05)


def answers(url: str) -> bool:
    """Return whether a local server answers a GET request with success."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310
            return True
    except OSError:
        return False


def port_is_free(port: int) -> bool:
    """Return whether no program listens on a local port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def _lock(file: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
