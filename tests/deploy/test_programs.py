"""The programs in `deploy/`: what they ask Meltano for, wherever they are started."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.meltano_project import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[..., subprocess.CompletedProcess[str]]

BASE = "fleet:tap-instagram-business-to-target-bigquery"
TELLS = '#!/bin/sh\necho "$* ${TAP_INSTAGRAM_BUSINESS_SHARD:-} ${TARGET_BIGQUERY_STAGED:-}"\n'
"""A program in the place of Meltano that prints what it is asked for."""


@pytest.fixture
def start(tmp_path: Path) -> Start:
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    meltano = tmp_path / ".venv" / "bin" / "meltano"
    meltano.parent.mkdir(parents=True)
    meltano.write_text(TELLS)
    meltano.chmod(0o755)

    def started(program: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tmp_path / "deploy" / program, *arguments],
            cwd="/",
            env={"PATH": os.environ["PATH"], **env},
            capture_output=True,
            text=True,
            check=False,
        )

    return started


EL = "--environment=fleet el tap-instagram-business target-bigquery --state-id="


@pytest.mark.parametrize(
    ("arguments", "env", "asked"),
    [
        (["3/16"], {}, f"{EL}{BASE}:3-of-16 3/16 true"),
        (["3/16"], {"TARGET_BIGQUERY_STAGED": "false"}, f"{EL}{BASE}:3-of-16 3/16 false"),
        (["2/2"], {}, f"{EL}{BASE}:2-of-2 2/2"),
        (["1/1"], {}, f"{EL}{BASE} 1/1"),
        (
            [],
            {"CLOUD_RUN_TASK_INDEX": "0", "CLOUD_RUN_TASK_COUNT": "16"},
            f"{EL}{BASE}:1-of-16 1/16 true",
        ),
        (
            [],
            {"CLOUD_RUN_TASK_INDEX": "15", "CLOUD_RUN_TASK_COUNT": "16"},
            f"{EL}{BASE}:16-of-16 16/16 true",
        ),
        ([], {"JOB_COMPLETION_INDEX": "7", "SHARDS": "9"}, f"{EL}{BASE}:8-of-9 8/9 true"),
        (
            ["2/3"],
            {"FLEET_ENVIRONMENT": "prod"},
            f"{EL}{BASE}:2-of-3 2/3 true".replace("fleet", "prod"),
        ),
    ],
)
def test_a_shard_has_a_state_of_its_own(
    start: Start, arguments: list[str], env: dict[str, str], asked: str
) -> None:
    done = start("run-shard", *arguments, **env)
    assert (done.returncode, done.stdout.strip()) == (0, asked), done.stderr


@pytest.mark.parametrize("shard", ["", "3", "0/3", "4/3", "1/x", "1/0", "-1/3", "1/2/3", "01/3"])
def test_there_is_no_such_shard(start: Start, shard: str) -> None:
    done = start("run-shard", shard)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_a_shard_must_be_named(start: Start) -> None:
    assert start("run-shard").returncode == 2
    assert start("run-shard", JOB_COMPLETION_INDEX="0").returncode == 2
    assert start("reshard-state").returncode == 2


def test_the_steps_around_the_shards(start: Start) -> None:
    invoke = "--environment=fleet invoke tap-instagram-business"
    assert start("reshard-state", "7").stdout == f"{invoke} reshard-state 7 --state-id={BASE}  \n"
    assert start("reshard-state", SHARDS="7").stdout == start("reshard-state", "7").stdout
    assert (start("refresh-tokens").returncode, start("refresh-tokens").stdout) == (0, "")
    vault = start("refresh-tokens", TAP_INSTAGRAM_BUSINESS_VAULT_PATH="gs://b/v")
    assert vault.stdout == f"{invoke} refresh-tokens  \n"
    merged = start("merge").stdout.rstrip()
    assert merged == "--environment=fleet invoke target-bigquery:merge-staging"
    assert start("reports").stdout.rstrip().endswith(" run dbt-bigquery:run")
    lines = start("health").stdout.splitlines()
    assert [line.split()[2] for line in lines] == ["dbt-bigquery:check", "tap-instagram-business"]
    assert "prune-runs --days 30" in lines[1]
