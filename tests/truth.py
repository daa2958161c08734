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
Table = dict[tuple[Any, ...], Row]

PACIFIC = ZoneInfo("America/Los_Angeles")
DAY = dt.timedelta(days=1)


def unsigned(value: Any) -> Any:
    """Cut the signature from an address: it differs at each reading."""
    return value.split("?")[0] if isinstance(value, str) and "://" in value else value


def comparable(row: Mapping[str, Any]) -> Row:
    """Leave out NULL, and what signs an address, so that rows can be compared."""
    return {name: unsigned(value) for name, value in row.items() if value is not None}


def tables_equal(got: Mapping[tuple[Any, ...], Row], truth: Table) -> None:
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


SPLIT_BY = {
    "follow_type": ("reach", "views", "follows_and_unfollows"),
    "media_product_type": (
        *("reach", "views", "total_interactions", "likes", "comments", "shares", "saves"),
    ),
    "contact_button_type": ("profile_links_taps",),
}


def account_insights_breakdowns(world: World, now: dt.datetime, days: Iterable[dt.date]) -> Table:
    table: Table = {}
    for account_id in world.account_ids:
        for day in days:
            for breakdown, metrics in SPLIT_BY.items():
                for metric in set(metrics) - world.retired_metrics:
                    parts = world.account_day_breakdown(account_id, day, metric, breakdown, now)
                    for dimension, value in parts.items():
                        date = day.isoformat()
                        table[account_id, date, metric, breakdown, dimension.upper()] = {
                            "account_id": account_id,
                            "date": date,
                            "metric": metric,
                            "breakdown": breakdown,
                            "dimension": dimension.upper(),
                            "value": value,
                            "is_final": now >= pacific_midnight(day + DAY) + dt.timedelta(hours=48),
                        }
    return table


def account_reach(world: World, now: dt.datetime, days: Iterable[dt.date]) -> Table:
    return {
        (account_id, day.isoformat(), number): {
            "account_id": account_id,
            "date": day.isoformat(),
            "days": number,
            "reach": world.rolling_reach(account_id, day, number, now),
            "is_final": now >= pacific_midnight(day + DAY) + dt.timedelta(hours=48),
        }
        for account_id in world.account_ids
        for day in days
        for number in (7, 28)
    }


def audience_demographics(world: World, now: dt.datetime) -> Table:
    asked = (
        ("follower_demographics", "lifetime", "this_month"),
        ("engaged_audience_demographics", "this_week", "this_week"),
        ("engaged_audience_demographics", "this_month", "this_month"),
    )
    table: Table = {}
    for account_id in world.account_ids:
        for metric, timeframe, frame in asked:
            for breakdown in ("age,gender", "city", "country"):
                parts = world.demographics(account_id, metric, breakdown, now, frame)
                for values, value in parts.items():
                    named = dict(zip(breakdown.split(","), values, strict=True))
                    who = {
                        name: named.get(name, "") for name in ("age", "gender", "city", "country")
                    }
                    date = now.date().isoformat()
                    key = (account_id, date, metric, timeframe, breakdown, *who.values())
                    table[key] = {
                        "account_id": account_id,
                        "snapshot_date": date,
                        "metric": metric,
                        "timeframe": timeframe,
                        "breakdown": breakdown,
                        **who,
                        "value": value,
                    }
    return table


def online_followers(world: World, now: dt.datetime, days: Iterable[dt.date]) -> Table:
    return {
        (account_id, day.isoformat(), int(hour)): {
            "account_id": account_id,
            "date": day.isoformat(),
            "hour": int(hour),
            "online_followers": value,
        }
        for account_id in world.account_ids
        for day in days
        for hour, value in (world.online_followers(account_id, day, now) or {}).items()
    }


STORY_COLUMNS = (
    *("media_type", "media_product_type", "caption", "permalink", "shortcode", "media_url"),
    *("thumbnail_url", "username", "like_count", "comments_count", "is_comment_enabled"),
    *("is_ai_generated", "alt_text", "has_poll", "has_slider"),
)


