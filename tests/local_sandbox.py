"""A sandbox of a test's own: free ports, a directory that goes away, real processes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import requests

from instagram_sandbox import output
from tests.ending import WhenThisProcessEnds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EMULATOR_NEEDS = (3, 11)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(frozen=True)
class LocalSandbox:
    data_dir: Path
    graph_port: int
    bigquery_port: int
    _ends: list[WhenThisProcessEnds] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def on_free_ports(cls, data_dir: Path) -> LocalSandbox:
        return cls(data_dir, graph_port=free_port(), bigquery_port=free_port())

    @classmethod
    @contextmanager
    def running(cls, data_dir: Path, *options: str) -> Iterator[LocalSandbox]:
        """Start a sandbox, and stop it at the end of the block."""
        if sys.version_info < EMULATOR_NEEDS:
            pytest.skip("The BigQuery emulator needs Python 3.11.")
        sandbox = cls.on_free_ports(data_dir)
        started = sandbox.up(*options)
        assert started.returncode == 0, started.stderr
        yield sandbox
        sandbox.down()

    @property
    def bigquery_url(self) -> str:
        return f"http://127.0.0.1:{self.bigquery_port}"

    @property
    def graph_url(self) -> str:
        return f"http://127.0.0.1:{self.graph_port}"

    def command(self, *arguments: str) -> list[str]:
        program = [sys.executable, "-m", "instagram_sandbox"]
        return [*program, "--data-dir", str(self.data_dir), *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def up(self, *options: str, analyzer: bool = True) -> subprocess.CompletedProcess[str]:
        """Start the servers; the local BigQuery refuses what Google's analyzer refuses."""
        end = WhenThisProcessEnds(*self.command("down"))
        ports = [f"--graph-port={self.graph_port}", f"--bigquery-port={self.bigquery_port}"]
        started = self.run("up", *ports, *(["--analyzer"] if analyzer else []), *options)
        if started.returncode:
            end.cancel()
        else:
            self._ends.append(end)
        return started

    def down(self) -> None:
        self.run("down")
        while self._ends:
            self._ends.pop().cancel()

    def pid(self, server: str) -> int:
        stored = json.loads((self.data_dir / f"{server}.pid").read_text())
        return int(stored["pid"])

    def limit(self, **limits: Any) -> None:
        """Give the local BigQuery these limits of Google, and no other."""
        url = f"{self.bigquery_url}/_sandbox/limits"
        requests.post(url, json=limits, timeout=30).raise_for_status()

    def limits(self) -> dict[str, Any]:
        """Return the limits, and under `refused` how many requests were refused, by reason."""
        answer = requests.get(f"{self.bigquery_url}/_sandbox/limits", timeout=30)
        found: dict[str, Any] = answer.json()
        return found

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query, as the command `query --json` prints them."""
        return [json.loads(line) for line in output.query(self.data_dir, sql, as_json=True)]
