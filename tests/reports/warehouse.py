"""Fills a local BigQuery with what the tap read of a world on several days."""

from __future__ import annotations

import io
import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from instagram_sandbox.graph_api import Clock, GraphApiServer
from tests.meltano_project import CREDENTIALS, ROOT, plugin_python
from tests.tables_page import documented_tables
from tests.tap_run import Warehouse, run_tap

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from instagram_sandbox.graph_api import WorldSettings
    from tests.local_sandbox import LocalSandbox

Row = dict[str, Any]
PROJECT = "sandbox"
TIMEZONE = "Europe/Berlin"
VARIABLES = {"instagram_timezone": TIMEZONE}


def read_world(settings: WorldSettings, moments: Iterable[dt.datetime], **config: Any) -> Warehouse:
    """Run the tap at each of these moments, and keep its tables as an upserting target does."""
    warehouse = Warehouse()
    for moment in moments:
        with GraphApiServer(settings, clock=Clock(moment)) as server:
            warehouse.load(run_tap(server, state=warehouse.state, **config))
    return warehouse


class LocalBigQuery:
    """The emulator of a sandbox, with datasets that a test fills."""

    def __init__(self, sandbox: LocalSandbox) -> None:
        self.sandbox = sandbox
        self._client = bigquery.Client(
            project=PROJECT,
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": sandbox.bigquery_url},
        )

    def load(
        self,
        dataset: str,
        tables: Mapping[str, Iterable[Row]],
        types: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Create a dataset with these tables; the types are those of docs/tables.md, or these."""
        self._client.create_dataset(dataset, exists_ok=True)
        documented = documented_tables()
        for name, rows in tables.items():
            columns = (types or {}).get(name) or documented[name].columns
            schema = [_field(column, type_) for column, type_ in columns.items()]
            self._load_table(dataset, name, schema, rows)

    def _load_table(
        self, dataset: str, name: str, schema: list[bigquery.SchemaField], rows: Iterable[Row]
    ) -> None:
        table = f"{PROJECT}.{dataset}.{name}"
        self._client.create_table(bigquery.Table(table, schema), exists_ok=True)
        if found := list(rows):
            names = [field.name for field in schema]
            lines = (json.dumps({column: row.get(column) for column in names}) for row in found)
            config = bigquery.LoadJobConfig(
                schema=schema, source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON
            )
            # The emulator knows only uploads in parts, which the client makes of unknown sizes.
            file = io.BytesIO("\n".join(lines).encode())
            self._client.load_table_from_file(file, table, job_config=config).result()

    def descriptions(self, dataset: str, table: str) -> dict[str, str]:
        """The description of each column, and that of the table by the name ''."""
        found = self._client.get_table(f"{PROJECT}.{dataset}.{table}")
        columns = {field.name: field.description or "" for field in found.schema}
        return {"": found.description or "", **columns}

    def rows(self, sql: str) -> list[Row]:
        """The rows of a query, with Python's own types."""
        return [dict(row) for row in self._client.query(sql).result()]


def _field(name: str, type_: str) -> bigquery.SchemaField:
    if type_.startswith("ARRAY"):
        return bigquery.SchemaField(name, "STRING", mode="REPEATED")
    return bigquery.SchemaField(name, type_)


@dataclass(frozen=True)
class Views:
    """The views of the dbt package over one dataset."""

    bigquery: LocalBigQuery
    dataset: str

    @classmethod
    def build(cls, bigquery: LocalBigQuery, dataset: str, *, command: str = "run") -> Views:
        """Run dbt over a dataset that is loaded."""
        views = cls(bigquery, f"{dataset}_reports")
        run = views.dbt(command, "--vars", json.dumps({**VARIABLES, "instagram_schema": dataset}))
        assert run.returncode == 0, run.stdout
        return views

    @property
    def target(self) -> Path:
        """What dbt writes into: test processes that run at the same time share no folder."""
        return self.bigquery.sandbox.data_dir / "dbt" / self.dataset

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = plugin_python("utility", "dbt-bigquery").with_name("dbt")
        paths = dict.fromkeys(("DBT_TARGET_PATH", "DBT_LOG_PATH"), str(self.target))
        return subprocess.run(
            [str(program), *arguments],
            cwd=ROOT / "reports",
            env={**os.environ, **self.environment(), **paths},
            capture_output=True,
            text=True,
            check=False,
            timeout=580,
        )

    def environment(self) -> dict[str, str]:
        return {
            "BIGQUERY_EMULATOR_HOST": self.bigquery.sandbox.bigquery_url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(CREDENTIALS),
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "TARGET_BIGQUERY_PROJECT": PROJECT,
            "TARGET_BIGQUERY_CREDENTIALS_PATH": "",
            "INSTAGRAM_REPORTS_DATASET": self.dataset,
            "PYTHONWARNINGS": "ignore",
        }

    def page(self, path: Path) -> str:
        """Make the page of these views, and return its HTML."""
        program = plugin_python("utility", "instagram-report").with_name("instagram-report")
        run = subprocess.run(
            [str(program), "page", "--output", str(path)],
            env={**os.environ, **self.environment()},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return path.read_text("utf-8")

    def rows(self, model: str) -> list[Row]:
        return self.bigquery.rows(f"SELECT * FROM {self.dataset}.instagram_{model}")
