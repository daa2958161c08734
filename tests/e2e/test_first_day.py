"""Mistakes of a first day that only Meltano shows: each ends with a sentence, and soon."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.meltano_project import PIPELINE, MeltanoProject, meltano

pytestmark = [pytest.mark.e2e, pytest.mark.long]

PREFIX = "TAP_INSTAGRAM_BUSINESS_"
TAP = "tap-instagram-business"
UNKNOWN = "17841499999999999"
TOKEN = "EAAcanary-token-0123456789"
GOOGLE = {"GOOGLE_APPLICATION_CREDENTIALS": "", "NO_GCE_CHECK": "true", "HOME": "/nonexistent"}
MAX_LINES = 15


def in_prod(
    project: MeltanoProject, *arguments: str, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run Meltano in the environment `prod`, with the sandbox in Meta's place."""
    given = {
        f"{PREFIX}API_URL": project.sandbox.graph_url,
        f"{PREFIX}ACCESS_TOKEN": "sandbox-token",
    }
    return subprocess.run(
        [meltano(), "--log-format=uncolored", "--environment=prod", *arguments],
        cwd=project.directory,
        env=project.environment(**{**given, **env}),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_a_real_token_is_not_answered_by_the_sandbox(project: MeltanoProject) -> None:
    (project.directory / ".env").write_text(f"{PREFIX}ACCESS_TOKEN={TOKEN}\n")
    for arguments in (("invoke", TAP, "doctor"), ("invoke", TAP, "accounts"), PIPELINE):
        told = project.meltano("--log-level=warning", *arguments)
        assert told.returncode == 1
        shown = told.stdout + told.stderr
        assert "add `--environment=prod` after `meltano`" in shown
        assert TOKEN not in shown
        assert "Traceback" not in shown
        assert len(shown.splitlines()) < MAX_LINES


@pytest.mark.parametrize("form", ["{}", "{},", '["{}"]', "[{}]"])
def test_an_id_may_be_written_in_every_form(project: MeltanoProject, form: str) -> None:
    told = in_prod(
        project,
        *("--log-level=error", "invoke", TAP, "doctor", "--json"),
        **{f"{PREFIX}ACCOUNT_IDS": form.format(UNKNOWN)},
    )
    (problem,) = json.loads(told.stdout)["problems"]
    assert f"account {UNKNOWN}" in problem


def test_no_credentials_of_google_are_told_once(project: MeltanoProject) -> None:
    told = in_prod(project, "run", TAP, "target-bigquery", TARGET_BIGQUERY_PROJECT="x", **GOOGLE)
    assert told.returncode == 1
    lines = told.stderr.splitlines()
    sentences = [line for line in lines if "There are no credentials of Google: run" in line]
    assert len(sentences) == 1
    assert "Loader failed" in told.stderr
    assert "Traceback" not in told.stdout + told.stderr
    of_tables = [line for line in lines if " rows, " in line]
    assert len(lines) - len(of_tables) < MAX_LINES + 5


def test_a_misspelt_selection_is_named(project: MeltanoProject) -> None:
    told = in_prod(
        project,
        *("run", TAP, "target-bigquery"),
        **{f"{PREFIX}_SELECT": '["acounts.*"]', "TARGET_BIGQUERY_PROJECT": "x", **GOOGLE},
    )
    assert "The selection `acounts.*` fits no table: did you mean `accounts`?" in told.stderr
    assert "No table is selected, so nothing is read" in told.stderr
