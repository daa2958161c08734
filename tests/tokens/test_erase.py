"""After an erasure the account is found nowhere, and the data of others is unchanged."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.local_sandbox import LocalSandbox
from tests.meltano_project import meltano
from tests.program import run_new_python
from tests.tokens.command import command, complaint, environment, output
from tests.tokens.records import new_record, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Vault

GOES, STAYS = "17841400000000001", "17841400000000002"
QUIET = {"MELTANO_CLI_DISABLE_VERSION_CHECK": "1", "NO_COLOR": "1"}


def state_of(*account_ids: str) -> dict[str, Any]:
    bookmarks = {account_id: {"date": "2026-11-20"} for account_id in account_ids}
    streams = {name: {"accounts": dict(bookmarks)} for name in ("media", "account_insights")}
    return {"bookmarks": {**streams, "accounts": {}}}


@pytest.fixture
def filled(vault: Vault, keys: KeyRing) -> Vault:
    put(vault, keys, *(new_record(account_id, f"EAA{account_id}") for account_id in (GOES, STAYS)))
    return vault


@pytest.fixture
def env(filled: Vault) -> dict[str, str]:
    return environment(VAULT_PATH=filled.location)


# Vault and bookmarks


@pytest.mark.parametrize(
    "shape",
    [
        lambda state: state,
        lambda state: {"singer_state": state},
        lambda state: {"completed": {"singer_state": state}, "partial": {"singer_state": state}},
    ],
)
def test_an_account_is_erased_from_vault_and_state_file(
    env: dict[str, str], filled: Vault, tmp_path: Path, shape: Any
) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps(shape(state_of(GOES, STAYS))))
    run = command(
        *("erase", GOES, "--state-file", str(state), "--no-bigquery", "--yes", "--code", "C0DE"),
        env=env,
    )
    receipt = json.loads(output(run))
    assert json.loads(state.read_text()) == shape(state_of(STAYS))
    assert set(filled.account_ids()) == {STAYS}
    assert receipt["confirmation_code"] == "C0DE"
    assert receipt["vault"] == receipt["account_ids"] == [GOES]
    assert receipt["states"] == [str(state)]
    assert f"the token of {GOES} in the vault" in run.stderr
    assert GOES not in "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())


def test_the_holdings_are_listed_and_nothing_is_erased_without_confirmation(
    env: dict[str, str], filled: Vault, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps(state_of(GOES)))
    run = command("erase", GOES, "--state-file", str(state), "--no-bigquery", env=env)
    assert "--yes" in complaint(run)
    assert f"- bookmarks in state {state}" in run.stderr
    assert set(filled.account_ids()) == {GOES, STAYS}
    assert json.loads(state.read_text()) == state_of(GOES)


def test_an_unknown_account_gets_a_receipt(env: dict[str, str]) -> None:
    run = command("erase", "17841499999999999", "--no-state", "--no-bigquery", "--yes", env=env)
    assert json.loads(output(run))["confirmation_code"]
    assert "nothing was found" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["acme", "--no-state", "--no-bigquery"], "acme is not an account id"),
        (["1' OR '1", "--no-state", "--no-bigquery"], "is not an account id"),
        ([GOES, "--no-state"], "The BigQuery dataset is not known"),
        ([GOES, "--no-state", "--project=p`", "--dataset=d"], "The BigQuery dataset is not known"),
        ([GOES, "--no-bigquery"], "is not in a Meltano project"),
    ],
)
def test_missing_or_wrong_arguments_are_reported(
    env: dict[str, str], filled: Vault, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    outside = {**env, "MELTANO_PROJECT_ROOT": str(tmp_path)}
    assert sentence in complaint(command("erase", *arguments, "--yes", env=outside))
    assert set(filled.account_ids()) == {GOES, STAYS}


def test_a_state_file_that_is_not_json_is_not_changed(
    env: dict[str, str], filled: Vault, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("{torn")
    run = command(
        "erase", GOES, f"--state-file={tmp_path}/state", "--no-bigquery", "--yes", env=env
    )
    assert "does not contain a state in JSON" in complaint(run)
    assert set(filled.account_ids()) == {GOES, STAYS}
    assert (tmp_path / "state").read_text() == "{torn"


# Meltano


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A Meltano project with two states, one of which has an unfinished part."""
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "meltano.yml").write_text(
        "send_anonymous_usage_stats: false\nenvironments:\n- name: prod\n"
    )
    states = {
        "prod:tap-instagram-business-to-target-bigquery": state_of(GOES, STAYS),
        "prod:other-tap-to-target": {"bookmarks": {"orders": {"id": 7}}},
    }
    for state_id, state in states.items():
        ask_meltano(
            directory, "state", "set", "--force", state_id, json.dumps({"singer_state": state})
        )
    ask_meltano(
        *(directory, "state", "merge"),
        *("--from-state-id", next(iter(states)), next(iter(states))),
    )
    return directory


