"""What a world's media and stories ought to give, and what others say and post."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from tests.truth.captions import hashtags, mentions
from tests.truth.comparison import DAY, moment, read_at, reading, rfc3339

if TYPE_CHECKING:
    from instagram_sandbox.graph_api import World
    from tests.truth.comparison import Table


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
                "hashtags": hashtags(caption),
                "mentions": mentions(caption),
                "caption_length": len(caption),
                "children_count": len(node["children"]) if "children" in node else None,
                "snapshot_date": now.date().isoformat(),
                **read_at(now),
            }
    return table


COUNTER_COLUMNS = (
    *("like_count", "comments_count", "shares_count", "reposts_count", "total_like_count"),
    *("total_comments_count", "total_views_count"),
)


def media_history(world: World, now: dt.datetime) -> Table:
    """The counters of all media, as a run writes them that reads them for the first time."""
    return {
        (row["id"], *moment(now)): {
            "account_id": row["account_id"],
            "media_id": row["id"],
            **reading(now),
            **{name: row[name] for name in COUNTER_COLUMNS if name in row},
        }
        for row in media(world, now).values()
    }


CHILD_COLUMNS = (*("media_type", "media_url", "thumbnail_url", "shortcode", "alt_text"),)


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
            left_out = set() if node["media_product_type"] == "REELS" else {"facebook_views"}
            if not facebook:
                left_out |= FACEBOOK_INSIGHTS
            names = [name for name in INSIGHT_COLUMNS if name not in left_out]
            given = {name: figures[name] for name in names if name in figures}
            if given:
                key = (node["id"], *moment(now))
                table[key] = {
                    "media_id": node["id"],
                    "account_id": account_id,
                    **reading(now),
                    "media_type": node["media_type"],
                    "media_product_type": node["media_product_type"],
                    **given,
                }
    return table


def ages(world: World, now: dt.datetime) -> dict[str, float]:
    """The age of each media in days."""
    return {
        node["id"]: (now - dt.datetime.fromisoformat(rfc3339(node["timestamp"]))) / DAY
        for account_id in world.account_ids
        for node in world.media(account_id, now)
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
                **read_at(now),
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
            key = (node["id"], *moment(now))
            table[key] = {
                "media_id": node["id"],
                "account_id": account_id,
                **reading(now),
                "timestamp": rfc3339(node["timestamp"]),
                **{name: figures[name] for name in names if name in figures},
                **{name: split.get(part, 0 if split else None) for name, part in NAVIGATED.items()},
            }
    return table


def media_insights_breakdowns(world: World, now: dt.datetime) -> Table:
    asked = (("profile_activity", "action_type"), ("navigation", "story_navigation_action_type"))
    table: Table = {}
    for account_id in world.account_ids:
        for node in (*world.media(account_id, now), *world.stories(account_id, now)):
            for metric, breakdown in asked:
                for part, value in world.media_breakdown(node["id"], metric, now).items():
                    key = (node["id"], *moment(now), metric, breakdown, part.upper())
                    table[key] = {
                        "media_id": node["id"],
                        "account_id": account_id,
                        "metric": metric,
                        "breakdown": breakdown,
                        "breakdown_value": part.upper(),
                        **reading(now),
                        "value": value,
                    }
    return table


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


def collaborative_media(world: World, now: dt.datetime) -> Table:
    """The media of others on which accounts collaborate, as the partner lists them."""
    partners = {
        node["id"]: node
        for account_id in world.account_ids
        for node in world.media(account_id, now)
    }
    names = (
        *("media_type", "media_product_type", "caption", "permalink", "username", "like_count"),
        *("comments_count", "shares_count", "reposts_count"),
    )
    return {
        (post.id, account_id): {
            "id": post.id,
            "account_id": account_id,
            **{name: partners[post.id].get(name) for name in names},
            "timestamp": rfc3339(partners[post.id]["timestamp"]),
        }
        for account_id in world.account_ids
        for post in world.collaborations(account_id, now)
    }


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
