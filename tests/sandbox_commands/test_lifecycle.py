"""The sandbox's servers start once, stop for good, and leave strangers alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from instagram_sandbox import lifecycle
from instagram_sandbox.errors import SandboxError
from instagram_sandbox.servers import port_is_free
from tests.local_sandbox import EMULATOR_NEEDS, LocalSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    sys.version_info < EMULATOR_NEEDS, reason="The BigQuery emulator needs Python 3.11."
)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[LocalSandbox]:
    sandbox = LocalSandbox.on_free_ports(tmp_path / ".sandbox")
    yield sandbox
    sandbox.down()


def test_up_twice_starts_one_server(sandbox: LocalSandbox) -> None:
    first = sandbox.up("--no-graph")
    pid = sandbox.pid("bigquery")
    second = sandbox.up("--no-graph")

    assert first.stdout == f"BigQuery: up at {sandbox.bigquery_url}, pid {pid}\n"
    assert second.stdout == f"BigQuery: already up at {sandbox.bigquery_url}, pid {pid}\n"
    assert second.returncode == 0


def test_down_stops_and_down_again_finds_nothing(sandbox: LocalSandbox) -> None:
    sandbox.up("--no-graph")
    pid = sandbox.pid("bigquery")

    assert f"BigQuery: stopped, pid {pid}" in sandbox.run("down").stdout
    assert port_is_free(sandbox.bigquery_port)
    again = sandbox.run("down")
    assert "BigQuery: was not up" in again.stdout
    assert again.returncode == 0


def test_tables_outlive_a_killed_server(sandbox: LocalSandbox) -> None:
    sandbox.up("--no-graph")
    sandbox.rows("CREATE SCHEMA kept")
    sandbox.rows("CREATE TABLE kept.numbers AS SELECT 7 AS number")
    os.kill(sandbox.pid("bigquery"), signal.SIGKILL)

    assert sandbox.run("status").returncode == 1
    assert "BigQuery: up" in sandbox.up("--no-graph").stdout
    printed = sandbox.run("query", "--json", "SELECT number FROM kept.numbers")
    assert printed.stdout == '{"number": 7}\n'


def test_a_stale_pid_file_never_stops_a_stranger(sandbox: LocalSandbox) -> None:
    sandbox.data_dir.mkdir()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        stale = {"pid": stranger.pid, "url": sandbox.bigquery_url}
        (sandbox.data_dir / "bigquery.pid").write_text(json.dumps(stale))

        assert "BigQuery: was not up" in sandbox.run("down").stdout
        assert stranger.poll() is None
        stranger.kill()


def test_a_port_in_use_is_named_and_nothing_is_started(sandbox: LocalSandbox) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", sandbox.bigquery_port))
        other.listen()
        refused = sandbox.up()

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert f"Port {sandbox.bigquery_port} is in use" in refused.stderr
    assert "--bigquery-port" in refused.stderr
    assert not sandbox.data_dir.exists()


def test_a_world_lasts_until_reset(sandbox: LocalSandbox) -> None:
    sandbox.up("--no-graph", "--accounts=3")
    start = json.loads((sandbox.data_dir / "world.json").read_text())["start"]
    sandbox.down()

    other = sandbox.up("--no-graph", "--accounts=4")
    assert other.returncode == 1
    assert "a world with accounts 3" in other.stderr
    assert sandbox.up("--no-graph").returncode == 0
    assert json.loads((sandbox.data_dir / "world.json").read_text())["start"] == start

    assert sandbox.run("reset").returncode == 0
    assert not list(sandbox.data_dir.iterdir())


def test_the_graph_api_shows_the_world_of_the_options(sandbox: LocalSandbox) -> None:
    clock = "2026-11-20T12:00:00+00:00"
    options = ("--accounts=3", "--posts=4", "--login=instagram", f"--clock={clock}")
    assert sandbox.up("--no-bigquery", *options).returncode == 0

    with urlopen(f"{sandbox.graph_url}/_sandbox/settings", timeout=5) as answer:
        world = json.load(answer)
    assert world == json.loads((sandbox.data_dir / "world.json").read_text())
    assert (world["accounts"], world["posts"], world["login"]) == (3, 4, "instagram")
    with urlopen(f"{sandbox.graph_url}/_sandbox/clock", timeout=5) as answer:
        assert json.load(answer) == {"now": clock, "running": False}
    assert world["start"] == clock


@pytest.mark.parametrize("option", ["--accounts=-1", "--clock=2026-11-20", "--login=myspace"])
def test_an_option_that_makes_no_sense_is_refused(sandbox: LocalSandbox, option: str) -> None:
    refused = sandbox.up(option)

    assert refused.returncode in {1, 2}
    assert "Traceback" not in refused.stderr
    assert not sandbox.data_dir.exists()


def test_reset_leaves_what_is_not_the_sandboxs(sandbox: LocalSandbox) -> None:
    sandbox.data_dir.mkdir()
    (sandbox.data_dir / "mine.txt").write_text("mine")

    sandbox.run("reset")

    assert [path.name for path in sandbox.data_dir.iterdir()] == ["mine.txt"]


def test_a_server_that_cannot_start_points_to_its_log(sandbox: LocalSandbox) -> None:
    sandbox.data_dir.mkdir()
    (sandbox.data_dir / "bigquery").write_text("a file where a directory should be")

    failed = sandbox.up("--no-graph")

    assert failed.returncode == 1
    assert f"did not start: see {sandbox.data_dir / 'bigquery.log'}" in failed.stderr


def test_without_the_emulator_it_says_what_to_install(
    sandbox: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "find_spec", lambda _name: None)
    options = lifecycle.Options(sandbox.graph_port, sandbox.bigquery_port)

    with pytest.raises(SandboxError, match="needs Python"):
        list(lifecycle.up(sandbox.data_dir, {}, options))
    assert not sandbox.data_dir.exists()


def test_no_proxy_is_asked_for_this_machine(
    sandbox: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert sandbox.up("--no-bigquery").returncode == 0
    assert "Graph API: up at" in sandbox.run("status").stdout


def test_an_apostrophe_in_the_name_of_the_folder_is_told(tmp_path: Path) -> None:
    sandbox = LocalSandbox.on_free_ports(tmp_path / "it's" / ".sandbox")
    started = sandbox.up("--no-graph")
    assert started.returncode == 1
    assert "has an apostrophe in its name" in started.stderr
    assert "Traceback" not in started.stderr
