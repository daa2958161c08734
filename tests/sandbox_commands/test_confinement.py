"""Attacks on the local servers: they open no file for anybody and serve no web page."""

from __future__ import annotations

import json
import stat
import sys
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import requests

from tests.local_sandbox import EMULATOR_NEEDS, LocalSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    sys.version_info < EMULATOR_NEEDS, reason="The BigQuery emulator needs Python 3.11."
)

SECRET = "a-secret-of-this-machine"
READS = (
    "SELECT content FROM read_text('{folder}/secret.csv')",
    "SELECT CAST(content AS STRING) FROM read_blob('{folder}/secret.csv')",
    "SELECT * FROM read_csv('{folder}/secret.csv')",
    "SELECT * FROM read_csv_auto('{folder}/secret.csv', header = FALSE)",
    "SELECT * FROM sniff_csv('{folder}/secret.csv')",
    "SELECT * FROM read_json('{folder}/secret.json')",
    "SELECT * FROM read_json_objects('{folder}/secret.json')",
    "SELECT * FROM read_ndjson_auto('{folder}/secret.json')",
    "SELECT * FROM `{folder}/secret.csv`",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM st_read('{folder}/secret.json')",
    "SELECT * FROM st_readshp('{folder}/secret.shp')",
    "SELECT content FROM read_text('{uploads}/../../../outside/secret.csv')",
    "CREATE TABLE attack.stolen AS SELECT * FROM read_text('{folder}/secret.csv')",
    "INSERT INTO attack.t SELECT content FROM read_text('{folder}/secret.csv')",
    "COPY attack.t FROM '{folder}/secret.csv'",
    "ATTACH '{folder}/other.duckdb' AS other",
    "LOAD '{folder}/secret.csv'",
    "INSTALL httpfs",
    "IMPORT DATABASE '{folder}'",
)
WRITES = (
    "COPY attack.t TO '{folder}/written.csv'",
    "COPY (SELECT 1 AS one) TO '{folder}/written.parquet' (FORMAT PARQUET)",
    "EXPORT DATABASE '{folder}/written'",
    "EXPORT DATA OPTIONS (uri = 'file://{folder}/written.csv', format = 'CSV') AS SELECT 1 AS one",
    "EXPORT DATA OPTIONS (uri = '{folder}/written.csv', format = 'CSV') AS SELECT 1 AS one",
    "ATTACH '{folder}/written.duckdb' AS written",
    "CREATE PERSISTENT SECRET written (TYPE http, BEARER_TOKEN 'x')",
    "SET profiling_output = '{folder}/written.json'",
    "PRAGMA profiling_output = '{folder}/written.json'",
    "CALL enable_logging(storage = 'file', storage_path = '{folder}/written.log')",
    "SET lock_configuration = false",
    "SET enable_external_access = true",
    "RESET enable_external_access",
    "PRAGMA temp_directory = '{folder}/written'",
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSandbox]:
    sandbox = LocalSandbox.on_free_ports(tmp_path_factory.mktemp("attacked") / ".sandbox")
    # The attacks are SQL of DuckDB, which the analyzer would keep from it.
    started = sandbox.up("--accounts=1", "--posts=2", analyzer=False)
    assert started.returncode == 0, started.stderr
    sandbox.rows("CREATE SCHEMA attack")
    sandbox.rows("CREATE TABLE attack.t (text STRING)")
    yield sandbox
    sandbox.down()


@pytest.fixture
def folder(sandbox: LocalSandbox) -> Path:
    """A directory beside the sandbox's own, with files that nobody may read or add to."""
    folder = sandbox.data_dir.parent / "outside"
    folder.mkdir(exist_ok=True)
    (folder / "secret.csv").write_text(f"name,value\n{SECRET},1\n")
    (folder / "secret.json").write_text(json.dumps({"text": SECRET}))
    return folder


def post(sandbox: LocalSandbox, path: str, body: Any, **headers: str) -> requests.Response:
    url = f"{sandbox.bigquery_url}/bigquery/v2/projects/sandbox/{path}"
    return requests.post(url, json=body, headers=headers, timeout=30)


def job(sandbox: LocalSandbox, **configuration: Any) -> str:
    """Start a job, and return all that BigQuery answers."""
    return post(sandbox, "jobs", {"configuration": configuration}).text


@pytest.mark.parametrize("statement", [*READS, *WRITES])
def test_no_statement_reads_or_writes_a_file(
    sandbox: LocalSandbox, folder: Path, statement: str
) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    uploads = sandbox.data_dir / "bigquery" / "uploads"
    query = statement.format(folder=folder, uploads=uploads)
    answer = post(sandbox, "queries", {"query": query, "useLegacySql": False})
    assert answer.json().get("errors") or answer.json().get("error"), answer.text
    assert SECRET not in answer.text
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    stolen = sandbox.rows("SELECT COUNT(*) AS stolen FROM attack.t")
    assert stolen == [{"stolen": 0}]


