"""Meltano's table of runs in another database than the file in the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_instagram_business.credentials.meltano_state import MeltanoStates
from tap_instagram_business.credentials.runs_under_way import RunsUnderWay
from tap_instagram_business.credentials.system_database import SystemDatabase
from tests.local_sandbox import free_port
from tests.meltano_project import QUIET, meltano
from tests.program import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

GOES, STAYS = "17841400000000001", "17841400000000002"
STATE: dict[str, Any] = {
    "singer_state": {"bookmarks": {"media": {"accounts": {GOES: {}, STAYS: {}}}}}
}
FILL = """
import datetime as dt, json, sys
from meltano.core.db import project_engine
from meltano.core.project import Project
from sqlalchemy import text
engine, _ = project_engine(Project.find())
now = dt.datetime.now(dt.timezone.utc)
def moment(days):
    return None if days is None else str(now - dt.timedelta(days=days))
sql = '''INSERT INTO runs (
    job_name, run_id, state, started_at, last_heartbeat_at, ended_at, payload, payload_flags
) VALUES (
    :name, '00000000-0000-4000-8000-000000000000', :state, :began, :began, :ended, :payload, 1
)'''
runs = (("old", "SUCCESS", 40), ("new", "SUCCESS", 1), ("now", "RUNNING", None))
with engine.begin() as connection:
    for name, state, ended in runs:
        values = {"name": name, "state": state, "began": moment(ended or 0)}
        values |= {"ended": moment(ended), "payload": sys.argv[1]}
        connection.execute(text(sql), values)
"""
READ = """
import json
from meltano.core.db import project_engine
from meltano.core.project import Project
from sqlalchemy import text
engine, _ = project_engine(Project.find())
with engine.connect() as connection:
    rows = connection.execute(text("SELECT job_name, payload FROM runs ORDER BY id"))
    print(json.dumps([list(row) for row in rows]))
"""


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL server of its own; its programs refuse to run as root."""
    program = shutil.which("postgres")
    if not program:
        pytest.skip("PostgreSQL is not installed.")
    bin_directory, data, port = Path(program).resolve().parent, folder / "data", free_port()
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    as_user = as_user if os.getuid() == 0 else []
    data.mkdir()
    if as_user:
        shutil.chown(data, "postgres", "postgres")
        for parent in (folder, *folder.parents):
            if parent.owner() == "root" and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o055)
    subprocess.run(
        [*as_user, str(bin_directory / "initdb"), "-D", str(data), "-U", "meltano", "-A", "trust"],
        check=True,
        capture_output=True,
        cwd="/",
    )
    options = [f"-p{port}", "-c", "listen_addresses=127.0.0.1", "-k", str(data)]
    with subprocess.Popen(
        [*as_user, str(bin_directory / "postgres"), "-D", str(data), *options],
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
    ) as server:
        assert server.stderr
        assert any("ready to accept connections" in line for line in server.stderr)
        yield f"postgresql+psycopg://meltano@127.0.0.1:{port}/postgres"
        server.terminate()


def run(*command: str, project: Path, given: str = "") -> str:
    done = subprocess.run(
        command, cwd=project, input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout if command[0] != sys.executable else done.stderr + done.stdout


def runs_of(project: Path) -> list[tuple[str, str]]:
    """The name and payload of each run; Meltano's own log comes before them."""
    found: list[tuple[str, str]] = json.loads(
        run(sys.executable, "-c", READ, project=project).splitlines()[-1]
    )
    return found


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.long)])
def project(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A Meltano project whose database is elsewhere, with three runs in it."""
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "meltano.yml").write_text("version: 1\nproject_id: elsewhere\n")
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(directory))
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(meltano()).parent), os.environ["PATH"]]))

    def filled(uri: str) -> Path:
        monkeypatch.setenv("MELTANO_DATABASE_URI", uri)
        state = json.dumps({"prod:a-to-b": {"completed": STATE, "partial": {}}})
        run(meltano(), "state", "import", project=directory, given=state)
        run(sys.executable, "-c", FILL, json.dumps(STATE), project=directory)
        return directory

    if request.param == "file":
        yield filled(f"sqlite:///{tmp_path / 'other.db'}")
        return
    driver = tmp_path / "driver"
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "-t",
        str(driver),
        "psycopg[binary]",
        project=directory,
    )
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(driver), os.environ.get("PYTHONPATH", "")])
    )
    with postgres(tmp_path) as uri:
        yield filled(uri)


@pytest.mark.long
def test_an_account_is_erased_from_a_database_elsewhere(project: Path) -> None:
    states = MeltanoStates(project)
    assert states.find([GOES]) == ["prod:a-to-b"]

    states.remove([GOES])

    assert states.find([GOES]) == []
    payloads = [payload for _, payload in runs_of(project)]
    assert len(payloads) == 3
    assert not [payload for payload in payloads if GOES in payload or STAYS not in payload]


@pytest.mark.long
def test_a_run_under_way_and_old_runs_are_seen(project: Path) -> None:
    database = SystemDatabase(project)
    runs = RunsUnderWay(project / ".meltano" / "meltano.db", database=database)
    assert runs.signs() == ["run now of Meltano"]

    assert "1 runs were deleted." in run(*PROGRAM, "prune-runs", "--days", "30", project=project)

    left = [name for name, _ in runs_of(project)]
    assert left == ["new", "now"]
