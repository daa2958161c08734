"""States and runs are read and changed wherever Meltano keeps them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_instagram_business.erasure.erase import ActiveRuns
from tap_instagram_business.erasure.meltano_bridge import MeltanoBridge, find_python
from tap_instagram_business.tokens.errors import CredentialsError
from tests.meltano_project import QUIET, meltano
from tests.program import PROGRAM, complaint
from tests.targets.servers import postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def in_meltano(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(project))
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(meltano()).parent), os.environ["PATH"]]))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.long)])
def project(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A Meltano project with a state and three runs, in a database outside of the project."""
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "meltano.yml").write_text("version: 1\nproject_id: elsewhere\n")
    in_meltano(monkeypatch, directory)

    def filled(uri: str) -> Path:
        monkeypatch.setenv("MELTANO_DATABASE_URI", uri)
        state = json.dumps({"prod:a-to-b": {"completed": STATE, "partial": {}}})
        run(meltano(), "state", "import", project=directory, given=state)
        run(sys.executable, "-c", FILL, json.dumps(STATE), project=directory)
        return directory

    if request.param == "sqlite":
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
    with postgres_server() as port:
        yield filled(f"postgresql+psycopg://instagram@127.0.0.1:{port}/postgres")


def files_with(folder: Path, text: str) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if text.encode() in path.read_bytes()]


@pytest.mark.e2e
def test_an_account_is_erased_from_states_and_runs(project: Path, tmp_path: Path) -> None:
    with MeltanoBridge(project) as meltano:
        assert meltano.find([GOES]) == ["prod:a-to-b"]
        meltano.remove([GOES])
        assert meltano.find([GOES]) == []
    payloads = [payload for _, payload in runs_of(project)]
    assert len(payloads) == 3
    assert not [payload for payload in payloads if GOES in payload or STAYS not in payload]
    if "sqlite" in os.environ["MELTANO_DATABASE_URI"]:
        assert files_with(tmp_path, STAYS)
        assert not files_with(tmp_path, GOES)


@pytest.mark.e2e
def test_active_runs_are_found_and_old_runs_are_deleted(project: Path) -> None:
    with MeltanoBridge(project) as meltano:
        assert ActiveRuns(meltano).find() == ["run now of Meltano"]

    assert "1 runs were deleted." in run(*PROGRAM, "prune-runs", "--days", "30", project=project)

    left = [name for name, _ in runs_of(project)]
    assert left == ["new", "now"]


def bridge_error(project: Path) -> str:
    with MeltanoBridge(project) as meltano, pytest.raises(CredentialsError) as error:
        meltano.ask("running")
    return str(error.value)


@pytest.mark.e2e
def test_an_error_of_the_database_is_one_sentence_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "meltano.yml").write_text("version: 1\nproject_id: broken\n")
    in_meltano(monkeypatch, tmp_path)
    monkeypatch.setenv("MELTANO_DATABASE_URI", "unknown://me:canary-password@127.0.0.1/runs")
    command = [*PROGRAM, "prune-runs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    error = complaint(done)
    assert "sqlalchemy.dialects:unknown" in error
    assert "check that `meltano state list` works" in error
    assert "canary-password" not in done.stdout + done.stderr


def script(path: Path, content: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    path.chmod(0o755)
    return path


def test_a_python_without_meltano_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = venv_python(tmp_path / "venv")
    script(tmp_path / "meltano", f"#!{without}\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "No module named 'meltano'" in bridge_error(tmp_path)


def venv_python(folder: Path) -> Path:
    venv.create(folder)
    return folder / "bin" / "python"


@pytest.mark.parametrize(
    "start",
    [
        "#!{folder}/python3.12\n",
        "#!/bin/sh\n'''exec' '{folder}/python3.12' \"$0\" \"$@\"\n' '''\n",
        '#!/bin/sh\nexec {folder}/meltano "$@"\n',
        "#!/usr/bin/env bash\nset -e\n{folder}/meltano\n",
    ],
)
def test_the_python_of_meltano_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    folder = tmp_path / "environment"
    for name in ("python", "python3.12", "meltano"):
        script(folder / name, "")
    script(tmp_path / "bin" / "meltano", start.format(folder=folder))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    found = Path(find_python(tmp_path) or "")
    assert found.parent == folder
    assert found.name == ("python3.12" if "python3.12" in start else "python")


def test_a_link_to_meltano_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("python", "meltano"):
        script(tmp_path / "environment" / name, "#!/usr/bin/env python\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "meltano").symlink_to(tmp_path / "environment" / "meltano")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_python(tmp_path) == str(tmp_path / "environment" / "python")
