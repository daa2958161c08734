"""What an erasure must find, wait for, refuse and name; and that nothing brings an account back."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from instagram_sandbox.graph_api import ApiSettings, WorldSettings
from tap_instagram_business.tokens.encryption import read_keys
from tap_instagram_business.tokens.tombstones import Tombstones
from tests import program
from tests.meltano_project import QUIET, meltano
from tests.tokens.command import APP, command, complaint, environment, output
from tests.tokens.test_erase import GOES, STAYS, bigquery, env, filled

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Vault
    from tests.local_sandbox import LocalSandbox

__all__ = ["bigquery", "env", "filled"]

DATASET = "erased"
STAGING = "media__20261127120000__0b7a4c0e-6f7e-4c58-9a53-6a2c6f0a3d11"


@pytest.fixture
def connected(
    serve: Callable[..., GraphApiServer], vault: Vault, keys: KeyRing
) -> tuple[GraphApiServer, dict[str, str]]:
    """A slow sandbox with two accounts that are connected, and the environment for commands."""
    assert keys
    slow = ApiSettings(latency=0.05)
    server = serve(WorldSettings(accounts=2, posts=8, days=9), api_settings=slow)
    env = environment(server, VAULT_PATH=vault.location, **APP)
    output(command("connect", "--from-token", env=env, stdin="sandbox-token"))
    return server, env


def written(stdout: str) -> tuple[dict[str, int], dict[str, Any]]:
    """How many rows of each account a run has written, and its last state."""
    rows: dict[str, int] = {}
    state: dict[str, Any] = {}
    for message in map(json.loads, stdout.splitlines()):
        if message["type"] == "RECORD":
            account_id = message["record"]["account_id"]
            rows[account_id] = rows.get(account_id, 0) + 1
        elif message["type"] == "STATE":
            state = message["value"]
    return rows, state


@pytest.mark.soak
def test_a_run_under_way_writes_nothing_more_of_an_erased_account(
    connected: tuple[GraphApiServer, dict[str, str]], vault: Vault
) -> None:
    server, env = connected
    goes, stays = sorted(server.world.account_ids)
    whole, _ = written(output(command("--config=ENV", env=env)))
    server.reset_counts()
    with program.Command("--config=ENV", env=env) as run:
        run.line_of_stderr("")
        while len(server.requests) < 8:
            run.line_of_stderr("")
        receipt = json.loads(
            output(command("erase", goes, "--no-state", "--no-bigquery", "--yes", env=env))
        )
        assert receipt["vault"] == [goes]
        rows, state = written(output(run.finish()))
    assert rows.get(goes, 0) < whole[goes]
    assert rows[stays] == whole[stays]
    assert goes not in json.dumps(state)
    assert set(vault.account_ids()) == {stays}


@pytest.mark.soak
def test_an_erased_account_is_not_read_again_until_it_is_connected_again(
    connected: tuple[GraphApiServer, dict[str, str]],
) -> None:
    server, env = connected
    goes, stays = sorted(server.world.account_ids)
    output(command("erase", goes, "--no-state", "--no-bigquery", "--yes", env=env))
    by_token = {**env, "TAP_INSTAGRAM_BUSINESS_ACCESS_TOKEN": "sandbox-token"}
    for environ in (env, by_token):
        run = command("--config=ENV", env=environ)
        rows, state = written(output(run))
        assert set(rows) == {stays}
        assert goes not in json.dumps(state)
    assert f"Account {goes} was erased and is not read" in run.stderr

    options = ("--from-token", "--account", goes)
    output(command("connect", *options, env=env, stdin="sandbox-token"))
    rows, _ = written(output(command("--config=ENV", env=env)))
    assert set(rows) == {goes, stays}


# Runs under way


@pytest.fixture(scope="module")
def meltano_env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Meltano project whose database is set up."""
    project = tmp_path_factory.mktemp("project")
    (project / "meltano.yml").write_text("version: 1\nproject_id: runs\n")
    path = os.pathsep.join([str(Path(meltano()).parent), os.environ["PATH"]])
    env = {**QUIET, "MELTANO_PROJECT_ROOT": str(project), "PATH": path}
    output(command("prune-runs", env=environment() | env))
    return env


