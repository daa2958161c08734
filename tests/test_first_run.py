"""The first run: every table equals the truth, and costs few calls."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import ApiSettings, GraphApiServer, World, WorldSettings
from tap_instagram_business.tap import TapInstagramBusiness
from tests import truth
from tests.tap_run import run_tap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tap_run import Run

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
AUTUMN = dt.datetime(2026, 9, 20, 12, tzinfo=dt.timezone.utc)
SPRING = dt.datetime(2026, 3, 20, 12, tzinfo=dt.timezone.utc)
WORLDS = {
    "facebook": WorldSettings(accounts=2, posts=60, days=400, seed=7, start=START),
    "instagram": WorldSettings(
        accounts=1, posts=60, days=400, seed=7, start=START, login="instagram"
    ),
    "end labels": WorldSettings(accounts=1, posts=5, start=START, end_labels=True),
    "clocks go forward": WorldSettings(accounts=1, posts=5, start=SPRING),
    "clocks go back, end labels": WorldSettings(
        accounts=1, posts=5, start=START - dt.timedelta(days=10), end_labels=True
    ),
    "under 100 followers": WorldSettings(accounts=2, posts=5, start=START, tiny_accounts=2),
    "before conversion": WorldSettings(
        accounts=2, posts=120, days=400, start=START, converted_days_ago=50
    ),
    "before conversion, instagram": WorldSettings(
        accounts=1, posts=120, days=400, start=START, converted_days_ago=50, login="instagram"
    ),
    "days without figures": WorldSettings(accounts=1, posts=5, start=START, empty_day_share=0.2),
    "first day without figures": WorldSettings(
        accounts=1, posts=5, start=AUTUMN, seed=14, empty_day_share=0.05
    ),
    "last day without figures, end labels": WorldSettings(
        accounts=1, posts=5, start=AUTUMN, seed=1, empty_day_share=0.05, end_labels=True
    ),
    "no media": WorldSettings(accounts=1, posts=0, stories_per_day=0, start=START),
    "hidden likes": WorldSettings(accounts=1, posts=50, start=START, hidden_likes_share=0.5),
    "retired": WorldSettings(
        accounts=1, posts=20, start=START, retired_metrics=("saved", "views", "profile_views")
    ),
}

PAGED = WorldSettings(accounts=2, posts=60, days=400, seed=7, start=START)
PAGES = {
    "an empty page with a next": ApiSettings(empty_page_with_next=True, page_cap=10),
    "short pages": ApiSettings(page_cap=7),
}


@pytest.fixture(scope="module", params=[*WORLDS, *PAGES], name="world")
def _world(request: pytest.FixtureRequest) -> Iterator[GraphApiServer]:
    settings, api_settings = WORLDS.get(request.param, PAGED), PAGES.get(request.param)
    with GraphApiServer(settings, api_settings=api_settings) as server:
        yield server


@pytest.fixture(scope="module", name="run")
def _run(world: GraphApiServer) -> Run:
    return run_tap(world, login=world.world.settings.login)


@pytest.fixture(scope="module", name="expected")
def _expected(world: GraphApiServer) -> dict[str, truth.Table]:
    now = world.clock.now()
    return truth.every_table(world.world, now, truth.days_to(truth.last_complete_day(now), 30))


def test_every_table_equals_the_truth(run: Run, expected: dict[str, truth.Table]) -> None:
    assert run.schemas.keys() == expected.keys() | {"insight_gaps"}
    for stream, table in expected.items():
        truth.tables_equal(run.table(stream), table)


def test_no_key_comes_twice(run: Run) -> None:
    for stream, rows in run.records.items():
        # A gap that goes on is written again with a later end.
        if stream != "insight_gaps":
            assert len(run.table(stream)) == len(rows), stream


def test_every_gap_has_its_reason(world: GraphApiServer, run: Run) -> None:
    now = world.clock.now()
    days = truth.days_to(truth.last_complete_day(now), 30)
    found, none = truth.unfolded(run.records["insight_gaps"]), truth.DOES_NOT_APPLY
    posts = {(media, metric, reason) for _, media, metric, reason, _ in found if media != none}
    assert posts == truth.media_gaps(world.world, now) | truth.story_gaps(world.world, now)
    totals = {
        (account, metric, reason, date)
        for account, media, metric, reason, date in found
        if media == none and metric in {*truth.DAY_COLUMNS, truth.FOLLOWS}
    }
    assert totals == truth.day_gaps(world.world, now, days)


WITHOUT_TRUTH = {
    "extra_insights": "compared with the world in test_extra_metrics.py",
    "insight_gaps": "compared with the world above, and with Meta's errors in test_error_table.py",
}


def test_every_column_has_a_truth_with_a_value() -> None:
    """A column that is NULL in each row of the truth would be NULL in each row of the tap too."""
    found: dict[str, set[str]] = defaultdict(set)
    for settings in (WORLDS["facebook"], WORLDS["instagram"]):
        world = World(settings)
        tables = truth.every_table(world, START, truth.days_to(truth.last_complete_day(START), 30))
        for others in (truth.comments, truth.tagged_media, truth.collaborative_media):
            tables[others.__name__] = others(world, START)
        for stream, table in tables.items():
            found[stream] |= {name for row in table.values() for name in truth.comparable(row)}
    streams = TapInstagramBusiness(validate_config=False).streams
    for stream in streams.keys() - WITHOUT_TRUTH.keys():
        assert found[stream] == streams[stream].schema["properties"].keys(), stream
