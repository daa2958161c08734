"""Stories are synced more often than the rest, beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.meltano_project import MeltanoProject

pytestmark = [pytest.mark.e2e, pytest.mark.long]

STORIES = "tap-instagram-stories"


def test_stories_are_loaded_with_a_state_of_their_own(project: MeltanoProject) -> None:
    for _ in range(2):
        ran = project.meltano("schedule", "run", "stories")
        assert ran.returncode == 0, ran.stderr
        written = [line for line in ran.stderr.splitlines() if " rows, " in line]
        tables = {line.split(" rows, ")[0].split(":")[-2].split()[-1] for line in written}
        assert tables == {"stories", "story_insights", "insight_gaps"}
    states = project.meltano("--log-level=warning", "state", "list").stdout.split()
    assert states == [f"sandbox:{STORIES}-to-target-bigquery"]
    (found,) = project.sandbox.rows("SELECT COUNT(*) AS `rows` FROM instagram.stories")
    assert found["rows"] > 0
