"""The local BigQuery refuses what Google refuses, if it has Google's limits."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
from google.api_core.exceptions import (
    BadRequest,
    Forbidden,
    GoogleAPICallError,
    NotFound,
    ServiceUnavailable,
    TooManyRequests,
)
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.local_sandbox import EMULATOR_NEEDS, LocalSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.e2e]

SIXTY_DAYS_MS = 60 * 24 * 60 * 60 * 1000
DML = (
    "DELETE FROM `{}` WHERE TRUE",
    "INSERT INTO `{}` (id) VALUES ('a')",
    "UPDATE `{}` SET id = 'b' WHERE TRUE",
    "MERGE `{0}` AS t USING `{0}` AS s ON t.id = s.id WHEN MATCHED THEN DELETE",
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSandbox]:
    if sys.version_info < EMULATOR_NEEDS:
        pytest.skip("The BigQuery emulator needs Python 3.11.")
    sandbox = LocalSandbox.on_free_ports(tmp_path_factory.mktemp("limits"))
    wrong = sandbox.up("--no-graph", "--bigquery-limits", '{"biling": false}')
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("Error: The limits of the local BigQuery cannot be read: Limits")
    started = sandbox.up("--no-graph", "--bigquery-limits", '{"billing": false}')
    assert started.returncode == 0, started.stderr
    yield sandbox
    sandbox.down()


@pytest.fixture(scope="module")
def client(sandbox: LocalSandbox) -> bigquery.Client:
    return bigquery.Client(
        project="sandbox",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": sandbox.bigquery_url},
    )


@pytest.fixture
def table(client: bigquery.Client, sandbox: LocalSandbox, request: pytest.FixtureRequest) -> str:
    sandbox.limit()
    client.create_dataset("limits", exists_ok=True)
    name = f"sandbox.limits.{request.node.originalname}"
    client.create_table(
        bigquery.Table(name, [bigquery.SchemaField("id", "STRING")]), exists_ok=True
    )
    return name


def run(client: bigquery.Client, sql: str, **options: Any) -> Any:
    return client.query(sql, job_retry=None, retry=None, **options).result(job_retry=None)


def load(client: bigquery.Client, table: str) -> None:
    config = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON")
    client.load_table_from_file(io.BytesIO(b'{"id": "a"}'), table, job_config=config).result()


def test_a_project_without_billing_has_no_dml_and_everything_expires(
    sandbox: LocalSandbox, client: bigquery.Client
) -> None:
    assert sandbox.limits()["billing"] is False
    dataset = client.create_dataset("unpaid")
    assert dataset.default_table_expiration_ms == SIXTY_DAYS_MS
    assert dataset.default_partition_expiration_ms == SIXTY_DAYS_MS
    name = "sandbox.unpaid.media"
    table = bigquery.Table(name, [bigquery.SchemaField("day", "DATE")])
    table.time_partitioning = bigquery.TimePartitioning("MONTH", "day")
    client.create_table(table)
    found = client.get_table(name)
    assert found.expires is not None
    assert (found.expires - found.created).days == 60
    assert int(found.time_partitioning.expiration_ms) == SIXTY_DAYS_MS
    for sql in DML:
        with pytest.raises(
            Forbidden, match="DML queries are not allowed in the free tier"
        ) as error:
            run(client, sql.format(name))
        assert error.value.errors[0]["reason"] == "billingNotEnabled"
    assert list(run(client, f"SELECT * FROM `{name}`")) == []
    assert sandbox.limits()["refused"] == {"billingNotEnabled": len(DML)}


def test_a_share_of_dml_meets_conflicts_that_a_seed_chooses(
    sandbox: LocalSandbox, client: bigquery.Client, table: str
) -> None:
    def answer() -> str:
        try:
            run(client, DML[0].format(table))
        except (BadRequest, ServiceUnavailable) as error:
            return str(error.errors[0]["reason"])
        return ""

    def refused(seed: int) -> list[str]:
        sandbox.limit(conflicts=0.5, seed=seed)
        return [answer() for _ in range(12)]

    first = refused(1)
    assert set(first) == {"", "invalidQuery", "resourcesExceeded", "backendError"}
    assert refused(1) == first
    assert refused(2) != first
    run(client, f"SELECT * FROM `{table}`")


def test_a_table_has_five_updates_in_ten_seconds(
    sandbox: LocalSandbox, client: bigquery.Client, table: str
) -> None:
    sandbox.limit(table_updates=5)
    for _ in range(3):
        load(client, table)
    run(client, f"ALTER TABLE `{table}` ADD COLUMN likes INT64")
    found = client.get_table(table)
    found.labels = {"a": "b"}
    client.update_table(found, ["labels"])
    for _ in range(6):  # DML does not count.
        run(client, f"DELETE FROM `{table}` WHERE FALSE")
    alter = f"ALTER TABLE `{table}` ADD COLUMN views INT64"
    for update in (lambda: load(client, table), lambda: run(client, alter)):
        with pytest.raises((Forbidden, TooManyRequests), match="too many table update") as error:
            update()
        assert error.value.errors[0]["reason"] == "rateLimitExceeded"
        assert error.value.errors[0]["location"] == "table.write"
    with pytest.raises(Forbidden, match="too many table update operations"):
        client.update_table(found, ["labels"], retry=None)
    client.create_table(bigquery.Table(f"{table}_2", found.schema))
    load(client, f"{table}_2")


def test_a_missing_permission_and_another_location_are_refused(
    sandbox: LocalSandbox, client: bigquery.Client, table: str
) -> None:
    sandbox.limit(missing_permissions=["bigquery.tables.create"])
    with pytest.raises(Forbidden, match=r"does not have bigquery\.tables\.create permission"):
        client.create_table(bigquery.Table(f"{table}_2"), retry=None)
    sandbox.limit()
    with pytest.raises(NotFound, match="Dataset sandbox:limits was not found in location EU"):
        run(client, f"SELECT * FROM `{table}`", location="EU")
    dataset = bigquery.Dataset("sandbox.elsewhere")
    dataset.location = "EU"
    client.create_dataset(dataset)
    client.create_table(
        bigquery.Table("sandbox.elsewhere.t", [bigquery.SchemaField("id", "STRING")])
    )
    with pytest.raises(GoogleAPICallError, match="limits was not found in location EU"):
        run(client, f"SELECT * FROM `sandbox.elsewhere.t`, `{table}`")


def test_limits_that_are_not_known_are_refused(sandbox: LocalSandbox) -> None:
    url = f"{sandbox.bigquery_url}/_sandbox/limits"
    mistakes: list[Any] = [{"bill": 1}, [], {"missing_permissions": ["x"]}]
    for wrong in mistakes:
        assert requests.post(url, json=wrong, timeout=30).status_code == 400
