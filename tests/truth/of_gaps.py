"""What a world ought to leave out, and why, told from the world alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.truth.comparison import DOES_NOT_APPLY, days_between
from tests.truth.of_accounts import DAY_COLUMNS, day_figures
from tests.truth.of_media import FACEBOOK_INSIGHTS, STORY_INSIGHTS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from instagram_sandbox.graph_api import World
    from tests.truth.comparison import Row


FOLLOWS = "follows_and_unfollows by follow_type"
"""What a gap calls the metric of columns `follows` and `unfollows`."""


def media_gaps(world: World, now: dt.datetime) -> set[tuple[str, str, str]]:
    """What is missing of posts and why: media, metric (`-` for all) and reason."""
    facebook = world.settings.login == "facebook"
    gaps: set[tuple[str, str, str]] = set()
    for account_id in world.account_ids:
        for node in world.media(account_id, now):
            media_id = node["id"]
            if refusal := world.media_insights_refusal(media_id, now):
                gaps.add((media_id, DOES_NOT_APPLY, refusal))
                continue
            kind = f"{node['media_product_type']} {node['media_type']}"
            expected = set(INSIGHTS_OF[kind])
            expected -= set() if facebook else FACEBOOK_INSIGHTS
            given = world.media_insights(media_id, now).keys()
            for metric in expected - given - LACKED_BY_SOME.get(kind, set()):
                reason = "retired" if metric in world.retired_metrics else "unsupported"
                gaps.add((media_id, metric, reason))
    return gaps


_EVERY_POST = (
    *("reach", "views", "likes", "comments", "saved", "shares", "reposts", "total_interactions"),
)
_WITH_FACEBOOK = ("total_likes", "total_comments", "total_views")
INSIGHTS_OF = {
    "FEED IMAGE": (*_EVERY_POST, *_WITH_FACEBOOK, "follows", "profile_visits"),
    "FEED CAROUSEL_ALBUM": (*_EVERY_POST, *_WITH_FACEBOOK, "follows", "profile_visits"),
    "FEED VIDEO": _EVERY_POST,
    "REELS VIDEO": (
        *_EVERY_POST,
        *_WITH_FACEBOOK,
        *("ig_reels_avg_watch_time", "ig_reels_video_view_total_time", "reels_skip_rate"),
        *("crossposted_views", "facebook_views"),
    ),
}

LACKED_BY_SOME = {
    "FEED VIDEO": {"views"},
    "REELS VIDEO": {"crossposted_views", "facebook_views"},
}
"""What only some media of a kind have: that others lack it is no gap."""


def story_gaps(world: World, now: dt.datetime) -> set[tuple[str, str, str]]:
    """What is missing of stories and why."""
    gaps: set[tuple[str, str, str]] = set()
    asked = (
        DOES_NOT_APPLY,
        *("navigation by story_navigation_action_type", "profile_activity by action_type"),
    )
    for account_id in world.account_ids:
        for node in world.stories(account_id, now):
            if refusal := world.media_insights_refusal(node["id"], now):
                gaps |= {(node["id"], metric, refusal) for metric in asked}
            else:
                gone = world.retired_metrics & set(STORY_INSIGHTS)
                gaps |= {(node["id"], metric, "retired") for metric in gone}
    return gaps


def unfolded(rows: Iterable[Row]) -> set[tuple[str, str, str, str, str]]:
    """The gaps day by day: account, media, metric, reason and date."""
    return {
        (row["account_id"], row["media_id"], row["metric"], row["reason"], day.isoformat())
        for row in rows
        for day in days_between(row["date"], row["last_date"])
    }


def day_gaps(
    world: World, now: dt.datetime, days: Iterable[dt.date]
) -> set[tuple[str, str, str, str]]:
    """Which totals of an account's days are missing and why: account, metric, reason, date."""
    gaps = set()
    for account_id in world.account_ids:
        small = world.account(account_id).small
        for day in days:
            figures = day_figures(world, account_id, day, now)
            for name in DAY_COLUMNS:
                metric = FOLLOWS if name in {"follows", "unfollows"} else name
                if name in figures:
                    continue
                reason = "retired" if metric in world.retired_metrics else "empty"
                if small and metric in {FOLLOWS, "follower_count"}:
                    reason = "too_few_followers"
                gaps.add((account_id, metric, reason, day.isoformat()))
    return gaps
