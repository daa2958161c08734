"""Runs a command against a sandbox of its own and says what it cost."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TAP = [sys.executable, "-c", "from tap_instagram_business.cli import main; main()"]
TOKEN = "sandbox-token"
NOW = "2026-11-20T12:00:00Z"
"""The sandbox's time, so that a run can be repeated: numbers of calls depend on it."""


@dataclass(frozen=True)
class Figures:
    """What one process cost.

    Attributes:
        rows: records it wrote.
        calls: calls as Meta counts them, each in a batch being one.
        round_trips: HTTP requests.
        seconds: from its start to its end.
        cpu_seconds: its own, the sandbox's left out.
        peak_mb: the most memory it held.
        state_mb: STATE lines in all.
    """

    rows: float
    calls: float
    round_trips: float
    seconds: float
    cpu_seconds: float
    peak_mb: float
    state_mb: float

    @classmethod
    def header(cls, *names: str) -> str:
        """Return the head of a table of figures."""
        shown = [*names, *(field.name.replace("_", " ") for field in fields(cls))]
        rule = ["---"] * len(names) + ["---:"] * len(fields(cls))
        return f"| {' | '.join(shown)} |\n| {' | '.join(rule)} |"

    def line(self, *names: object) -> str:
        """Return a line of a table of figures."""
        counts = (f"{value:,.0f}" for value in (self.rows, self.calls, self.round_trips))
        seconds = (f"{value:,.1f}" for value in (self.seconds, self.cpu_seconds))
        memory = (f"{self.peak_mb:,.0f}", f"{self.state_mb:,.1f}")
        return f"| {' | '.join([*map(str, names), *counts, *seconds, *memory])} |"


def median(runs: Sequence[Figures]) -> Figures:
    """Return the median of each figure."""
    return Figures(
        *(statistics.median(getattr(run, field.name) for run in runs) for field in fields(Figures))
    )


def ask(url: str, order: dict[str, Any] | None = None, *, post: bool = False) -> dict[str, Any]:
    """Ask the sandbox about itself, or tell it something."""
    body = json.dumps(order).encode() if order else b""
    method = "POST" if post or order else "GET"
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(url, method=method, data=body or None, headers=headers)) as reply:
        content: dict[str, Any] = json.load(reply)
        return content


@contextmanager
def sandbox(
    port: int, *, latency: float = 0.0, clock: str | None = None, **world: object
) -> Iterator[str]:
    """Serve a world in a process of its own."""
    settings = {"port": port, "clock": clock, "world": world, "api": {"latency": latency}}
    command = [sys.executable, "-m", "instagram_sandbox.graph_api", json.dumps(settings)]
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                ask(f"{url}/_sandbox/health")
                break
            except URLError:
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait()


def measure(command: Sequence[str], url: str, state: Path | None = None) -> Figures:
    """Run a process to its end and say what it cost.

    Args:
        command: what to run; its lines are counted, and not kept.
        url: the sandbox that it asks.
        state: where to write the last state that it gave.
    """
    ask(f"{url}/_sandbox/stats/reset", post=True)
    rows = states = 0
    last = b""
    with tempfile.TemporaryFile("w+") as log:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        for line in process.stdout or ():
            kind = line[:40]
            rows += b'"RECORD"' in kind or b'"type"' not in kind
            if b'"STATE"' in kind:
                states, last = states + len(line), line
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        if status:
            log.seek(0)
            sys.exit(log.read())
    if state:
        state.write_text(json.dumps(json.loads(last)["value"]))
    stats = ask(f"{url}/_sandbox/stats")
    return Figures(
        rows=rows,
        calls=stats["calls"],
        round_trips=stats["http_requests"],
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
        state_mb=states / 1e6,
    )


def catalog(*only: str) -> dict[str, Any]:
    """Return the catalog with these tables selected, or as it is."""
    found: dict[str, Any] = json.loads(
        subprocess.check_output([*TAP, "--discover"], stderr=subprocess.DEVNULL)
    )
    for entry in found["streams"]:
        for part in entry["metadata"]:
            if only and not part["breadcrumb"]:
                part["metadata"]["selected"] = entry["tap_stream_id"] in only
    return found


def tap(folder: Path, url: str, *tables: str, **settings: object) -> list[str]:
    """Return the command that syncs some tables, or all that are selected by default."""
    folder = Path(tempfile.mkdtemp(dir=folder))
    config, selected = folder / "config.json", folder / "catalog.json"
    given = {"access_token": TOKEN, "api_url": url, "include_others": bool(tables), **settings}
    config.write_text(json.dumps(given))
    selected.write_text(json.dumps(catalog(*tables)))
    return [*TAP, "--config", str(config), "--catalog", str(selected)]
