"""No server outlives the tests, not even if they are killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.local_sandbox import LocalSandbox, free_port
from tests.targets.servers import running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def start_sandbox(folder: Path, port: int) -> None:
    """Start a Graph API that goes on running after its command."""
    sandbox = LocalSandbox(folder, graph_port=port, bigquery_port=free_port())
    started = sandbox.up("--no-bigquery", "--accounts=1", "--posts=1")
    assert started.returncode == 0, started.stderr
    wait_to_be_killed()


def start_program(folder: Path, port: int) -> None:
    """Start a server that is a child of the test."""
    with running([sys.executable, "-m", "http.server", str(port)], port, folder):
        wait_to_be_killed()


def wait_to_be_killed() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(600)


@pytest.mark.parametrize("start", [start_sandbox, start_program])
def test_a_server_ends_with_the_tests_that_are_killed(
    start: Callable[[Path, int], None], tmp_path: Path
) -> None:
    port = free_port()
    script = (
        f"from pathlib import Path; from tests.test_ending import {start.__name__} as start;"
        f"start(Path({str(tmp_path)!r}), {port})"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as tests:
        assert tests.stdout
        assert tests.stdout.readline() == b"ready\n"
        assert listens(port)
        os.kill(tests.pid, signal.SIGKILL)
    for _ in range(600):
        if not listens(port):
            break
        time.sleep(0.1)
    assert not listens(port)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