REFUSED = ((0, "RUNNING"), (240, "RUNNING"))
"""Seconds since the last sign of life, and the state, of runs that are under way."""
ENDED = ((400, "RUNNING"), (0, "FAIL"))


@pytest.mark.e2e
@pytest.mark.parametrize(("heartbeat", "state"), [*REFUSED, *ENDED])
def test_no_receipt_is_given_while_a_run_is_under_way(
    env: dict[str, str],
    filled: Vault,
    meltano_env: dict[str, str],
    heartbeat: int,
    state: str,
) -> None:
    last = dt.datetime.now(dt.timezone.utc) - dt.timedelta(seconds=heartbeat)
    moment = f"{last:%Y-%m-%d %H:%M:%S.%f}"
    values = (moment, moment, None if state == "RUNNING" else moment, state)
    history = Path(meltano_env["MELTANO_PROJECT_ROOT"], ".meltano", "meltano.db")
    with closing(sqlite3.connect(history)) as database, database:
        database.execute("DELETE FROM runs")
        database.execute(
            "INSERT INTO runs (job_name, run_id, payload, payload_flags, started_at, "
            "last_heartbeat_at, ended_at, state) "
            "VALUES ('prod:tap-to-target', 'abc', '{}', 0, ?, ?, ?, ?)",
            values,
        )
    environ = env | meltano_env
    arguments = ("erase", GOES, "--no-state", "--no-bigquery", "--yes", "--wait", "0.01")
    run = command(*arguments, env=environ)
    assert set(filled.account_ids()) == {STAYS}
    if (heartbeat, state) in ENDED:
        assert json.loads(output(run))["vault"] == [GOES]
        return
    sentence = complaint(run)
    assert "A run is under way (run prod:tap-to-target of Meltano)" in sentence
    assert not run.stdout
    assert Tombstones(filled.storage, read_keys).is_erased(GOES)
    assert output(command(*arguments, "--assume-no-active-run", env=environ))


# What is found


@pytest.mark.parametrize("text", ["\u0661\u0667", "17841\n", " 17841", "1" * 31, "-1", "1e5"])
def test_an_id_has_ascii_digits_only(env: dict[str, str], filled: Vault, text: str) -> None:
    run = command("erase", "--no-state", "--no-bigquery", "--yes", "--", text, env=env)
    assert "an account id has digits only" in complaint(run)
    assert set(filled.account_ids()) == {GOES, STAYS}


def test_nothing_was_kept_is_said_where_nothing_was(env: dict[str, str]) -> None:
    run = command("erase", "17841499999999999", "--no-state", "--no-bigquery", "--yes", env=env)
    receipt = json.loads(output(run))
    assert receipt["result"] == "nothing was kept"
    assert (receipt["vault"], receipt["states"], receipt["rows"]) == ([], [], {})
    assert "nothing was kept about these accounts" in run.stderr


def test_it_is_said_if_no_run_can_be_told_of_the_erasure() -> None:
    run = command("erase", GOES, "--no-state", "--no-bigquery", "--yes", env=environment())
    assert json.loads(output(run))["result"] == "nothing was kept"
    assert "no run can be told that these accounts are erased" in run.stderr


