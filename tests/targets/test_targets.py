"""Two runs into each target that docs/targets.md describes: its rows equal the reference."""

from __future__ import annotations

import datetime as dt
import logging
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import GraphApiServer, WorldSettings
from tests.local_sandbox import EMULATOR_NEEDS, LocalSandbox
from tests.meltano_project import CREDENTIALS, ROOT
from tests.tap_run import Warehouse, run_tap
from tests.targets import readings
from tests.targets.packages import build
from tests.targets.readings import Tables, by_key
from tests.targets.servers import BUCKET, object_storage, postgres_server
from tests.targets.user_project import DAY, UserProject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.targets.readings import Key, Row

pytestmark = [pytest.mark.e2e, pytest.mark.long]

WORLD = WorldSettings(
    accounts=2,
    posts=40,
    days=60,
    seed=5,
    start=dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc),
)
WORLD_OPTIONS = (
    *(f"--{name}={getattr(WORLD, name)}" for name in ("accounts", "posts", "days", "seed")),
    f"--clock={WORLD.start.isoformat()}",
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """A target of the matrix.

    Attributes:
        read: reads its rows.
        keeps_each_run: whether it adds the rows of a run to those of earlier runs.
        environment: what the user would put into `.env`.
        needs_bigquery: whether the sandbox's BigQuery must run.
    """

    read: Callable[[UserProject], Tables]
    keeps_each_run: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    needs_bigquery: bool = False


def bigquery(_stack: ExitStack, _directory: Path) -> Target:
    if sys.version_info < EMULATOR_NEEDS:
        pytest.skip("The BigQuery emulator needs Python 3.11.")
    environment = {
        "TARGET_BIGQUERY_PROJECT": "sandbox",
        "GOOGLE_APPLICATION_CREDENTIALS": str(CREDENTIALS),
        "GOOGLE_CLOUD_PROJECT": "sandbox",
    }
    return Target(readings.read_bigquery, environment=environment, needs_bigquery=True)


def postgres(stack: ExitStack, _directory: Path) -> Target:
    port = stack.enter_context(postgres_server())
    uri = f"postgresql://instagram@127.0.0.1:{port}/postgres"
    environment = {
        "TARGET_POSTGRES_HOST": "127.0.0.1",
        "TARGET_POSTGRES_PORT": str(port),
        "TARGET_POSTGRES_DATABASE": "postgres",
        "TARGET_POSTGRES_PASSWORD": "not-asked-for",
    }
    return Target(lambda project: project.read(readings.POSTGRES, uri), environment=environment)


def duckdb(_stack: ExitStack, _directory: Path) -> Target:
    return Target(lambda project: project.read(readings.DUCKDB))


def parquet(stack: ExitStack, directory: Path) -> Target:
    address = stack.enter_context(object_storage(directory / "storage"))
    environment = {
        "TARGET_S3_CLOUD_PROVIDER_AWS_AWS_BUCKET": BUCKET,
        "TARGET_S3_CLOUD_PROVIDER_AWS_AWS_ACCESS_KEY_ID": "x",
        "TARGET_S3_CLOUD_PROVIDER_AWS_AWS_SECRET_ACCESS_KEY": "x",
        "TARGET_S3_CLOUD_PROVIDER_AWS_AWS_ENDPOINT_OVERRIDE": address,
    }

    def read(project: UserProject) -> Tables:
        return project.read(readings.PARQUET, address, BUCKET)

    return Target(read, keeps_each_run=True, environment=environment)


def csv(_stack: ExitStack, _directory: Path) -> Target:
    return Target(readings.read_csv, keeps_each_run=True)


def jsonl(_stack: ExitStack, _directory: Path) -> Target:
    return Target(readings.read_jsonl, keeps_each_run=True)


TARGETS: Mapping[str, Callable[[ExitStack, Path], Target]] = {
    "bigquery-strict": bigquery,
    "bigquery-plain": bigquery,
    "postgres": postgres,
    "duckdb": duckdb,
    "parquet": parquet,
    "csv": csv,
}
"""How each target is set up, by its block of docs/targets.md."""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build the tap and the strict loader as they are published."""
    directory = tmp_path_factory.mktemp("dist")
    for source in (ROOT, ROOT / "packages" / "target-bigquery-strict"):
        build(source, directory)
    return {path.name.split("-")[0].replace("_", "-"): path for path in directory.glob("*.whl")}


def load_twice(name: str, target: Target, directory: Path, packages: Mapping[str, Path]) -> Tables:
    """Make a project, run it twice, and return the rows after the second run."""
    sandbox = LocalSandbox.on_free_ports(directory / "sandbox")
    environment = {**target.environment, "BIGQUERY_EMULATOR_HOST": sandbox.bigquery_url}
    try:
        started = sandbox.up(*WORLD_OPTIONS, *(() if target.needs_bigquery else ("--no-bigquery",)))
        assert started.returncode == 0, started.stderr
        (directory / "empty").mkdir()
        project = UserProject.make(
            directory / "empty", name, packages=packages, sandbox=sandbox, environment=environment
        )
        started_at = time.monotonic()
        project.sync()
        first = time.monotonic()
        project.sync_again_a_day_later()
        second = time.monotonic()
        tables = target.read(project)
    finally:
        sandbox.down()
    number = sum(map(len, tables.values()))
    seconds = f"{first - started_at:.0f} s and {second - first:.0f} s"
    logger.info("%s: %d rows in %d tables, %s", name, number, len(tables), seconds)
    return tables


@pytest.fixture(scope="module")
def reference(
    packages: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[Key, Row]]:
    """What target-jsonl holds after both runs: the last row of each key."""
    directory = tmp_path_factory.mktemp("reference")
    with ExitStack() as stack:
        target = jsonl(stack, directory)
        tables = load_twice("jsonl", target, directory, packages)
    return {name: by_key(name, rows) for name, rows in tables.items() if rows}


def test_the_reference_is_what_the_tap_wrote(reference: dict[str, dict[Key, Row]]) -> None:
    warehouse = Warehouse()
    with GraphApiServer(WORLD) as server:
        warehouse.load(run_tap(server))
        server.clock.set(WORLD.start + DAY)
        warehouse.load(run_tap(server, state=warehouse.state))
    expected = {
        name: by_key(name, rows.values()) for name, rows in warehouse.tables.items() if rows
    }
    assert reference == expected
    logger.info("reference: %d rows", sum(map(len, reference.values())))


@pytest.mark.parametrize("name", TARGETS)
def test_rows_equal_the_reference_after_two_runs(
    name: str,
    reference: dict[str, dict[Key, Row]],
    packages: Mapping[str, Path],
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        target = TARGETS[name](stack, tmp_path)
        tables = load_twice(name, target, tmp_path, packages)
    found = {table: rows for table, rows in tables.items() if rows}
    assert found.keys() == reference.keys()
    for table, expected in reference.items():
        rows = by_key(table, found[table])
        assert rows == expected, table
        if not target.keeps_each_run:
            assert len(found[table]) == len(expected), f"{table}: a key comes twice"
