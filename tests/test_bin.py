"""The scripts in bin/ answer --help, refuse what they do not know, and look before they set up."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SCRIPTS = ("demo", "tap", "test")
USAGE = 2
SECONDS = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what the scripts need before they set anything up."""
    copy = tmp_path / "a folder"
    shutil.copytree(ROOT / "bin", copy / "bin")
    shutil.copy(ROOT / "meltano.yml", copy / "meltano.yml")
    return copy


def run(folder: Path, script: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(folder / "bin" / script), *arguments],
        env={**os.environ, "PYTHON": sys.executable, **env},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert len((done.stdout + done.stderr).splitlines()) < 15
    return done


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a script that refuses to set up."""
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("script", [*SCRIPTS, "test-fleet"])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_sets_nothing_up(folder: Path, script: str, option: str) -> None:
    done = run(folder, script, option)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Usage: bin/{script}")
    assert not (folder / ".venv").exists()


def test_only_a_few_variables_reach_the_tests(folder: Path) -> None:
    script = folder / "bin" / "variables"
    script.write_text('. "$(dirname "$0")/environment"\nin_clean_environment env "$@"\n')
    done = subprocess.run(
        ["sh", str(script), "OF_THE_COMMAND=yes"],
        env={"PATH": os.environ["PATH"], "KILLS": "a b'c", "PYTHONUNBUFFERED": "1", "HOME": ""},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert sorted(done.stdout.splitlines()) == [
        "KILLS=a b'c",
        "OF_THE_COMMAND=yes",
        f"PATH={os.environ['PATH']}",
    ]


def test_every_variable_that_a_test_reads_reaches_it() -> None:
    texts = [path.read_text() for path in (ROOT / "tests").rglob("*.py")]
    found = {name for text in texts for name in re.findall(r'environ\.get\("([A-Z_]+)"', text)}
    read = found - {"PYTHONPATH"}
    kept = re.search(r'kept_variables="([^"]*)"', (ROOT / "bin" / "environment").read_text())
    assert kept
    assert "SOAK_RUNS" in read
    assert read <= {*kept[1].split()}


@pytest.mark.parametrize("arguments", [["--fast"], ["now"], ["--port", "1"]])
def test_the_demo_takes_no_arguments(folder: Path, arguments: list[str]) -> None:
    done = run(folder, "demo", *arguments)
    assert done.returncode == USAGE
    assert f"Error: there is no argument {arguments[0]}." in done.stderr
    assert not (folder / ".venv").exists()


def test_a_command_of_the_tap_is_needed(folder: Path) -> None:
    done = run(folder, "tap")
    assert done.returncode == USAGE
    assert "Error: a command is missing." in done.stderr


def test_the_past_of_the_demo_needs_an_address() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "bin" / "demo_history.py"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == USAGE
    assert "the following arguments are required: url" in done.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_python_that_is_not_there(folder: Path, script: str) -> None:
    told = sentence(run(folder, script, *(["doctor"] if script == "tap" else []), PYTHON="python9"))
    assert told.startswith("This needs Python 3.1")
    assert "set PYTHON to another" in told


def test_servers_that_are_not_there_and_cannot_be_installed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "dirname").symlink_to(str(shutil.which("dirname")))
    user = tmp_path / "id"
    user.write_text("#!/bin/sh\necho 1000\n")
    user.chmod(0o700)
    told = sentence(run(folder, "test-fleet", PATH=str(tmp_path)))
    assert told.startswith(
        "This needs the servers of Redis and PostgreSQL, and Python's module venv"
    )
    assert told.endswith("as in apt install redis-server postgresql python3-venv")
    assert not (folder / ".venv").exists()


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        yield port


@pytest.mark.parametrize("name", ["SANDBOX_GRAPH_PORT", "SANDBOX_BIGQUERY_PORT"])
@pytest.mark.parametrize("place", ["shell", ".env"])
def test_ports_are_looked_at_before_anything_is_installed(
    folder: Path, taken_port: int, name: str, place: str
) -> None:
    given = {"SANDBOX_GRAPH_PORT": "0"} if name != "SANDBOX_GRAPH_PORT" else {}
    if place == "shell":
        given[name] = str(taken_port)
    else:
        (folder / ".env").write_text(f"OTHER=1\n{name}='{taken_port}'\n")
    told = sentence(run(folder, "demo", **given))
    assert told.startswith(f"Port {taken_port} cannot be used, perhaps because another program")
    assert told.endswith(f"set {name} to another port, in the shell or in .env.")


def test_a_port_is_a_number(folder: Path) -> None:
    told = sentence(run(folder, "demo", SANDBOX_GRAPH_PORT="http"))
    assert told.startswith("Port http cannot be used")


@pytest.mark.skipif(os.geteuid() == 0, reason="Root may write everywhere.")
def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    folder.chmod(0o500)
    told = sentence(run(folder, "demo"))
    folder.chmod(0o700)
    assert told.endswith("cannot be written: copy it to a folder of your own.")


def test_a_disk_that_is_full(folder: Path, tmp_path: Path) -> None:
    df = tmp_path / "df"
    df.write_text("#!/bin/sh\necho Filesystem\necho /dev/x 100 90 10 90% /\n")
    df.chmod(0o700)
    told = sentence(run(folder, "demo", PATH=f"{tmp_path}:{os.environ['PATH']}"))
    assert told == "The set-up needs 1200 MB, and the disk of this folder has 10 MB left."


@pytest.mark.long
def test_a_moved_folder_is_set_up_again(folder: Path, taken_port: int) -> None:
    taken = {"SANDBOX_GRAPH_PORT": str(taken_port)}
    assert "Port" in sentence(run(folder, "demo", **taken))
    assert (folder / ".venv" / "bin" / "pip").exists()
    moved = folder.rename(folder.parent / "elsewhere")
    done = run(moved, "demo", **taken)
    assert "This folder was moved: setting up again" in done.stdout
    assert str(moved) in (moved / ".venv" / "bin" / "pip").read_text().splitlines()[0]


def test_a_folder_with_an_apostrophe(folder: Path) -> None:
    named = folder.rename(folder.parent / "it's a folder")
    told = sentence(run(named, "demo"))
    assert "it's a folder has an apostrophe in its name" in told
    assert told.endswith("give the folder another name.")
    assert not (named / ".venv").exists()
