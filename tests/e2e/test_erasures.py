"""Accounts are erased at random moments of a run, and stay erased."""

from __future__ import annotations

import json
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tap_instagram_business.tokens.encryption import KEY_VARIABLE, generate_key
from tap_instagram_business.tokens.vault import Vault
from tests import program
from tests.meltano_project import QUIET, meltano

if TYPE_CHECKING:
    from tests.meltano_project import MeltanoProject

pytestmark = [pytest.mark.e2e, pytest.mark.soak, pytest.mark.long]

ERASURES = int(os.environ.get("ERASURES", "2"))
"""How many accounts are erased at each latency; more by hand."""
PREFIX = "TAP_INSTAGRAM_BUSINESS_"
AT_ONCE = 3
"""How many erasures begin during each run."""
RUN_SECONDS = float(os.environ.get("RUN_SECONDS", "10"))
"""About how long a run takes; each erasure begins at a random moment of it."""


@pytest.fixture(params=["0", "0.3"])
def world_options(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return (f"--accounts={ERASURES + 1}", "--posts=25", "--days=60", f"--latency={request.param}")


class Pipeline:
    """A project whose accounts are connected in a vault."""

    def __init__(self, project: MeltanoProject, folder: Path) -> None:
        self.project = project
        self.vault = Vault(str(folder / "vault"))
        self._environment = {
            KEY_VARIABLE: generate_key(),
            f"{PREFIX}VAULT_PATH": self.vault.location,
            f"{PREFIX}APP_ID": "1234567890123456",
            f"{PREFIX}APP_SECRET": "sandbox-app-secret",
            f"{PREFIX}ACCESS_TOKEN": "",
        }
        path = project.directory / "meltano.yml"
        content = yaml.safe_load(path.read_text())
        sandbox = next(each for each in content["environments"] if each["name"] == "sandbox")
        sandbox["env"] |= self._environment
        path.write_text(yaml.safe_dump(content, sort_keys=False))

    def command(self, *arguments: str, stdin: str = "") -> dict[str, Any]:
        """Run a command beside the project, and return the JSON that it prints last."""
        env = {
            **os.environ,
            **QUIET,
            **self._environment,
            "PATH": os.pathsep.join([str(Path(meltano()).parent), os.environ["PATH"]]),
            "MELTANO_PROJECT_ROOT": str(self.project.directory),
            f"{PREFIX}API_URL": self.project.sandbox.graph_url,
            "BIGQUERY_EMULATOR_HOST": self.project.sandbox.bigquery_url,
            "TARGET_BIGQUERY_PROJECT": "sandbox",
            "TARGET_BIGQUERY_DATASET": "instagram",
        }
        run = program.run(*arguments, env=env, stdin=stdin)
        assert run.returncode == 0, run.stderr
        last = run.stdout.splitlines()[-1]
        printed: dict[str, Any] = json.loads(last) if last.startswith("{") else {}
        return printed

    def connect(self, *options: str) -> None:
        self.command("connect", "--from-token", *options, stdin="sandbox-token")

    def rows(self, account_id: str) -> dict[str, int]:
        """The number of an account's rows in each table, staging tables included."""
        sandbox = self.project.sandbox
        tables = sandbox.rows(
            "SELECT table_name FROM instagram.INFORMATION_SCHEMA.COLUMNS "
            "WHERE column_name = 'account_id'"
        )
        counts = " UNION ALL ".join(
            f"SELECT '{row['table_name']}' AS name, COUNT(*) AS found "
            f"FROM instagram.`{row['table_name']}` WHERE account_id = '{account_id}'"
            for row in tables
        )
        return {row["name"]: row["found"] for row in sandbox.rows(counts) if row["found"]}

    def files(self, account_id: str) -> list[Path]:
        """The files of the project, and the vault's, in which the account stands."""
        own = [self.project.directory, self.project.directory / ".meltano"]
        found = [path for place in own for path in place.iterdir() if not path.is_symlink()]
        places = [path for path in found if path.name not in {".sandbox", ".meltano"}]
        nested = [path for place in places if place.is_dir() for path in place.rglob("*")]
        beside = list(Path(self.vault.location).rglob("*"))
        files = [path for path in [*places, *nested, *beside] if path.is_file()]
        return [path for path in files if account_id.encode() in path.read_bytes()]

    def assert_erased(self, account_ids: list[str]) -> None:
        found = {name: (self.rows(name), self.files(name)) for name in account_ids}
        assert found == {name: ({}, []) for name in account_ids}


def test_accounts_erased_at_any_moment_of_a_run_stay_erased(
    project: MeltanoProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "SECONDS", 900)
    pipeline = Pipeline(project, tmp_path)
    pipeline.connect()
    accounts = sorted(pipeline.vault.account_ids())
    project.sync()
    complete = {account_id: pipeline.rows(account_id) for account_id in accounts}
    leaving, staying = accounts[:ERASURES], accounts[ERASURES:]
    chance = random.Random(12)

    def erase(account_id: str) -> dict[str, Any]:
        time.sleep(chance.uniform(0, RUN_SECONDS))
        return pipeline.command("erase", account_id, "--yes")

    for first in range(0, ERASURES, AT_ONCE):
        now_leaving = leaving[first : first + AT_ONCE]
        run = project.start()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            receipts = list(threads.map(erase, now_leaving))
        run.wait(timeout=600)
        for account_id, receipt in zip(now_leaving, receipts, strict=True):
            assert receipt["vault"] == [account_id]
            assert receipt["rows"].keys() == complete[account_id].keys()
            assert receipt["not_erased"] == []
        pipeline.assert_erased(leaving[: first + AT_ONCE])
    project.sync()
    pipeline.assert_erased(leaving)
    for account_id in staying:
        found = pipeline.rows(account_id)
        assert found.keys() == complete[account_id].keys()
        assert all(found[table] >= count for table, count in complete[account_id].items())
