"""Every table in BigQuery equals the world's truth, whatever befalls the run."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import World, WorldSettings
from tests import truth
from tests.meltano_project import LOADER, TAP

if TYPE_CHECKING:
    from tests.local_sandbox import LocalSandbox
    from tests.meltano_project import MeltanoProject

pytestmark = pytest.mark.e2e

KILLS = int(os.environ.get("KILLS", "12"))
"""How many runs are cut short; more by hand."""
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
WORLD = WorldSettings(accounts=2, posts=150, days=400, seed=11, start=NOW)
KEYS = {
    "account_history": ("account_id", "snapshot_date", "hour"),
    "account_insights": ("account_id", "date"),
    "account_insights_breakdowns": ("account_id", "date", "metric", "breakdown", "breakdown_value"),
    "account_reach": ("account_id", "date", "days"),
    "online_followers": ("account_id", "date", "hour"),
    "media_history": ("media_id", "snapshot_date", "hour"),
    "media_insights": ("media_id", "snapshot_date", "hour"),
    "story_insights": ("media_id", "snapshot_date", "hour"),
    "media_insights_breakdowns": (
        *("media_id", "snapshot_date", "hour", "metric", "breakdown", "breakdown_value"),
    ),
    "audience_demographics": (
        *("account_id", "snapshot_date", "hour", "metric", "timeframe", "breakdown"),
        *("age", "gender", "city", "country"),
    ),
}
TRUTH = truth.every_table(World(WORLD), NOW, truth.days_to(truth.last_complete_day(NOW), 30))


@pytest.fixture(name="world_options")
def _world_options() -> tuple[str, ...]:
    given = ("accounts", "posts", "days", "seed")
    return (
        *(f"--{name}={getattr(WORLD, name)}" for name in given),
        f"--clock={NOW.isoformat()}",
    )


def rfc3339(value: Any) -> Any:
    """Give a TIMESTAMP, as the client prints it, the form that rows have."""
    if isinstance(value, str) and len(value) > 18 and value[4:5] == "-" and value[10:11] == " ":
        return dt.datetime.fromisoformat(value).isoformat()
    return value


def read(sandbox: LocalSandbox, table: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows of a table by key; a key that comes twice is an error."""
    keys = KEYS.get(table, ("id",))
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for raw in sandbox.rows(f"SELECT * FROM instagram.{table}"):
        row = {name: rfc3339(value) for name, value in raw.items() if not name.startswith("_sdc_")}
        key = tuple(row[name] for name in keys)
        assert key not in found, f"{table}: {key} comes twice"
        found[key] = row
    return found


def assert_tables_are_true(project: MeltanoProject) -> None:
    for table, expected in TRUTH.items():
        truth.tables_equal(read(project.sandbox, table), expected)


def test_every_row_equals_the_truth_after_one_run_and_after_two(project: MeltanoProject) -> None:
    project.sync()
    assert_tables_are_true(project)
    project.sync()
    assert_tables_are_true(project)
    captions = " ".join(str(row.get("caption")) for row in TRUTH["media"].values())
    for sort in ("\n", "\t", '"', "'", "\\", "👩‍👩‍👧‍👦"):
        assert sort in captions, "the world has lost what makes captions hard"


@pytest.mark.long
def test_runs_cut_short_in_a_row_anywhere_are_made_good_by_the_next(
    project: MeltanoProject,
) -> None:
    chance = random.Random(4)
    for _ in range(KILLS):
        run = project.start()
        time.sleep(chance.uniform(1, 7))
        signum = chance.choice((signal.SIGKILL, signal.SIGTERM))
        project.end(run, chance.choice((TAP, LOADER, "")), signum)
    project.sync()
    assert_tables_are_true(project)
