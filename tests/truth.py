"""The tables that a world ought to give, told from the world alone: no code of the tap is used."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_instagram_business.sandbox.graph_api import World

Row = dict[str, Any]
Table = dict[tuple[str, ...], Row]

PACIFIC = ZoneInfo("America/Los_Angeles")
DAY = dt.timedelta(days=1)


def unsigned(value: Any) -> Any:
    """Cut the signature from an address: it differs at each reading."""
    return value.split("?")[0] if isinstance(value, str) and "://" in value else value


def comparable(row: Mapping[str, Any]) -> Row:
    """Leave out NULL, and what signs an address, so that rows can be compared."""
    return {name: unsigned(value) for name, value in row.items() if value is not None}


def tables_equal(got: Mapping[tuple[str, ...], Row], truth: Table) -> None:
    """Compare two tables row by row, so that a difference is readable."""
    assert sorted(got) == sorted(truth)
    for key, row in truth.items():
        assert comparable(got[key]) == comparable(row), key


def pacific_midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), PACIFIC)


def last_complete_day(now: dt.datetime) -> dt.date:
    return now.astimezone(PACIFIC).date() - DAY


def days_to(last: dt.date, number: int) -> list[dt.date]:
    return [last - DAY * back for back in reversed(range(number))]


ACCOUNT_COLUMNS = (
    *("username", "name", "biography", "website", "profile_picture_url", "followers_count"),
    *("follows_count", "media_count", "account_type", "has_profile_pic", "is_published", "ig_id"),
)


def accounts(world: World, now: dt.datetime) -> Table:
    pages = {page.account.id: page for page in world.pages if page.account is not None}
    facebook = world.settings.login == "facebook"
    table: Table = {}
    for node in world.accounts(now):
        account_id = node.get("user_id") or node["id"]
        row = {name: node.get(name) for name in ACCOUNT_COLUMNS}
        row["ig_id"] = str(node["ig_id"]) if facebook else None
        page = pages.get(account_id) if facebook else None
        extra = {"page_id": page.id, "page_name": page.name} if page else {}
        table[account_id,] = {"id": account_id, "account_id": account_id, **row, **extra}
    return table


def account_history(world: World, now: dt.datetime) -> Table:
    date = now.date().isoformat()
    names = ("username", "followers_count", "follows_count", "media_count")
    return {
        (row["id"], date): {
            "account_id": row["id"],
            "date": date,
            **{name: row.get(name) for name in names},
        }
        for row in accounts(world, now).values()
    }


DAY_COLUMNS = (
    *("reach", "views", "accounts_engaged", "total_interactions", "likes", "comments", "shares"),
    *("saves", "replies", "reposts", "profile_links_taps", "profile_views", "website_clicks"),
    *("follower_count", "follows", "unfollows"),
)


def account_insights(world: World, now: dt.datetime, days: Iterable[dt.date]) -> Table:
    table: Table = {}
    for account_id in world.account_ids:
        for day in days:
            figures = world.account_day(account_id, day, now)
            given = {name: figures[name] for name in DAY_COLUMNS if name in figures}
            if given:
                ended = pacific_midnight(day + DAY)
                table[account_id, day.isoformat()] = {
                    "account_id": account_id,
                    "date": day.isoformat(),
                    **given,
                    "is_final": now >= ended + dt.timedelta(hours=48),
                }
    return table


def rfc3339(timestamp: str) -> str:
    return dt.datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S%z").isoformat()


MEDIA_COLUMNS = (
    *("media_type", "media_product_type", "caption", "permalink", "shortcode", "media_url"),
    *("thumbnail_url", "username", "like_count", "comments_count", "is_comment_enabled"),
    *("is_ai_generated", "alt_text", "is_shared_to_feed", "media_audio_type", "shares_count"),
    *("reposts_count", "total_like_count", "total_comments_count", "total_views_count"),
)
FACEBOOK_ONLY = frozenset(
    {
        *("media_audio_type", "shares_count", "reposts_count", "total_like_count"),
        *("total_comments_count", "total_views_count"),
    }
)


def media(world: World, now: dt.datetime) -> Table:
    facebook = world.settings.login == "facebook"
    table: Table = {}
    for account_id in world.account_ids:
        for node in world.media(account_id, now):
            caption = node.get("caption", "")
            boost = (node.get("boost_eligibility_info") or {}) if facebook else {}
            names = [name for name in MEDIA_COLUMNS if facebook or name not in FACEBOOK_ONLY]
            table[node["id"],] = {
                "id": node["id"],
                "account_id": account_id,
                **{name: node.get(name) for name in names},
                "timestamp": rfc3339(node["timestamp"]),
                "owner_id": (node.get("owner") or {}).get("id"),
                "eligible_to_boost": boost.get("eligible_to_boost"),
                "boost_ineligible_reason": boost.get("boost_ineligible_reason"),
                "hashtags": re.findall(r"(?<!\w)#(\w+)", caption),
                "mentions": re.findall(r"(?<![\w.])@([\w.]*\w)", caption),
                "caption_length": len(caption),
                "children_count": len(node["children"]) if "children" in node else None,
            }
    return table


CHILD_COLUMNS = (
    *("media_type", "media_url", "thumbnail_url", "permalink", "shortcode", "alt_text"),
)


def media_children(world: World, now: dt.datetime) -> Table:
    table: Table = {}
    for account_id in world.account_ids:
        for node in world.media(account_id, now):
            for position, slide in enumerate(node.get("children", ()), start=1):
                posted = slide.get("timestamp")
                table[slide["id"],] = {
                    "id": slide["id"],
                    "media_id": node["id"],
                    "account_id": account_id,
                    "position": position,
                    **{name: slide.get(name) for name in CHILD_COLUMNS},
                    "timestamp": rfc3339(posted) if posted else None,
                }
    return table


INSIGHT_COLUMNS = (
    *("reach", "views", "likes", "comments", "saved", "shares", "reposts", "total_interactions"),
    *("follows", "profile_visits", "ig_reels_avg_watch_time", "ig_reels_video_view_total_time"),
    *("reels_skip_rate", "total_likes", "total_comments", "total_views", "crossposted_views"),
    "facebook_views",
)
FACEBOOK_INSIGHTS = frozenset(
    {"total_likes", "total_comments", "total_views", "crossposted_views", "facebook_views"}
)


def media_insights(world: World, now: dt.datetime) -> Table:
    facebook = world.settings.login == "facebook"
    table: Table = {}
    for account_id in world.account_ids:
        for node in world.media(account_id, now):
            figures = world.media_insights(node["id"], now)
            names = [n for n in INSIGHT_COLUMNS if facebook or n not in FACEBOOK_INSIGHTS]
            given = {name: figures[name] for name in names if name in figures}
            if given:
                table[node["id"],] = {
                    "media_id": node["id"],
                    "account_id": account_id,
                    "snapshot_date": now.date().isoformat(),
                    "media_type": node["media_type"],
                    "media_product_type": node["media_product_type"],
                    **given,
                }
    return table


def media_insights_history(world: World, now: dt.datetime) -> Table:
    return {
        (row["media_id"], row["snapshot_date"]): row for row in media_insights(world, now).values()
    }
