"""State: after every row it is about, and little of it however many accounts there are."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from tap_instagram_business import state as state_module
from tap_instagram_business.state import ThrottledStateWriter
from tests import truth
from tests.tap_run import Run, Warehouse, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)


def test_a_large_state_is_written_seldom_and_at_the_end() -> None:
    run = Run()
    writer = ThrottledStateWriter(run)  # type: ignore[arg-type]
    big: Any = {"bookmarks": {"media": {"pad": "x" * 1_000_000}}}
    for number in range(100):
        big["bookmarks"]["media"]["number"] = number
        writer.write_state(big)
    assert len(run.states) == 1
    writer.flush(big)
    writer.flush(big)
    assert [state["bookmarks"]["media"]["number"] for state in run.states] == [0, 99]


@pytest.mark.long
def test_state_lines_do_not_grow_with_the_square_of_accounts(
    serve: Callable[..., GraphApiServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_module, "STATE_BYTES_PER_SECOND", 500)
    server = serve(WorldSettings(accounts=80, posts=2, days=30, start=START))
    run = run_tap(server, start_date="2026-11-18")
    size = len(json.dumps(run.states[-1]))
    assert sum(len(json.dumps(state)) for state in run.states) < 4 * size


def start(server: GraphApiServer, folder: Path, **how: Any) -> subprocess.Popen[bytes]:
    """Start the tap as a process of its own."""
    config = folder / "config.json"
    config.write_text(json.dumps({"access_token": "sandbox-token", "api_url": server.url}))
    command = "from tap_instagram_business.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", command, "--config", str(config)],
        stderr=subprocess.PIPE,
        env=os.environ,
        **how,
    )


def wait_for_calls(server: GraphApiServer, tap: subprocess.Popen[bytes], number: int) -> None:
    """Wait until a running tap has made so many calls, for a minute at most."""
    end = time.monotonic() + 60
    while server.calls < number:
        assert tap.poll() is None, "the tap has ended"
        assert time.monotonic() < end, f"the tap waits after {server.calls} calls"
        time.sleep(0.05)


def goes_on_from(server: GraphApiServer, output: str) -> None:
    """Read what a run wrote before it was cut short, and see that the next makes it whole."""
    warehouse = Warehouse()
    warehouse.load(replay(output))
    server.latency = 0
    warehouse.load(run_tap(server, state=warehouse.state))
    warehouse.assert_true(server.world, START, truth.days_to(truth.last_complete_day(START), 30))


@pytest.mark.soak
def test_the_signal_to_end_keeps_what_is_done_and_shows_in_the_exit_code(
    serve: Callable[..., GraphApiServer], tmp_path: Path
) -> None:
    server = serve(
        WorldSettings(accounts=3, posts=80, start=START), api_settings=ApiSettings(latency=0.3)
    )
    out = tmp_path / "out.jsonl"
    with out.open("w") as stdout:
        tap = start(server, tmp_path, stdout=stdout)
        wait_for_calls(server, tap, 200)
        time.sleep(1)
        tap.send_signal(signal.SIGTERM)
        _, log = tap.communicate(timeout=30)
    assert tap.returncode == 128 + signal.SIGTERM
    assert b"Traceback" not in log
    assert replay(out.read_text()).states
    goes_on_from(server, out.read_text())


@pytest.mark.soak
def test_the_signal_to_end_tears_no_message_that_waits_for_its_reader(
    serve: Callable[..., GraphApiServer], tmp_path: Path
) -> None:
    server = serve(WorldSettings(accounts=3, posts=80, start=START))
    tap = start(server, tmp_path, stdout=subprocess.PIPE)
    wait_for_calls(server, tap, 5)
    calls = -1
    while server.calls != calls:  # Until the pipe is full, and it asks no more.
        calls = server.calls
        time.sleep(1)
    tap.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    out, log = tap.communicate(timeout=30)
    assert tap.returncode == 128 + signal.SIGTERM
    assert b"Traceback" not in log
    assert json.loads(out.splitlines()[-1])["type"] == "STATE"
    goes_on_from(server, out.decode())


@pytest.mark.soak
def test_the_signal_to_end_is_heard_while_an_allowance_is_waited_for(
    serve: Callable[..., GraphApiServer], tmp_path: Path
) -> None:
    server = serve(
        WorldSettings(accounts=1, posts=80, start=START),
        api_settings=ApiSettings(allowance_calls=100),
    )
    tap = start(server, tmp_path, stdout=subprocess.DEVNULL)
    assert tap.stderr is not None
    for line in tap.stderr:
        if b"waiting 5 minutes" in line:
            break
    tap.send_signal(signal.SIGTERM)
    assert tap.wait(timeout=10) == 128 + signal.SIGTERM
    tap.stderr.close()


def replay(output: str) -> Run:
    """Read what a process wrote as a target would; a torn last line is not a message."""
    run = Run()
    for line in output.splitlines(keepends=True):
        if line.endswith("\n"):
            run.read(json.loads(line))
    return run


@pytest.mark.long
def test_rows_written_before_any_state_are_those_the_state_is_about(
    serve: Callable[..., GraphApiServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut a run's output at every state, as a crash would, and go on from there."""
    server = serve(WorldSettings(accounts=2, posts=60, days=200, start=START))
    server.faults.add(Fault(kind="null_op", times=5, after=100))
    monkeypatch.setattr(state_module, "STATE_BYTES_PER_SECOND", 10**12)
    run = run_tap(server)
    assert len(run.states) > 5
    days = truth.days_to(truth.last_complete_day(START), 30)
    expected = truth.every_table(server.world, START, days)
    for index, state in enumerate(run.states):
        until = run.until_state(index)
        rest = run_tap(server, state=state)
        for stream, table in expected.items():
            before = until.table(stream) if stream in until.schemas else {}
            truth.tables_equal({**before, **rest.table(stream)}, table)