@pytest.mark.parametrize("prefix", ["file://", "", "gs://"])
@pytest.mark.parametrize("source_format", ["CSV", "NEWLINE_DELIMITED_JSON", "PARQUET", "AVRO"])
def test_no_load_job_reads_a_file(
    sandbox: LocalSandbox, folder: Path, prefix: str, source_format: str
) -> None:
    load = {
        "sourceUris": [f"{prefix}{folder}/secret.csv"],
        "sourceFormat": source_format,
        "autodetect": True,
        "destinationTable": {"projectId": "sandbox", "datasetId": "attack", "tableId": "loaded"},
    }
    answer = job(sandbox, load=load)
    assert '"error' in answer
    assert SECRET not in answer
    tables = sandbox.rows("SELECT table_name FROM attack.INFORMATION_SCHEMA.TABLES")
    assert tables == [{"table_name": "t"}]


def test_a_link_among_the_uploads_leads_nowhere(sandbox: LocalSandbox, folder: Path) -> None:
    uploads = sandbox.data_dir / "bigquery" / "uploads"
    link = uploads / "link.csv"
    link.symlink_to(folder / "secret.csv")
    load = {
        "sourceUris": [f"file://{link}"],
        "sourceFormat": "CSV",
        "destinationTable": {"projectId": "sandbox", "datasetId": "attack", "tableId": "t"},
    }
    assert '"error' in job(sandbox, load=load)
    link.unlink()
    assert sandbox.rows("SELECT * FROM attack.t") == []


def test_no_extract_job_writes_a_file(sandbox: LocalSandbox, folder: Path) -> None:
    extract = {
        "sourceTable": {"projectId": "sandbox", "datasetId": "attack", "tableId": "t"},
        "destinationUris": [f"file://{folder}/written.csv"],
    }
    assert '"error' in job(sandbox, extract=extract)
    assert sorted(path.name for path in folder.iterdir()) == ["secret.csv", "secret.json"]


PAGES = (
    {"Host": "evil.example"},
    {"Host": "evil.example:9050"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost@evil.example"},
    {"Host": "0.0.0.0"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:9050"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


@pytest.mark.parametrize("headers", PAGES)
def test_no_request_of_a_web_page_is_served(sandbox: LocalSandbox, headers: dict[str, str]) -> None:
    insertion = {"query": "INSERT INTO attack.t VALUES ('from a page')", "useLegacySql": False}
    assert post(sandbox, "queries", insertion, **headers).status_code == 403
    assert sandbox.rows("SELECT * FROM attack.t") == []
    for url in (
        f"{sandbox.bigquery_url}/bigquery/v2/projects/sandbox/datasets",
        f"{sandbox.bigquery_url}/healthz",
        f"{sandbox.graph_url}/v25.0/me?access_token=sandbox-token",
        f"{sandbox.graph_url}/_sandbox/settings",
    ):
        answer = requests.get(url, headers=headers, timeout=30)
        assert answer.status_code == 403, url
        assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "Text/Plain; charset=UTF-8",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "",
    ],
)
def test_no_body_is_read_that_a_page_can_post(sandbox: LocalSandbox, kind: str) -> None:
    insertion = {"query": "INSERT INTO attack.t VALUES ('from a page')", "useLegacySql": False}
    headers = {"Content-Type": kind}
    url = f"{sandbox.bigquery_url}/bigquery/v2/projects/sandbox/queries"
    body = json.dumps(insertion)
    assert requests.post(url, data=body, headers=headers, timeout=30).status_code == 403
    assert sandbox.rows("SELECT * FROM attack.t") == []

    url = f"{sandbox.graph_url}/_sandbox/conditions"
    order = json.dumps({"retired_metrics": ["reach"]})
    assert requests.post(url, data=order, headers=headers, timeout=30).status_code == 403
    world = requests.post(url, json={}, timeout=30).json()
    assert world["retired_metrics"] == []


def test_both_servers_listen_on_this_machine_only(sandbox: LocalSandbox) -> None:
    for server, port in (("graph_api", sandbox.graph_port), ("bigquery", sandbox.bigquery_port)):
        assert listening(sandbox.pid(server)) == [("127.0.0.1", port)]


def listening(pid: int) -> list[Any]:
    """The addresses and ports on which a process listens."""
    connections = psutil.Process(pid).net_connections()
    return [tuple(c.laddr) for c in connections if c.status == psutil.CONN_LISTEN]


def test_the_environment_opens_nothing(tmp_path: Path) -> None:
    sandbox = LocalSandbox.on_free_ports(tmp_path / ".sandbox")
    opened = {"BQEMU_REST_HOST": "0.0.0.0", "BQEMU_ADMIN_ENABLED": "true"}
    with pytest.MonkeyPatch.context() as environment:
        for name, value in opened.items():
            environment.setenv(name, value)
        sandbox.up("--no-graph")
    try:
        assert listening(sandbox.pid("bigquery")) == [("127.0.0.1", sandbox.bigquery_port)]
        admin = requests.get(f"{sandbox.bigquery_url}/docs", timeout=30)
        assert admin.status_code == 404
    finally:
        sandbox.down()


def test_the_data_is_readable_by_its_owner_only(sandbox: LocalSandbox) -> None:
    for directory in (sandbox.data_dir, sandbox.data_dir / "bigquery"):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700, directory
    for file in (sandbox.data_dir / "bigquery").rglob("*.duckdb*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
