"""The tap where its command is not on the path: `python -m tap_instagram_business`."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from tests.tap_run import Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer


def module(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tap_instagram_business", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_module_says_how_it_was_started() -> None:
    run = module("--help")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("Usage: python -m tap_instagram_business [OPTIONS]")


def test_the_module_says_its_version() -> None:
    run = module("--version")
    assert run.returncode == 0, run.stderr
    assert version("tap-instagram-business") in run.stdout


def test_the_module_syncs(tmp_path: Path, serve: Callable[..., GraphApiServer]) -> None:
    server = serve()
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"access_token": "sandbox-token", "api_url": server.url}))
    synced = module("--config", str(config))
    assert synced.returncode == 0, synced.stderr
    run = Run()
    for line in synced.stdout.splitlines():
        run.read(json.loads(line))
    assert [row["id"] for row in run.records["accounts"]] == server.world.account_ids


def test_the_module_has_the_commands_and_their_exit_codes() -> None:
    run = module("encrypt", "--setting", "start_date")
    assert run.returncode == 2
    assert "Invalid value for '--setting'" in run.stderr
