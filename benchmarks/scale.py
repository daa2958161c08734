"""Measures how cost grows: with accounts, media, days, latency, and rows.

    python benchmarks/scale.py [accounts parallel quiet media days latency rows]

Each line is a process of its own against a fresh sandbox, 100 ms a round trip and a tenth of it
more for each call in a batch, all default tables unless the subject says otherwise.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measure import NOW, Figures, ask, measure, sandbox, tap

if TYPE_CHECKING:
    from collections.abc import Callable

PORT = 8029
LATENCY = 0.1
DAY_SECONDS = 86_400
ACCOUNT_TABLES = (
    *("accounts", "account_history", "account_insights", "account_insights_breakdowns"),
    *("account_reach", "online_followers", "insight_gaps"),
)


def first_and_next_day(name: str, start_date: str = "", **world: object) -> None:
    """Print what a first run costs, and the run a day later."""
    world = {"latency": LATENCY, "clock": NOW, **world}
    with sandbox(PORT, **world) as url, tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.json"
        settings = {"start_date": start_date} if start_date else {}
        command = tap(Path(folder), url, **settings)
        print(measure(command, url, state).line(name, "first"), flush=True)
        ask(f"{url}/_sandbox/clock", {"advance_seconds": DAY_SECONDS})
        found = measure([*command, "--state", str(state)], url, state)
        print(found.line(name, "a day later"), flush=True)


def accounts() -> None:
    """Accounts with 20 media; 3 days of account insights at first."""
    print(Figures.header("accounts", "run"))
    for number in (1, 10, 100, 1_000):
        first_and_next_day(
            f"{number:,}", start_date="2026-11-17", accounts=number, posts=20, days=3
        )


def quiet() -> None:
    """Accounts that post every 75 days, and no stories; no latency."""
    print(Figures.header("quiet accounts", "run"))
    for number in (100, 1_000):
        first_and_next_day(
            f"{number:,}", accounts=number, posts=20, days=1_500, stories_per_day=0, latency=0
        )


def parallel() -> None:
    """200 accounts with 20 media and 3 days, with ever more requests in parallel, near and far."""
    print(Figures.header("latency (ms)", "requests in parallel"))
    for seconds in (0.1, 0.3):
        for most in (4, 8, 16, 32):
            with (
                sandbox(PORT, latency=seconds, clock=NOW, accounts=200, posts=20, days=3) as url,
                tempfile.TemporaryDirectory() as folder,
            ):
                settings = {"start_date": "2026-11-17", "parallel_requests": most}
                found = measure(tap(Path(folder), url, **settings), url)
                print(found.line(f"{1000 * seconds:.0f}", most), flush=True)


def media() -> None:
    """One account with ever more media."""
    print(Figures.header("media", "run"))
    for number in (100, 1_000, 10_000):
        first_and_next_day(f"{number:,}", accounts=1, posts=number, days=1_500)


def days() -> None:
    """One account's tables without its media, back over ever more days."""
    print(Figures.header("days"))
    for number, start_date in ((30, "2026-10-21"), (365, "2025-11-20"), (729, "2024-11-21")):
        with (
            sandbox(PORT, latency=LATENCY, clock=NOW, accounts=1, posts=10) as url,
            tempfile.TemporaryDirectory() as folder,
        ):
            command = tap(Path(folder), url, *ACCOUNT_TABLES, start_date=start_date)
            print(measure(command, url).line(number), flush=True)


def latency() -> None:
    """Two accounts with 300 media, ever further away."""
    print(Figures.header("latency (ms)"))
    for seconds in (0.0, 0.05, 0.1, 0.2, 0.4):
        with (
            sandbox(PORT, latency=seconds, clock=NOW, accounts=2, posts=300) as url,
            tempfile.TemporaryDirectory() as folder,
        ):
            found = measure(tap(Path(folder), url), url)
            print(found.line(f"{1000 * seconds:.0f}"), flush=True)


def rows() -> None:
    """Ever more media of 1,000 accounts, their own table only, no latency: what memory does."""
    print(Figures.header("media"))
    for each in (10, 100, 1_000):
        with (
            sandbox(PORT, clock=NOW, accounts=1_000, posts=each, days=1_500) as url,
            tempfile.TemporaryDirectory() as folder,
        ):
            found = measure(tap(Path(folder), url, "media"), url)
            print(found.line(f"{1000 * each:,}"), flush=True)


SUBJECTS: dict[str, Callable[[], None]] = {
    subject.__name__: subject for subject in (accounts, parallel, quiet, media, days, latency, rows)
}


def main() -> None:
    """Measure what is named, or everything."""
    for name in sys.argv[1:] or SUBJECTS:
        print(f"\n{SUBJECTS[name].__doc__}\n")
        SUBJECTS[name]()


if __name__ == "__main__":
    main()