@pytest.fixture
def to_bigquery(env: dict[str, str], bigquery: LocalSandbox) -> dict[str, str]:
    """A dataset in which the column has several names and types."""
    tables = {
        "upper": f"SELECT '{GOES}' AS ACCOUNT_ID UNION ALL SELECT '{STAYS}'",
        "mixed": f"SELECT {GOES} AS Account_Id UNION ALL SELECT {STAYS}",
    }
    bigquery.rows(f"DROP SCHEMA IF EXISTS {DATASET} CASCADE")
    bigquery.rows(f"CREATE SCHEMA {DATASET}")
    for name, query in tables.items():
        bigquery.rows(f"CREATE TABLE {DATASET}.{name} AS {query}")
    bigquery.rows(f"CREATE TABLE {DATASET}.cloned CLONE {DATASET}.upper")
    return {
        **env,
        "BIGQUERY_EMULATOR_HOST": bigquery.bigquery_url,
        "TARGET_BIGQUERY_PROJECT": "sandbox",
        "TARGET_BIGQUERY_DATASET": DATASET,
    }


ERASE = ("erase", GOES, "--no-state", "--yes")


@pytest.mark.soak
def test_rows_are_found_whatever_the_case_and_the_type_of_the_column(
    to_bigquery: dict[str, str], bigquery: LocalSandbox
) -> None:
    receipt = json.loads(output(command(*ERASE, env=to_bigquery)))
    assert receipt["rows"] == {"upper": 1, "mixed": 1, "cloned": 1}
    for table in receipt["rows"]:
        (left,) = bigquery.rows(f"SELECT CAST(account_id AS STRING) AS id FROM {DATASET}.{table}")
        assert left["id"].partition(".")[0] == STAYS


@pytest.mark.soak
def test_what_cannot_be_erased_is_named(
    to_bigquery: dict[str, str], bigquery: LocalSandbox
) -> None:
    bigquery.rows(f"CREATE SNAPSHOT TABLE {DATASET}.frozen CLONE {DATASET}.upper")
    bigquery.rows(f"CREATE TABLE {DATASET}.inexact AS SELECT CAST({GOES} AS FLOAT64) AS account_id")
    run = command(*ERASE, env=to_bigquery)
    sentence = complaint(run)
    receipt = json.loads(run.stdout)
    assert receipt["rows"] == {"upper": 1, "mixed": 1, "cloned": 1}
    assert receipt["not_erased"] == [
        "1 rows of snapshot frozen",
        "base table inexact, whose column account_id has type FLOAT64",
    ]
    assert all(name in sentence for name in receipt["not_erased"])


@pytest.mark.soak
def test_a_staging_table_is_no_table_but_the_sign_of_a_run(
    to_bigquery: dict[str, str], bigquery: LocalSandbox
) -> None:
    bigquery.rows(f"CREATE TABLE {DATASET}.`{STAGING}` AS SELECT '{GOES}' AS account_id")
    run = command(*ERASE, "--wait", "0.02", env=to_bigquery)
    assert f"the staging table {STAGING}" in complaint(run)
    assert not run.stdout
    assert f"rows of table {STAGING}" not in run.stderr

    receipt = json.loads(output(command(*ERASE, "--assume-no-active-run", env=to_bigquery)))
    assert set(receipt["rows"]) == {"upper", "mixed", "cloned"}
    sql = f"SELECT table_name FROM {DATASET}.INFORMATION_SCHEMA.TABLES"
    assert STAGING not in [row["table_name"] for row in bigquery.rows(sql)]


@pytest.mark.soak
def test_rows_that_wait_for_merge_staging_are_erased(
    to_bigquery: dict[str, str], bigquery: LocalSandbox
) -> None:
    url = (
        f"{bigquery.bigquery_url}/bigquery/v2/projects/sandbox/datasets/{DATASET}/tables/{STAGING}"
    )
    rows = f"SELECT account_id FROM UNNEST(['{GOES}', '{STAYS}']) AS account_id"
    bigquery.rows(f"CREATE TABLE {DATASET}.`{STAGING}` AS {rows}")
    requests.patch(url, json={"labels": {"ready": "true"}}, timeout=30).raise_for_status()

    receipt = json.loads(output(command(*ERASE, env=to_bigquery)))

    assert receipt["rows"][STAGING] == 1
    left = bigquery.rows(f"SELECT account_id FROM {DATASET}.`{STAGING}`")
    assert left == [{"account_id": STAYS}]