def stories(world: World, now: dt.datetime) -> Table:
    facebook = world.settings.login == "facebook"
    table: Table = {}
    for account_id in world.account_ids:
        for node in world.stories(account_id, now):
            names = [n for n in STORY_COLUMNS if facebook or n not in {"has_poll", "has_slider"}]
            table[node["id"],] = {
                "id": node["id"],
                "account_id": account_id,
                **{name: node.get(name) for name in names},
                "timestamp": rfc3339(node["timestamp"]),
                "owner_id": (node.get("owner") or {}).get("id"),
            }
    return table


STORY_INSIGHTS = (
    *("reach", "views", "shares", "reposts", "total_interactions", "follows", "profile_visits"),
    *("replies", "navigation"),
)
NAVIGATED = {
    "taps_forward": "TAP_FORWARD",
    "taps_back": "TAP_BACK",
    "exits": "TAP_EXIT",
    "swipes_forward": "SWIPE_FORWARD",
}


def story_insights(world: World, now: dt.datetime) -> Table:
    facebook = world.settings.login == "facebook"
    names = (*STORY_INSIGHTS, *(("link_clicks", "total_views") if facebook else ()))
    table: Table = {}
    for account_id in world.account_ids:
        for node in world.stories(account_id, now):
            figures = world.media_insights(node["id"], now)
            if not figures:
                continue
            split = world.media_breakdown(node["id"], "navigation", now)
            table[node["id"],] = {
                "media_id": node["id"],
                "account_id": account_id,
                "snapshot_date": now.date().isoformat(),
                "timestamp": rfc3339(node["timestamp"]),
                **{name: figures[name] for name in names if name in figures},
                **{name: split.get(part, 0) for name, part in NAVIGATED.items()},
            }
    return table


def media_insights_breakdowns(world: World, now: dt.datetime) -> Table:
    asked = (("profile_activity", "action_type"), ("navigation", "story_navigation_action_type"))
    table: Table = {}
    for account_id in world.account_ids:
        for node in (*world.media(account_id, now), *world.stories(account_id, now)):
            for metric, breakdown in asked:
                for dimension, value in world.media_breakdown(node["id"], metric, now).items():
                    table[node["id"], metric, breakdown, dimension.upper()] = {
                        "media_id": node["id"],
                        "account_id": account_id,
                        "metric": metric,
                        "breakdown": breakdown,
                        "dimension": dimension.upper(),
                        "snapshot_date": now.date().isoformat(),
                        "value": value,
                    }
    return table


def every_table(world: World, now: dt.datetime, days: Iterable[dt.date]) -> dict[str, Table]:
    """All tables that are selected by default, but for gaps."""
    days = list(days)
    return {
        "accounts": accounts(world, now),
        "account_history": account_history(world, now),
        "account_insights": account_insights(world, now, days),
        "account_insights_breakdowns": account_insights_breakdowns(world, now, days),
        "account_reach": account_reach(world, now, days),
        "audience_demographics": audience_demographics(world, now),
        "online_followers": online_followers(world, now, days),
        "media": media(world, now),
        "media_children": media_children(world, now),
        "media_insights": media_insights(world, now),
        "media_insights_history": media_insights_history(world, now),
        "stories": stories(world, now),
        "story_insights": story_insights(world, now),
        "media_insights_breakdowns": media_insights_breakdowns(world, now),
    }


def comments(world: World, now: dt.datetime) -> Table:
    names = ("text", "username", "like_count", "hidden")
    table: Table = {}
    for account_id in world.account_ids:
        for node in world.media(account_id, now):
            for comment in world.comments(node["id"], now):
                table[comment["id"],] = {
                    "id": comment["id"],
                    "account_id": account_id,
                    "media_id": node["id"],
                    "parent_id": comment.get("parent_id"),
                    **{name: comment.get(name) for name in names},
                    "from_id": (comment.get("from") or {}).get("id"),
                    "timestamp": rfc3339(comment["timestamp"]),
                }
    return table


def tagged_media(world: World, now: dt.datetime) -> Table:
    names = ("media_type", "caption", "permalink", "username")
    return {
        (node["id"], account_id): {
            "id": node["id"],
            "account_id": account_id,
            **{name: node.get(name) for name in names},
            "timestamp": rfc3339(node["timestamp"]),
        }
        for account_id in world.account_ids
        for node in world.tags(account_id, now)
    }
