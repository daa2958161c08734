"""The world: deterministic, exact at its start, and going on after it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import World, WorldSettings
from instagram_sandbox.graph_api.pacific import day_of, end_of, midnight
from instagram_sandbox.graph_api.world.posts import Posts

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.world.accounts import Account
    from instagram_sandbox.graph_api.world.posts import Media

START = WorldSettings().start


def test_equal_settings_make_equal_worlds_in_another_process() -> None:
    question = (
        "from instagram_sandbox.graph_api import World, WorldSettings\n"
        "import datetime, json\n"
        "world = World(WorldSettings(seed=7, posts=30))\n"
        "now = world.settings.start + datetime.timedelta(days=3)\n"
        "media = world.media(world.account_ids[1], now)\n"
        "print(json.dumps([world.accounts(now), media, "
        "[world.media_insights(m['id'], now) for m in media]]), end='')"
    )
    answers = {
        subprocess.run([sys.executable, "-c", question], capture_output=True, check=True).stdout
        for _ in range(2)
    }
    assert len(answers) == 1


def test_the_order_of_asking_does_not_matter() -> None:
    first, second = World(), World()
    forwards = [first.media(account, START) for account in first.account_ids]
    backwards = [second.media(account, START) for account in reversed(second.account_ids)]
    assert forwards == backwards[::-1]


def test_another_seed_is_another_world() -> None:
    assert World(WorldSettings(seed=2)).accounts(START) != World().accounts(START)


@pytest.mark.parametrize(("posts", "days"), [(300, 365), (1, 10), (0, 5), (2000, 30)])
def test_exactly_as_many_posts_as_asked_for_at_the_start(posts: int, days: int) -> None:
    world = World(WorldSettings(posts=posts, days=days))
    for account_id in world.account_ids:
        published = [post.published for post in world.posts_of(account_id, START)]
        assert len(published) == posts
        assert published == sorted(published, reverse=True)
        assert all(START - timedelta(days=days) <= moment < START for moment in published)


def test_life_goes_on_at_the_same_pace() -> None:
    world = World(WorldSettings(posts=365, days=365))
    later = START + timedelta(days=30)
    count = len(world.posts_of(world.account_ids[0], later))
    assert count in {394, 395, 396}


def test_ids_are_unique_and_seventeen_digits_long() -> None:
    world = World(WorldSettings(accounts=3, posts=200))
    media = [item for account in world.account_ids for item in world.media(account, START)]
    ids = [item["id"] for item in media]
    ids += [child["id"] for item in media for child in item.get("children", [])]
    ids += [story["id"] for account in world.account_ids for story in world.stories(account, START)]
    assert len(ids) == len(set(ids))
    assert all(len(name) == 17 and name.startswith("179") for name in ids)
    assert all(name.startswith("17841") and int(name) > 2**53 for name in world.account_ids)


def test_figures_grow_and_never_shrink() -> None:
    world = World(WorldSettings(posts=40))
    moments = [START + timedelta(hours=hours) for hours in (0, 1, 7, 24, 200, 4000)]
    for post in world.posts_of(world.account_ids[0], START):
        readings = [world.media_insights(post.id, moment) for moment in moments]
        for earlier, later in pairwise(readings):
            assert all(later[name] >= value for name, value in earlier.items())


def test_every_kind_of_media_is_in_the_mix() -> None:
    world = World()
    media = world.media(world.account_ids[0], START)
    kinds = {(item["media_product_type"], item["media_type"]) for item in media}
    assert kinds == {
        ("FEED", "IMAGE"),
        ("FEED", "CAROUSEL_ALBUM"),
        ("FEED", "VIDEO"),
        ("REELS", "VIDEO"),
    }
    assert any("caption" not in item for item in media)
    assert any("media_url" not in item for item in media)
    assert any("like_count" not in item for item in media)
    assert any(item.get("is_shared_to_feed") is False for item in media)
    captions = "".join(item.get("caption", "") for item in media)
    assert all(character in captions for character in "\"'\\\t\n#@🎉新ص")


def test_days_are_restated_for_two_days() -> None:
    world = World(WorldSettings(empty_day_share=0))
    account, day = world.account_ids[0], date(2026, 11, 10)
    hours = (1, 25, 49, 4000)
    reach = [
        world.account_day(account, day, end_of(day) + timedelta(hours=hour))["reach"]
        for hour in hours
    ]
    assert reach[0] < reach[1] < reach[2] == reach[3]


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 7, 1), 24)]
)
def test_pacific_days_change_with_daylight_saving(day: date, hours: int) -> None:
    assert end_of(day) - midnight(day) == timedelta(hours=hours)
    assert day_of(end_of(day) - timedelta(seconds=1)) == day


def test_breakdowns_add_up() -> None:
    world = World(WorldSettings(empty_day_share=0))
    account, day = world.account_ids[0], date(2026, 11, 10)
    figures = world.account_day(account, day, START)
    for metric, breakdown in [("views", "follow_type"), ("likes", "media_product_type")]:
        parts = world.account_day_breakdown(account, day, metric, breakdown, START)
        assert sum(parts.values()) == figures[metric]
        assert 0 not in parts.values()
    moves = world.account_day_breakdown(account, day, "follows_and_unfollows", "follow_type", START)
    assert moves == {"FOLLOWER": figures["follows"], "NON_FOLLOWER": figures["unfollows"]}
    assert figures["follower_count"] == figures["follows"]


def test_rolling_reach_is_less_than_the_days_added_up() -> None:
    world = World(WorldSettings(empty_day_share=0))
    account, last = world.account_ids[0], date(2026, 11, 10)
    days = [world.account_day(account, last - timedelta(days=n), START)["reach"] for n in range(7)]
    assert max(days) <= world.rolling_reach(account, last, 7, START) < sum(days)


def test_a_large_world_draws_only_the_posts_that_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []
    draw = Posts._draw

    def note(posts: Posts, account: Account, number: int) -> Media:
        drawn.append(account.index)
        return draw(posts, account, number)

    monkeypatch.setattr(Posts, "_draw", note)
    world = World(WorldSettings(accounts=1000, posts=10_000))
    assert len(world.account_ids) == 1000
    assert drawn == []
    assert len(world.posts_of(world.account_ids[3], START)) == 10_000
    assert drawn == [3] * 10_000
