"""The local BigQuery refuses what Google refuses, as Google answers it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.local_sandbox import EMULATOR_NEEDS, LocalSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(
    sys.version_info < EMULATOR_NEEDS, reason="The BigQuery emulator needs Python 3.11."
)

RESERVED = "SELECT 1 AS following"
SET_UP = """
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id STRING, placed_on DATE, price NUMERIC, tags ARRAY<STRING>);
CREATE TABLE shop.price (price FLOAT64);
CREATE VIEW shop.days AS SELECT placed_on AS day, COUNT(*) AS orders FROM shop.orders GROUP BY 1;
ALTER TABLE `sandbox.shop.orders` ADD COLUMN paid BOOL;
CREATE VIEW shop.totals AS SELECT SUM(orders) AS orders FROM shop.days;
"""
REFUSED = {
    RESERVED: "Syntax error: Unexpected keyword FOLLOWING at [1:13]",
    "SELECT buyer FROM shop.orders": "Unrecognized name: buyer at [1:8]",
    "SELECT orders, number FROM shop.days": "Unrecognized name: number at [1:16]",
    "SELECT id, COUNT(*) FROM shop.orders": "SELECT list expression references column id",
    "SELECT 1; SELECT id + 1 FROM shop.orders": "No matching signature for operator +",
    "SELECT SUM(price) FROM shop.price": "No matching signature for aggregate function SUM",
    "ALTER TABLE shop.orders ADD COLUMN id STRING": "Column already exists: id",
    "SELECT @missing": "Query parameter 'missing' not found",
}
ACCEPTED = (
    "SELECT id FROM `sandbox.shop.orders`, UNNEST(tags) AS tag WHERE tag = 'new'",
    "SELECT id FROM `sandbox`.`shop`.`orders` WHERE placed_on > DATE '2026-01-01'",
    "SELECT day, orders + 1 AS more FROM shop.days",
    "SELECT orders & 1 AS is_odd FROM shop.totals",
    "SELECT table_name FROM shop.INFORMATION_SCHEMA.TABLES WHERE table_type = 'VIEW'",
    "ALTER TABLE shop.orders ADD COLUMN IF NOT EXISTS seller STRING; SELECT 1 AS one",
    "SELECT price FROM shop.orders WHERE paid",
    "DELETE FROM shop.orders WHERE id = 'a'; DROP TABLE IF EXISTS shop.nothing",
)


def start(folder: Any, **options: bool) -> LocalSandbox:
    sandbox = LocalSandbox.on_free_ports(folder)
    started = sandbox.up("--no-graph", **options)
    assert started.returncode == 0, started.stderr
    return sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSandbox]:
    sandbox = start(tmp_path_factory.mktemp("analyzed"))
    for statement in SET_UP.strip().splitlines():
        assert "errors" not in submit(sandbox, statement).json()
    yield sandbox
    sandbox.down()


def submit(sandbox: LocalSandbox, sql: str, **job: Any) -> requests.Response:
    url = f"{sandbox.bigquery_url}/bigquery/v2/projects/sandbox/queries"
    return requests.post(url, json={"query": sql, "useLegacySql": False, **job}, timeout=120)


def statements(sandbox: LocalSandbox, outcome: str) -> list[str]:
    lines = (sandbox.data_dir / "bigquery" / "statements.jsonl").read_text().splitlines()
    seen = [json.loads(line) for line in lines]
    return [line["statement"] for line in seen if line["outcome"] == outcome]


@pytest.mark.parametrize("sql", REFUSED)
def test_what_google_refuses_is_answered_as_google_does(sandbox: LocalSandbox, sql: str) -> None:
    answer = submit(sandbox, sql)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["message"].startswith(REFUSED[sql])
    assert error["errors"][0]["reason"] == "invalidQuery"
    assert sql.rsplit("; ", 1)[-1] in statements(sandbox, "refused")


@pytest.mark.parametrize("sql", ACCEPTED)
def test_what_google_accepts_runs(sandbox: LocalSandbox, sql: str) -> None:
    answer = submit(sandbox, sql)

    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json()
    assert set(sql.split("; ")) <= set(statements(sandbox, "resolved"))


def test_a_job_is_refused_before_it_is_made(sandbox: LocalSandbox) -> None:
    url = f"{sandbox.bigquery_url}/bigquery/v2/projects/sandbox/jobs"
    job = {"jobReference": {"jobId": "refused"}, "configuration": {"query": {"query": RESERVED}}}
    answer = requests.post(url, json=job, timeout=120)

    assert answer.status_code == 400
    assert requests.get(f"{url}/refused", timeout=60).status_code == 404


def test_a_column_with_the_name_of_its_table_is_the_whole_row(sandbox: LocalSandbox) -> None:
    answer = submit(sandbox, "SELECT price + 1 AS dearer FROM shop.price")

    assert "STRUCT<price FLOAT64>" in answer.json()["error"]["message"].replace("DOUBLE", "FLOAT64")


def test_a_missing_table_is_not_found(sandbox: LocalSandbox) -> None:
    answer = submit(sandbox, "SELECT * FROM shop.buyers")

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Not found: Table sandbox:shop.buyers was not found"


def test_parameters_have_types(sandbox: LocalSandbox) -> None:
    ids = {
        "name": "ids",
        "parameterType": {"type": "ARRAY", "arrayType": {"type": "STRING"}},
        "parameterValue": {"arrayValues": [{"value": "a"}]},
    }
    first = {"parameterType": {"type": "INT64"}, "parameterValue": {"value": "1"}}
    by_name = "SELECT COUNT(*) FROM shop.orders WHERE {} IN UNNEST(@ids)"

    assert submit(sandbox, by_name.format("id"), queryParameters=[ids]).status_code == 200
    assert submit(sandbox, by_name.format("price"), queryParameters=[ids]).status_code == 400
    assert submit(sandbox, "SELECT ? + 1 AS two", queryParameters=[first]).status_code == 200
    assert submit(sandbox, "SELECT LENGTH(?) AS one", queryParameters=[first]).status_code == 400


def test_names_without_a_dataset_are_those_of_the_default_dataset(sandbox: LocalSandbox) -> None:
    default = {"datasetId": "shop", "projectId": "sandbox"}
    job = {"query": "SELECT day FROM days", "useLegacySql": False, "defaultDataset": default}
    url = f"{sandbox.bigquery_url}/bigquery/v2/projects/sandbox/jobs"
    answer = requests.post(url, json={"configuration": {"query": job}}, timeout=120)

    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == {"state": "DONE"}


def test_statements_that_can_only_be_parsed_are_counted_apart(sandbox: LocalSandbox) -> None:
    loop = "FOR found IN (SELECT 1 AS one) DO EXECUTE IMMEDIATE 'SELECT 1'; END FOR"
    assert submit(sandbox, loop).status_code == 200
    assert loop in statements(sandbox, "parsed")
    assert submit(sandbox, loop.replace("DO", "THEN")).status_code == 400


def test_without_the_analyzer_the_same_statement_runs(tmp_path: Any) -> None:
    sandbox = start(tmp_path, analyzer=False)
    try:
        assert submit(sandbox, RESERVED).json()["rows"] == [{"f": [{"v": "1"}]}]
        assert not (sandbox.data_dir / "bigquery" / "statements.jsonl").exists()
    finally:
        sandbox.down()