def ask_meltano(project: Path, *arguments: str) -> str:
    run = subprocess.run(
        [meltano(), *arguments],
        cwd=project,
        env={**os.environ, **QUIET},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.e2e
def test_an_account_is_erased_from_all_meltano_states_and_the_run_history(
    env: dict[str, str], project: Path, filled: Vault
) -> None:
    env |= {
        **QUIET,
        "MELTANO_PROJECT_ROOT": str(project),
        "PATH": os.pathsep.join([str(Path(meltano()).parent), os.environ["PATH"]]),
    }
    before = json.loads(ask_meltano(project, "state", "export"))
    run = command("erase", GOES, "--no-bigquery", "--yes", env=env)
    assert json.loads(output(run))["states"] == ["prod:tap-instagram-business-to-target-bigquery"]
    after = json.loads(ask_meltano(project, "state", "export"))
    assert after == json.loads(
        json.dumps(before).replace(f'"{GOES}": {{"date": "2026-11-20"}}, ', "")
    )
    assert STAYS in json.dumps(after)
    assert before["prod:other-tap-to-target"] == after["prod:other-tap-to-target"]
    kept = [path for path in project.rglob("*") if path.is_file()]
    assert not [path for path in kept if GOES.encode() in path.read_bytes()]
    assert [path for path in kept if STAYS.encode() in path.read_bytes()]
    assert set(filled.account_ids()) == {STAYS}


def test_a_missing_meltano_is_reported(env: dict[str, str], tmp_path: Path, filled: Vault) -> None:
    (tmp_path / "meltano.yml").write_text("")
    env |= {"MELTANO_PROJECT_ROOT": str(tmp_path), "PATH": str(tmp_path)}
    run = command("erase", GOES, "--no-bigquery", "--yes", env=env)
    assert "Meltano is not on the search path" in complaint(run)
    assert set(filled.account_ids()) == {GOES, STAYS}


# BigQuery


@pytest.mark.parametrize("content", ["hello", "{}", None])
def test_a_key_file_of_google_that_holds_no_key_is_named(
    env: dict[str, str], tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "google.json"
    if content is not None:
        path.write_text(content)
    given = {**env, "TARGET_BIGQUERY_CREDENTIALS_PATH": str(path)}
    target = ("--project", "p", "--dataset", "d")
    run = command("erase", GOES, "--no-state", *target, "--yes", env=given)
    sentence = complaint(run)
    assert f"opened with key file {path} (TARGET_BIGQUERY_CREDENTIALS_PATH)" in sentence


@pytest.fixture(scope="module")
def bigquery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSandbox]:
    with LocalSandbox.running(tmp_path_factory.mktemp("bigquery"), "--no-graph") as sandbox:
        yield sandbox


@pytest.fixture
def dataset(bigquery: LocalSandbox, request: pytest.FixtureRequest) -> str:
    """A dataset with two accounts in two tables and a view, and a table without accounts."""
    name = f"d{abs(hash(request.node.name))}"
    statements = (
        f"CREATE SCHEMA {name}",
        f"CREATE TABLE {name}.media (id STRING, account_id STRING)",
        f"CREATE TABLE {name}.accounts (id STRING, account_id STRING)",
        f"CREATE TABLE {name}.notes (account_ids STRING)",
        f"CREATE VIEW {name}.latest AS SELECT * FROM {name}.media",
        f"INSERT INTO {name}.media VALUES ('1','{GOES}'), ('2','{STAYS}'), ('3','{GOES}')",
        f"INSERT INTO {name}.accounts VALUES ('{GOES}','{GOES}'), ('{STAYS}','{STAYS}')",
        f"INSERT INTO {name}.notes VALUES ('nobody')",
    )
    for statement in statements:
        bigquery.rows(statement)
    return name


def accounts_in(bigquery: LocalSandbox, table: str) -> list[str]:
    return [row["account_id"] for row in bigquery.rows(f"SELECT account_id FROM {table}")]


@pytest.fixture
def to_bigquery(env: dict[str, str], bigquery: LocalSandbox, dataset: str) -> dict[str, str]:
    return {
        **env,
        "BIGQUERY_EMULATOR_HOST": bigquery.bigquery_url,
        "TARGET_BIGQUERY_PROJECT": "sandbox",
        "TARGET_BIGQUERY_DATASET": dataset,
    }


@pytest.mark.soak
def test_an_account_is_erased_from_every_table(
    to_bigquery: dict[str, str], bigquery: LocalSandbox, dataset: str
) -> None:
    shown = command("erase", GOES, "--no-state", env=to_bigquery)
    complaint(shown)
    assert "- 2 rows of table media" in shown.stderr
    assert len(accounts_in(bigquery, f"{dataset}.media")) == 3

    receipt = json.loads(output(command("erase", GOES, "--no-state", "--yes", env=to_bigquery)))
    assert receipt["rows"] == {"accounts": 1, "media": 2}
    assert accounts_in(bigquery, f"{dataset}.media") == [STAYS]
    assert accounts_in(bigquery, f"{dataset}.accounts") == [STAYS]
    assert len(bigquery.rows(f"SELECT * FROM {dataset}.notes")) == 1

    again = command("erase", GOES, "--no-state", "--yes", env=to_bigquery)
    assert json.loads(output(again))["rows"] == {}


@pytest.mark.soak
def test_the_printed_statements_erase_the_rows_when_they_are_run(
    to_bigquery: dict[str, str], bigquery: LocalSandbox, dataset: str, filled: Vault
) -> None:
    sql = output(command("erase", GOES, "--sql", env=to_bigquery))
    assert set(filled.account_ids()) == {GOES, STAYS}
    assert len(accounts_in(bigquery, f"{dataset}.media")) == 3
    bigquery.rows(sql)
    assert accounts_in(bigquery, f"{dataset}.media") == [STAYS]
    assert accounts_in(bigquery, f"{dataset}.accounts") == [STAYS]


@pytest.mark.soak
def test_a_missing_dataset_is_reported(to_bigquery: dict[str, str], filled: Vault) -> None:
    run = command("erase", GOES, "--no-state", "--dataset=nowhere", "--yes", env=to_bigquery)
    assert "BigQuery could not be opened" in complaint(run)
    assert set(filled.account_ids()) == {GOES, STAYS}


def test_a_missing_google_client_is_reported(
    env: dict[str, str], filled: Vault, tmp_path: Path
) -> None:
    (tmp_path / "google").mkdir()
    (tmp_path / "google" / "__init__.py").write_text("raise ImportError")
    env["PYTHONPATH"] = str(tmp_path)
    run = run_new_python(
        *("erase", GOES, "--no-state", "--project=p", "--dataset=d", "--yes"), env=env
    )
    assert "tap-instagram-business[bigquery]" in complaint(run)
    assert set(filled.account_ids()) == {GOES, STAYS}
