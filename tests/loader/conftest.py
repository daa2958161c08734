"""The strict loader in its own environment, and a BigQuery for it to load into."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.local_sandbox import LocalSandbox
from tests.meltano_project import CREDENTIALS, plugin_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PATIENCE = 300
CONFIG = {
    "project": "sandbox",
    "location": "US",
    "method": "batch_job",
    "denormalized": True,
    "upsert": True,
    "dedupe_before_upsert": True,
    "cluster_on_key_properties": True,
    "batch_size": 10_000,
}


@dataclass(frozen=True)
class Loader:
    """The loader, set to one dataset."""

    python: Path
    sandbox: LocalSandbox
    dataset: str
    directory: Path
    options: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def started(self, *, set_up: str = "") -> Iterator[subprocess.Popen[str]]:
        """Start it, with some Python first if there is something to change in it."""
        config = self.directory / f"{uuid.uuid4()}.json"
        config.write_text(json.dumps({**CONFIG, "dataset": self.dataset, **self.options}))
        program = (
            "from target_bigquery_strict import StrictTargetBigQuery as Target\n"
            f"{set_up}\nimport target_bigquery_strict\ntarget_bigquery_strict.main()"
        )
        with subprocess.Popen(
            [str(self.python), "-c", program, "--config", str(config)],
            env=self.variables(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            watchdog = threading.Timer(PATIENCE, process.kill)
            watchdog.start()
            try:
                yield process
            finally:
                watchdog.cancel()
                process.kill()

    def run_at_once(
        self, inputs: Iterable[Iterable[dict[str, Any]]], *, set_up: str = ""
    ) -> list[subprocess.CompletedProcess[str]]:
        """Feed several processes at the same time."""
        with ThreadPoolExecutor() as threads:
            return list(threads.map(lambda messages: self.run(messages, set_up=set_up), inputs))

    def run(
        self, messages: Iterable[dict[str, Any]], *, set_up: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Feed it messages to the end."""
        with self.started(set_up=set_up) as process:
            lines = "".join(json.dumps(message) + "\n" for message in messages)
            stdout, stderr = process.communicate(lines)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask BigQuery; `{}` stands for the dataset."""
        return self.sandbox.rows(sql.format(self.dataset))

    def table(self, name: str) -> dict[str, Any]:
        """Return a table as BigQuery's API describes it (REST resource `Table`)."""
        path = f"projects/sandbox/datasets/{self.dataset}/tables/{name}"
        answer = requests.get(f"{self.sandbox.bigquery_url}/bigquery/v2/{path}", timeout=30)
        found: dict[str, Any] = answer.json()
        return found

    def jobs(self) -> list[dict[str, Any]]:
        """Return the configurations of the jobs that name the dataset."""
        answer = requests.get(
            f"{self.sandbox.bigquery_url}/bigquery/v2/projects/sandbox/jobs",
            params={"projection": "full", "maxResults": "1000"},
            timeout=60,
        )
        found = (job["configuration"] for job in answer.json()["jobs"])
        return [job for job in found if self.dataset in json.dumps(job)]

    def tables(self) -> list[str]:
        """Name all tables, those of unfinished runs too."""
        sql = "SELECT table_name FROM {}.INFORMATION_SCHEMA.TABLES ORDER BY table_name"
        return [row["table_name"] for row in self.rows(sql)]

    def variables(self) -> dict[str, str]:
        """Return its environment variables."""
        return {
            **os.environ,
            "BIGQUERY_EMULATOR_HOST": self.sandbox.bigquery_url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(CREDENTIALS),
            "GOOGLE_CLOUD_PROJECT": "sandbox",
            "PYTHONWARNINGS": "ignore",
            **self.environment,
        }


@pytest.fixture(scope="session")
def bigquery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSandbox]:
    with LocalSandbox.running(tmp_path_factory.mktemp("bigquery"), "--no-graph") as sandbox:
        yield sandbox


@pytest.fixture
def loader(
    bigquery: LocalSandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Loader]:
    python = plugin_python("loader", "target-bigquery")
    yield Loader(python, bigquery, request.node.originalname, tmp_path)
    bigquery.limit()
