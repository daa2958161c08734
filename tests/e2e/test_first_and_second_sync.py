"""What a newcomer does: sync, look, sync again, start over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.meltano_project import MeltanoProject

pytestmark = pytest.mark.e2e


def tables(project: MeltanoProject) -> dict[str, int]:
    """Count the rows of every table."""
    names = [
        row["table_name"]
        for row in project.sandbox.rows(
            "SELECT table_name FROM instagram.INFORMATION_SCHEMA.TABLES"
        )
    ]
    counts = " UNION ALL ".join(
        f"SELECT '{name}' AS name, COUNT(*) AS n FROM instagram.{name}" for name in names
    )
    return {row["name"]: row["n"] for row in project.sandbox.rows(counts)}


def media(project: MeltanoProject) -> list[dict[str, Any]]:
    sql = "SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS ids FROM instagram.media"
    return project.sandbox.rows(sql)


def test_every_account_and_post_arrives_once(project: MeltanoProject) -> None:
    project.sync()

    first = tables(project)
    assert first["accounts"] == 2
    assert first["media"] == 80
    assert not [name for name in first if "__" in name]
    assert not {"comments", "tagged_media", "collaborative_media"} & first.keys()

    project.sync()

    assert media(project) == [{"n": 80, "ids": 80}]
    assert tables(project).keys() == first.keys()


def test_nothing_of_prod_reaches_the_sandbox(
    project: MeltanoProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without it, the sandbox does not answer in a folder whose .env names real accounts.
    monkeypatch.setenv("INSTAGRAM_SANDBOX_ON_PURPOSE", "1")
    (project.directory / ".env").write_text(
        "TAP_INSTAGRAM_BUSINESS_ACCESS_TOKEN=prod-token\n"
        "TAP_INSTAGRAM_BUSINESS_ACCOUNT_IDS='[\"17841400000009999\"]'\n"
        "TAP_INSTAGRAM_BUSINESS_APP_SECRET=prod-secret\n"
        "TAP_INSTAGRAM_BUSINESS_VAULT_PATH=/nowhere/vault\n"
        "TAP_INSTAGRAM_BUSINESS_REQUIRE_ENCRYPTED_SECRETS=true\n"
        "TARGET_BIGQUERY_PROJECT=prod-project\n"
        "TARGET_BIGQUERY_CREDENTIALS_PATH=/nowhere/prod.json\n"
        "GOOGLE_APPLICATION_CREDENTIALS=/nowhere/prod.json\n"
    )

    project.sync()

    assert media(project) == [{"n": 80, "ids": 80}]


@pytest.mark.long
def test_a_reset_sandbox_meets_no_old_bookmarks(project: MeltanoProject) -> None:
    project.sync()
    assert project.meltano("invoke", "sandbox:reset").returncode == 0
    started = project.meltano("run", "sandbox:up")
    assert "bookmarks of the earlier one are deleted" in started.stderr

    log = project.sync()

    assert "No state was found" in log
    assert tables(project)["accounts"] == 2


@pytest.mark.long
def test_the_report_shows_what_arrived(project: MeltanoProject) -> None:
    empty = project.sandbox.run("report")
    assert empty.returncode == 0
    assert "has no tables yet" in empty.stdout

    project.sync()

    report = project.sandbox.run("report")
    assert report.returncode == 0, report.stderr
    assert report.stdout.count("followers\n") == 2
    assert re.search(
        r"^Dataset instagram: \d+ tables with [\d,]+ rows$", report.stdout, re.MULTILINE
    )
    assert re.search(r"^Graph API: \d+ requests with [\d,]+ calls", report.stdout, re.MULTILINE)
