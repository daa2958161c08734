"""Measures what many accounts cost beside the API: their states and their tokens.

    python benchmarks/fleet.py [states]

`states` moves the bookmarks of 10,000 accounts in 11 tables from one state to 16 shards, to 24 and
back, in a Meltano project of its own; the start of Meltano is part of it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = [sys.executable, "-c", "from tap_instagram_business.cli import main; main()"]
MELTANO = str(Path(sys.executable).parent / "meltano")
BASE = "prod:tap-instagram-business-to-target-bigquery"
BOOKMARK = {"date": "2026-11-20", "snapshot_date": "2026-11-20", "since": "2026-11-17T00:00:00Z"}
ACCOUNTS, TABLES = 10_000, 11


def cpu_seconds() -> float:
    """Return the CPU seconds of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def states() -> None:
    """The bookmarks of 10,000 accounts follow them."""
    accounts = {f"1784{number:013d}": BOOKMARK for number in range(ACCOUNTS)}
    tables = {f"table_{number}": {"accounts": accounts} for number in range(TABLES)}
    kept: dict[str, Any] = {BASE: {"completed": {"singer_state": {"bookmarks": tables}}}}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "meltano.yml").write_text("version: 1\nproject_id: states\n")
        path = f"{Path(MELTANO).parent}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "MELTANO_PROJECT_ROOT": folder}

        def run(*command: str, given: str = "") -> str:
            done = subprocess.run(
                command,
                cwd=project,
                env=env,
                input=given,
                capture_output=True,
                text=True,
                check=True,
            )
            return done.stderr.strip().splitlines()[-1]

        run(MELTANO, "state", "import", given=json.dumps(kept))
        print("| shards | seconds | CPU seconds | |\n| ---: | ---: | ---: | --- |")
        for number in (16, 24, 24, 1):
            began, cpu_before = time.monotonic(), cpu_seconds()
            told = run(*PROGRAM, "prepare", str(number), f"--state-id={BASE}")
            seconds, cpu = time.monotonic() - began, cpu_seconds() - cpu_before
            print(f"| {number} | {seconds:.1f} | {cpu:.1f} | {told} |", flush=True)


SUBJECTS: dict[str, Callable[[], None]] = {subject.__name__: subject for subject in (states,)}


def main() -> None:
    """Measure what is named, or everything."""
    for name in sys.argv[1:] or SUBJECTS:
        print(f"\n{SUBJECTS[name].__doc__}\n")
        SUBJECTS[name]()


if __name__ == "__main__":
    main()
