"""Measures what many accounts cost beside the API: their states and their tokens.

    python benchmarks/fleet.py [states] [tokens]

`states` moves the bookmarks of 10,000 accounts in 11 tables from one state to 16 shards, to 24 and
back, in a Meltano project of its own; the start of Meltano is part of it.

`tokens` lets `refresh-tokens` renew 20,000 tokens in a vault; the environment variable TOKENS sets
another number. Meanwhile two processes read shards of the vault and a third one adds accounts
to it, 50 times a second at most. At the end every account must be there with its own new token.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measure import sandbox

from tap_instagram_business.tokens.encryption import KEY_VARIABLE, KeyRing, generate_key
from tap_instagram_business.tokens.vault import Record, Vault

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = [sys.executable, "-c", "from tap_instagram_business.cli import main; main()"]
MELTANO = str(Path(sys.executable).parent / "meltano")
BASE = "prod:tap-instagram-business-to-target-bigquery"
BOOKMARK = {"date": "2026-11-20", "snapshot_date": "2026-11-20", "since": "2026-11-17T00:00:00Z"}
ACCOUNTS, TABLES = 10_000, 11
TOKENS, PORT = int(os.environ.get("TOKENS", "20_000")), 8031
READER = """
import random, sys, time
from tap_instagram_business.tokens.encryption import read_keys
from tap_instagram_business.tokens.vault import Vault
from tap_instagram_business.sharding import Shard
vault, keys, reads, most = Vault(sys.argv[1]), read_keys(), 0, {}
print("ready", flush=True)
try:
    while True:
        shard = Shard(random.randint(1, 16), 16)
        found = len(vault.read(keys, shard=shard).all())
        assert found >= most.get(shard, 0), "a record is lost"
        most[shard], reads = found, reads + 1
        time.sleep(0.02)
except KeyboardInterrupt:
    print(reads)
"""
WRITER = """
import dataclasses, sys, time
from tap_instagram_business.tokens.encryption import read_keys
from tap_instagram_business.tokens.vault import Vault
vault, keys, added = Vault(sys.argv[1]), read_keys(), 0
(record,) = vault.read(keys, [sys.argv[2]]).all().values()
print("ready", flush=True)
try:
    while True:
        name = f"99{added}"
        new = dataclasses.replace(record, account_id=name, login="facebook", version="")
        assert vault.write(new, keys), "a new record was not written"
        added += 1
        time.sleep(0.02)
except KeyboardInterrupt:
    print(added)
"""


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
            told = run(*PROGRAM, "reshard-state", str(number), f"--state-id={BASE}")
            seconds, cpu = time.monotonic() - began, cpu_seconds() - cpu_before
            print(f"| {number} | {seconds:.1f} | {cpu:.1f} | {told} |", flush=True)


def tokens() -> None:
    """Every token of a vault is renewed while other processes read and write it."""
    key, now = generate_key(), dt.datetime.now(dt.timezone.utc).replace(microsecond=0)
    keys = KeyRing.parse(key, source="the benchmark")
    world = {"accounts": 1, "posts": 0, "days": 2, "login": "instagram", "start": now.isoformat()}
    with tempfile.TemporaryDirectory() as folder, sandbox(PORT, **world) as url:
        vault = Vault(f"{folder}/vault")
        names = _fill(vault, keys, now)
        os.environ[KEY_VARIABLE] = key
        others = [_start(READER, vault), _start(READER, vault), _start(WRITER, vault, names[0])]
        env = {
            **os.environ,
            "TAP_INSTAGRAM_BUSINESS_VAULT_PATH": vault.location,
            "TAP_INSTAGRAM_BUSINESS_API_URL": url,
        }
        began = time.monotonic()
        renewal = subprocess.Popen([*PROGRAM, "refresh-tokens"], env=env)
        _, status, usage = os.wait4(renewal.pid, 0)
        seconds = time.monotonic() - began
        *reads, added = (_stop(process) for process in others)
        kept = vault.read(keys).all()
        new = {kept[name].token for name in names if kept[name].refreshed}
        print("| tokens | seconds | CPU seconds | MB | reads | added | lost |")
        print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        cpu, memory = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
        # A write that the end interrupts may be in the vault, and is not counted.
        lost = len(names) - len(new) + sum(f"99{number}" not in kept for number in range(added))
        print(
            f"| {len(new):,} | {seconds:.0f} | {cpu:.0f} | {memory:.0f} | {sum(reads):,} | "
            f"{added:,} | {lost} |"
        )
        if status or lost:
            sys.exit("Tokens were lost")


def _fill(vault: Vault, keys: KeyRing, now: dt.datetime) -> list[str]:
    """Store tokens that expire soon, and return the ids of their accounts."""
    names = [f"1784{number:013d}" for number in range(TOKENS)]
    obtained, expires = now - dt.timedelta(days=40), now + dt.timedelta(days=5)
    for name in names:
        vault.write(Record(name, "instagram", "sandbox-token", "5550", obtained, expires), keys)
    return names


def _start(program: str, vault: Vault, *arguments: str) -> subprocess.Popen[str]:
    """Start a process that goes on until it is stopped."""
    command = [sys.executable, "-c", program, vault.location, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.readline()
    return process


def _stop(process: subprocess.Popen[str]) -> int:
    """Stop a process, and return the number that it prints at its end."""
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    return int(printed)


SUBJECTS: dict[str, Callable[[], None]] = {
    subject.__name__: subject for subject in (states, tokens)
}


def main() -> None:
    """Measure what is named, or everything."""
    for name in sys.argv[1:] or SUBJECTS:
        print(f"\n{SUBJECTS[name].__doc__}\n")
        SUBJECTS[name]()


if __name__ == "__main__":
    main()
