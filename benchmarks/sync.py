"""Measures the tap against the sandbox: each table by itself, all together, and the yardstick.

    python benchmarks/sync.py [--accounts 2 --posts 300 --latency 0.1 --login facebook --runs 3]

Each line is a process of its own, so that its memory and CPU seconds are its own: the median of
the runs. A round trip takes the latency, a batch a tenth of it more for each call in it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measure import NOW, TOKEN, Figures, catalog, measure, median, sandbox, tap

if TYPE_CHECKING:
    from collections.abc import Iterator

YARDSTICK = [sys.executable, str(Path(__file__).parent / "one_request_per_media.py")]


def subjects(folder: Path, url: str, login: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what is measured: a name and a command."""
    names = [entry["tap_stream_id"] for entry in catalog()["streams"]]
    for name in names:
        if name != "insight_gaps":
            yield name, tap(folder, url, name, login=login)
    yield "default tables", tap(folder, url, login=login)
    yield "all tables", tap(folder, url, *names, login=login)
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
    chosen = vars(options.parse_args())
    runs = chosen.pop("runs")
    print(Figures.header("table"))
    with sandbox(clock=NOW, **chosen) as url, tempfile.TemporaryDirectory() as folder:
        for name, command in subjects(Path(folder), url, chosen["login"]):
            found = median([measure(command, url) for _ in range(runs)])
            print(found.line(name), flush=True)


if __name__ == "__main__":
    main()
