"""A world of many accounts, what one machine reads of it, and an Airflow to read it in shards."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.fleet.airflow import Airflow, Stores
from tests.fleet.project import make_project, run_program, variables
from tests.fleet.tables import Tables, read_tables
from tests.local_sandbox import LocalSandbox, free_port
from tests.targets.servers import postgres_server, run_sql, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    StartAirflow = Callable[[str], AbstractContextManager[Airflow]]

DAYS = ("2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z")
"""The moments of the two runs."""
ACCOUNTS = int(os.environ.get("FLEET_ACCOUNTS", "200"))
WORLD = (f"--accounts={ACCOUNTS}", "--posts=20", "--days=60", "--seed=9", f"--clock={DAYS[0]}")


def set_clock(sandbox: LocalSandbox, moment: str) -> None:
    """Let it be another moment in the world."""
    url = f"{sandbox.graph_url}/_sandbox/clock"
    requests.post(url, json={"set": moment}, timeout=60).raise_for_status()


@pytest.fixture(scope="session")
def airflow_python() -> Path:
    """The Python that has Airflow; without it nothing here is set up."""
    python = os.environ.get("AIRFLOW_PYTHON")
    if not python:
        pytest.skip("AIRFLOW_PYTHON names no Python with Airflow: `bin/test-fleet` sets it up.")
    return Path(python)


@pytest.fixture(scope="session")
def sandbox(
    airflow_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalSandbox]:
    assert airflow_python.exists()
    sandbox = LocalSandbox.on_free_ports(tmp_path_factory.mktemp("sandbox"))
    started = sandbox.up(*WORLD, "--latency=0.02")
    assert started.returncode == 0, started.stderr
    yield sandbox
    sandbox.down()


@pytest.fixture(scope="session")
def single(sandbox: LocalSandbox, tmp_path_factory: pytest.TempPathFactory) -> list[Tables]:
    """What one machine has in its tables after each day."""
    project = make_project(tmp_path_factory.mktemp("single"), sandbox)
    found = []
    for moment in DAYS:
        set_clock(sandbox, moment)
        run_program(project, "run-shard", "1/1", env=variables(sandbox, "single"))
        found.append(read_tables(sandbox, "single"))
    return found


@pytest.fixture(scope="session")
def postgres_port() -> Iterator[int]:
    with postgres_server() as port:
        yield port


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    with running(command, port, tmp_path_factory.mktemp("redis")):
        yield port


@pytest.fixture
def start_airflow(
    airflow_python: Path,
    sandbox: LocalSandbox,
    postgres_port: int,
    redis_port: int,
    tmp_path: Path,
) -> StartAirflow:
    """Start an Airflow whose databases and dataset have a name; it is stopped at the end."""

    @contextmanager
    def started(name: str) -> Iterator[Airflow]:
        for database in (f"airflow_{name}", f"meltano_{name}"):
            run_sql(postgres_port, f"CREATE DATABASE {database}")
        for directory in ("project", "airflow"):
            (tmp_path / directory).mkdir()
        at = f"instagram@127.0.0.1:{postgres_port}"
        airflow = Airflow(
            airflow_python,
            tmp_path / "airflow",
            Stores(f"{at}/airflow_{name}", f"redis://127.0.0.1:{redis_port}/0"),
            variables(
                sandbox,
                name,
                FLEET_PROJECT=str(make_project(tmp_path / "project", sandbox)),
                MELTANO_DATABASE_URI=f"postgresql+psycopg://{at}/meltano_{name}",
            ),
        )
        try:
            airflow.start()
            yield airflow
        finally:
            airflow.stop()

    return started
