"""Several runs a day: each reading is kept, and is what was true at its moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import GraphApiServer, WorldSettings
from tap_instagram_business.streams.media_insights import MediaInsights
from tests import truth
from tests.tap_run import Run, Warehouse, run_tap

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from instagram_sandbox.graph_api import World
    from tap_instagram_business.streams.media_base import ListedMedia

START = dt.datetime(2026, 11, 20, 10, 20, tzinfo=dt.timezone.utc)
HOURS = (0, 6, 15)
"""When the runs are: twice on one UTC date, and soon after the midnight that follows."""
WORLD = WorldSettings(
    accounts=2, posts=90, days=200, seed=7, start=START + dt.timedelta(days=1), stories_per_day=4
)
NEW_DAYS, YOUNG_DAYS = 7, 90


@dataclass
class Runs:
    """Some runs, one after the other.

    Attributes:
        world: The world that they read.
        moments: When each was.
        runs: What each wrote.
        warehouse: What a target holds after them.
    """

    world: World
    moments: list[dt.datetime]
    runs: list[Run]
    warehouse: Warehouse


@pytest.fixture(scope="module", name="runs")
def _runs() -> Iterator[Runs]:
    warehouse = Warehouse()
    with GraphApiServer(WORLD) as server:
        done = Runs(server.world, [], [], warehouse)
        for hours in HOURS:
            moment = START + dt.timedelta(hours=hours)
            server.clock.set(moment)
            done.moments.append(moment)
            done.runs.append(warehouse.load(run_tap(server, state=warehouse.state)))
        yield done


def only(table: truth.Table, media_ids: Container[str]) -> truth.Table:
    return {key: row for key, row in table.items() if key[0] in media_ids}


def ids(run: Run, table: str) -> set[str]:
    return {row["media_id"] for row in run.records[table]}


def younger(runs: Runs, number: int, days: int) -> set[str]:
    """The media that are younger than some days at a run."""
    return {
        media for media, age in truth.ages(runs.world, runs.moments[number]).items() if age < days
    }


def test_counters_are_kept_by_the_run_while_new_and_by_the_day_while_young(runs: Runs) -> None:
    new, young = younger(runs, 1, NEW_DAYS), younger(runs, 2, YOUNG_DAYS)
    due = ids(runs.runs[2], "media_insights")
    expected = [
        set(truth.ages(runs.world, runs.moments[0])),
        new,
        young | due,
    ]
    assert len(new) > 3
    assert due - young
    assert not due >= young
    for number, media_ids in enumerate(expected):
        table = truth.media_history(runs.world, runs.moments[number])
        truth.tables_equal(runs.runs[number].table("media_history"), only(table, media_ids))


@pytest.mark.parametrize("stream", ["media_insights", "media_insights_breakdowns"])
def test_insights_of_new_media_are_read_in_each_run(runs: Runs, stream: str) -> None:
    stories = {key[0] for key in truth.stories(runs.world, runs.moments[1])}
    for number in (1, 2):
        run, new = runs.runs[number], younger(runs, number, NEW_DAYS)
        table = getattr(truth, stream)(runs.world, runs.moments[number])
        assert only(table, new)
        truth.tables_equal(run.table(stream), only(table, ids(run, stream)))
        assert set(only(table, new)) <= run.table(stream).keys()
    assert ids(runs.runs[1], stream) - stories <= younger(runs, 1, NEW_DAYS)


@pytest.mark.parametrize("stream", ["account_history", "story_insights"])
def test_accounts_and_stories_are_read_in_each_run(runs: Runs, stream: str) -> None:
    for run, moment in zip(runs.runs, runs.moments, strict=True):
        table = getattr(truth, stream)(runs.world, moment)
        assert table
        truth.tables_equal(run.table(stream), table)


@pytest.mark.parametrize(
    "stream",
    [
        *("account_history", "media_history", "media_insights", "story_insights"),
        *("media_insights_breakdowns", "audience_demographics"),
    ],
)
def test_no_reading_replaces_another(runs: Runs, stream: str) -> None:
    written = sum(len(run.records[stream]) for run in runs.runs)
    assert len(runs.warehouse.tables[stream]) == written > 0


def test_a_second_run_within_an_hour_replaces_the_reading_of_that_hour(runs: Runs) -> None:
    moment = runs.moments[-1] + dt.timedelta(minutes=30)
    with GraphApiServer(WORLD) as server:
        server.clock.set(moment)
        run = run_tap(server, state=runs.warehouse.state)
    for stream in ("account_history", "media_history", "media_insights"):
        assert run.records[stream]
        assert run.table(stream).keys() <= runs.runs[-1].table(stream).keys()


def test_latest_values_say_when_they_were_read(runs: Runs) -> None:
    moment = runs.moments[-1]
    for stream in ("accounts", "media", "stories"):
        truth.tables_equal(runs.runs[-1].table(stream), getattr(truth, stream)(runs.world, moment))


def test_a_run_past_midnight_carries_the_moment_at_which_it_began_to_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = dt.datetime(2026, 11, 20, 23, 58, tzinfo=dt.timezone.utc)
    read = MediaInsights.read
    with GraphApiServer(replace(WORLD, start=before)) as server:

        def read_after_midnight(table: MediaInsights, media: Sequence[ListedMedia]) -> None:
            server.clock.set(before + dt.timedelta(minutes=5))
            read(table, media)

        monkeypatch.setattr(MediaInsights, "read", read_after_midnight)
        run = run_tap(server)
        assert server.clock.now().date() > before.date()
    for stream in ("media", "media_insights"):
        assert {row["snapshot_date"] for row in run.records[stream]} == {"2026-11-20"}
        assert len({(row["account_id"], row["read_at"]) for row in run.records[stream]}) == 2
        kept = run.state["bookmarks"][stream]["accounts"].values()
        assert {entry["snapshot_date"] for entry in kept} == {"2026-11-20"}
