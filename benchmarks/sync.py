"""Measures the tap against the sandbox: each table by itself, all together, and the yardstick.

    python benchmarks/sync.py [--accounts 2 --posts 300 --latency 0.1 --login facebook --runs 3]

Each line is a process of its own, so that its memory and CPU seconds are its own: the median of
the runs. A round trip takes the latency, a batch a tenth of it more for each call in it.
"""

from __future__ import annotations

import argparse
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

HERE = Path(__file__).parent
TAP = [sys.executable, "-c", "from tap_instagram_business.cli import main; main()"]
YARDSTICK = [sys.executable, str(HERE / "one_request_per_media.py")]
TOKEN = "sandbox-token"


@dataclass(frozen=True)
class Figures:
    """What one process cost."""

    rows: float
    calls: float
    round_trips: float
    seconds: float
    cpu_seconds: float
    peak_mb: float


def ask(url: str, *, post: bool = False) -> dict[str, Any]:
    """Ask the sandbox about itself."""
    with urlopen(
        Request(url, method="POST" if post else "GET", data=b"" if post else None)
    ) as reply:
        content: dict[str, Any] = json.load(reply)
        return content


@contextmanager
def sandbox(options: argparse.Namespace) -> Iterator[str]:
    """Serve a world in a process of its own."""
    world = ("accounts", "posts", "days", "seed", "latency", "login")
    command = [sys.executable, "-m", "tap_instagram_business.sandbox.graph_api"]
    command += [part for name in world for part in (f"--{name}", str(getattr(options, name)))]
    url = f"http://127.0.0.1:{options.port}"
    server = subprocess.Popen([*command, "--port", str(options.port)], stdout=subprocess.DEVNULL)
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


def measure(command: Sequence[str], url: str) -> Figures:
    """Run a process to its end and say what it cost."""
    ask(f"{url}/_sandbox/stats/reset", post=True)
    with tempfile.TemporaryFile("w+") as rows, tempfile.TemporaryFile("w+") as log:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=rows, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        if status:
            log.seek(0)
            sys.exit(log.read())
        rows.seek(0)
        number = sum('"type":"RECORD"' in line or '"type"' not in line for line in rows)
    stats = ask(f"{url}/_sandbox/stats")
    return Figures(
        rows=number,
        calls=stats["calls"],
        round_trips=stats["http_requests"],
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
    )


def median(runs: Sequence[Figures]) -> Figures:
    """Return the median of each figure."""
    return Figures(
        *(statistics.median(getattr(run, field.name) for run in runs) for field in fields(Figures))
    )


def catalog(only: str = "") -> dict[str, Any]:
    """Return the catalog with one table selected, or as it is."""
    found: dict[str, Any] = json.loads(
        subprocess.check_output([*TAP, "--discover"], stderr=subprocess.DEVNULL)
    )
    for entry in found["streams"]:
        for part in entry["metadata"]:
            if only and not part["breadcrumb"]:
                part["metadata"]["selected"] = entry["tap_stream_id"] == only
    return found


def subjects(folder: Path, url: str, login: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what is measured: a name and a command."""
    config = folder / "config.json"
    config.write_text(json.dumps({"access_token": TOKEN, "api_url": url, "login": login}))
    names = [entry["tap_stream_id"] for entry in catalog()["streams"]]
    for name in (*(name for name in names if name != "insight_gaps"), ""):
        selected = folder / f"{name or 'all'}.json"
        selected.write_text(json.dumps(catalog(name)))
        yield name or "all tables", [*TAP, "--config", str(config), "--catalog", str(selected)]
    if login == "facebook":
        yield "one request per media", [*YARDSTICK, url, TOKEN]


def main() -> None:
    """Measure and print a table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name, default in (("accounts", 2), ("posts", 300), ("days", 365), ("seed", 1), ("runs", 3)):
        options.add_argument(f"--{name}", type=int, default=default)
    options.add_argument("--latency", type=float, default=0.1)
    options.add_argument("--login", default="facebook")
    options.add_argument("--port", type=int, default=8019)
    chosen = options.parse_args()
    print("| table | rows | calls | round trips | seconds | CPU seconds | peak MB |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with sandbox(chosen) as url, tempfile.TemporaryDirectory() as folder:
        for name, command in subjects(Path(folder), url, chosen.login):
            found = median([measure(command, url) for _ in range(chosen.runs)])
            print(
                f"| {name} | {found.rows:,.0f} | {found.calls:,.0f} | {found.round_trips:,.0f} | "
                f"{found.seconds:.1f} | {found.cpu_seconds:.1f} | {found.peak_mb:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
