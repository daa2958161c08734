"""The past that the demo gives its sandbox."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

SCRIPT = Path(__file__).parent.parent / "bin" / "demo_history.py"
SECONDS = 300


@pytest.mark.soak
def test_the_demo_has_a_past_of_60_daily_runs(serve: Callable[..., GraphApiServer]) -> None:
    server = serve()
    done = subprocess.run(
        [sys.executable, SCRIPT, server.url],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    rows = [each for each in messages if each["type"] == "RECORD"]
    readings = [each["record"] for each in rows if each["stream"] == "account_history"]
    snapshots = {row["snapshot_date"] for row in readings}
    today = dt.datetime.now(dt.timezone.utc).date()
    days = sorted((today - dt.date.fromisoformat(date)).days for date in snapshots)
    assert days == [*range(1, 61)]
    assert messages[-1]["type"] == "STATE"
    assert messages[-1]["value"]["bookmarks"]["account_insights"]["accounts"]
    lag = server.clock.now() - dt.datetime.now(dt.timezone.utc)
    assert abs(lag) < dt.timedelta(minutes=1)
