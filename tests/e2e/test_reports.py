"""The job of the README syncs and then creates the views, which the other commands read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.meltano_project import MeltanoProject

pytestmark = [pytest.mark.e2e, pytest.mark.soak]


@pytest.mark.long
def test_the_job_ends_with_views_and_the_commands_read_them(project: MeltanoProject) -> None:
    run = project.meltano("run", "--force", "instagram-to-bigquery")
    page = project.meltano("invoke", "instagram-report:page", "--output", "report.html")
    links = project.meltano("invoke", "instagram-report:links")

    assert run.returncode == 0, run.stdout + run.stderr
    (found,) = project.sandbox.rows("SELECT COUNT(*) AS n FROM instagram_reports.instagram_posts")
    assert found["n"] > 0
    assert page.returncode == 0, page.stdout + page.stderr
    assert "@" in (project.directory / "report.html").read_text("utf-8")
    assert "ds.projectId=sandbox" in links.stdout


@pytest.mark.long
def test_the_loaders_job_makes_no_views(project: MeltanoProject) -> None:
    run = project.meltano("run", "--force", "load-instagram")

    assert run.returncode == 0, run.stdout + run.stderr
    (found,) = project.sandbox.rows("SELECT COUNT(*) AS n FROM instagram.media")
    assert found["n"] > 0
    schemata = project.sandbox.rows("SELECT schema_name FROM INFORMATION_SCHEMA.SCHEMATA")
    assert "instagram_reports" not in {row["schema_name"] for row in schemata}
