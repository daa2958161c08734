"""The views of posts and stories, calculated a second time from the raw rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.reports.expected import (
    DAY,
    HOUR,
    PACIFIC,
    WEEKDAYS,
    by,
    day,
    difference,
    last_read,
    latest,
    middle,
    moment,
    monday,
    newest_first,
    ratio,
    total,
    usernames,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.reports.expected import Row, Tables, View

WEEK = DAY * 7
TOTALS = (
    *("reach", "views", "likes", "comments", "shares", "reposts", "total_interactions"),
    *("follows", "profile_visits"),
)
COUNTERS = ("like_count", "comments_count")
COUNTED = (*TOTALS, "saves", *COUNTERS)
STORY_METRICS = (
    *("reach", "views", "replies", "shares", "reposts", "total_interactions", "follows"),
    *("profile_visits", "link_clicks", "navigation", "taps_forward", "taps_back"),
    *("swipes_forward", "exits"),
)


def content_type(row: Mapping[str, Any]) -> str:
    if row["media_product_type"] == "REELS":
        return "Reel"
    return {"CAROUSEL_ALBUM": "Carousel", "IMAGE": "Image", "VIDEO": "Video"}[row["media_type"]]


def local_times(row: Row, timezone: str) -> Row:
    local = moment(row["timestamp"]).astimezone(ZoneInfo(timezone))
    return {
        "posted_at": moment(row["timestamp"]),
        "posted_local": local.replace(tzinfo=None),
        "timezone": timezone,
    }


def posts(tables: Tables, timezone: str) -> View:
    listed = {
        account: last_read(rows) for (account,), rows in by(tables["media"], "account_id").items()
    }
    readings = by(tables["media_insights"], "media_id")
    found: View = {}
    for row in tables["media"]:
        rows = readings[row["id"],]
        local = moment(row["timestamp"]).astimezone(ZoneInfo(timezone))
        found[row["id"],] = {
            "account_id": row["account_id"],
            "username": usernames(tables)[row["account_id"]],
            "content_type": content_type(row),
            **{name: row[name] for name in ("permalink", "caption", "caption_length")},
            "hashtags": " ".join(row["hashtags"]) or None,
            "slides": row["children_count"],
            **local_times(row, timezone),
            "posted_on": local.date(),
            "posted_week": monday(local.date()),
            "weekday": local.isoweekday(),
            "weekday_name": WEEKDAYS[local.weekday()],
            "hour": local.hour,
            "read_at": last_read(rows) if rows else None,
            "listed_at": moment(row["read_at"]),
            "is_listed": listed[row["account_id"]] - moment(row["read_at"]) < HOUR * 12,
            **latest_of_post(row, rows),
        }
    return compared(found)


def latest_of_post(row: Row, rows: Sequence[Row]) -> Row:
    numbers = {name: latest(rows, name) for name in TOTALS}
    for name in ("likes", "comments", "shares", "reposts"):
        listed = row.get(f"{name.removesuffix('s') if name == 'likes' else name}_count")
        numbers[name] = listed if numbers[name] is None else numbers[name]
    numbers["saves"] = latest(rows, "saved")
    rates = {
        f"{name}_rate": ratio(numbers[of], numbers["reach"])
        for name, of in {
            "engagement": "total_interactions",
            "like": "likes",
            "comment": "comments",
            "save": "saves",
            "share": "shares",
        }.items()
    }
    return {
        **numbers,
        **rates,
        "average_watch_seconds": ratio(latest(rows, "ig_reels_avg_watch_time"), 1000),
        "watch_hours": ratio(latest(rows, "ig_reels_video_view_total_time"), 3_600_000),
        "skip_rate": ratio(latest(rows, "reels_skip_rate"), 100),
        "views_with_ads": latest(rows, "total_views"),
    }


def compared(described: View) -> View:
    """The rows with each post beside all posts of its account and type."""
    found: View = {}
    for rows in by(
        ({"key": key, **row} for key, row in described.items()), "account_id", "content_type"
    ).values():
        views = [row["views"] for row in rows if row["views"] is not None]
        usual = middle(views)
        for row in rows:
            number = row["views"]
            fewer = None if number is None else sum(other < number for other in views)
            found[row["key"]] = {
                **described[row["key"]],
                "usual_views": usual,
                "views_vs_usual": ratio(number, usual),
                "views_percentile": ratio(fewer, len(views) - 1),
            }
    return found


def readings_of_posts(tables: Tables) -> list[Row]:
    """The readings of insights and of counters, those of one hour together."""
    found: dict[tuple[Any, ...], Row] = {}
    for table in ("media_insights", "media_history"):
        for row in tables[table]:
            key = row["media_id"], row["snapshot_date"], row["hour"]
            reading = found.setdefault(key, {"has_insights": False, "read_at": row["read_at"]})
            reading |= {name: value for name, value in row.items() if name != "read_at"}
            if table == "media_insights":
                reading |= {"has_insights": True, "saves": row["saved"]}
    return [*found.values()]


def gains(
    tables: Tables, readings: Iterable[Row], when: Callable[[Row], Any]
) -> Iterable[tuple[Row, Row, Any]]:
    """Yield each reading, with its common columns and when insights were read before it."""
    media = {row["id"]: row for row in tables["media"]}
    since = {
        account: min(day(row["snapshot_date"]) for row in rows)
        for (account,), rows in by(tables["account_history"], "account_id").items()
    }
    for (media_id,), rows in by(readings, "media_id").items():
        post = media[media_id]
        posted = moment(post["timestamp"])
        is_watched = posted.date() >= since[post["account_id"]]
        before: Row = dict.fromkeys(COUNTED, 0) if is_watched else {}
        last = None
        for row in reversed(newest_first(rows)):
            common = {
                "account_id": post["account_id"],
                "username": usernames(tables)[post["account_id"]],
                "content_type": content_type(post),
                "posted_at": posted,
                "has_insights": row["has_insights"],
                **{name: row.get(name) for name in COUNTED},
                **{f"{n}_gained": difference(row.get(n), before.get(n)) for n in COUNTED},
            }
            yield row, common, last if last is not None or not is_watched else "posted"
            before |= {name: row[name] for name in COUNTED if row.get(name) is not None}
            last = when(row) if row["has_insights"] else last


def post_hourly(tables: Tables) -> View:
    def when(row: Row) -> dt.datetime:
        return moment(row["read_at"])

    found: View = {}
    for row, common, last in gains(tables, readings_of_posts(tables), when):
        age = when(row) - common["posted_at"]
        covered = age if last == "posted" else when(row) - last if last else None
        if age < WEEK:
            found[row["media_id"], day(row["snapshot_date"]), row["hour"]] = {
                **common,
                "read_at": when(row),
                "hours_since_posted": age / HOUR,
                "hours_covered": covered / HOUR if row["has_insights"] and covered else None,
            }
    return found


def post_daily(tables: Tables) -> View:
    def when(row: Row) -> dt.date:
        return day(row["snapshot_date"])

    dates = [
        {
            "media_id": media_id,
            "snapshot_date": date,
            "hour": 0,
            "has_insights": any(row["has_insights"] for row in rows),
            **{name: latest(rows, name) for name in COUNTED},
        }
        for (media_id, date), rows in by(
            readings_of_posts(tables), "media_id", "snapshot_date"
        ).items()
    ]
    found: View = {}
    for row, common, last in gains(tables, dates, when):
        posted = common["posted_at"].date()
        first = posted - DAY if last == "posted" else last
        found[row["media_id"], when(row)] = {
            **common,
            "age_days": (when(row) - posted).days,
            "days_covered": (when(row) - first).days if row["has_insights"] and first else None,
        }
    return found


def content_weekly(tables: Tables, timezone: str) -> View:
    groups = by(posts(tables, timezone).values(), "account_id", "posted_week", "content_type")
    medians = ("reach", "views", "engagement_rate", "views_vs_usual")
    sums = {"views": "views", "interactions": "total_interactions", "reach": "reach"}
    return {
        key: {
            "username": rows[0]["username"],
            "posts": len(rows),
            **{f"median_{name}": middle(row[name] for row in rows) for name in medians},
            **{f"{name}_of_posts": total(row[of] for row in rows) for name, of in sums.items()},
            "timezone": timezone,
        }
        for key, rows in groups.items()
    }


def best_time(tables: Tables, timezone: str) -> View:
    online: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in tables["online_followers"]:
        midnight = dt.datetime.combine(day(row["date"]), dt.time(), PACIFIC)
        local = (midnight + HOUR * row["hour"]).astimezone(ZoneInfo(timezone))
        online[row["account_id"], local.isoweekday(), local.hour].append(row["followers_online"])
    posted = by(posts(tables, timezone).values(), "account_id", "weekday", "hour")
    return {
        key: {
            "username": account["username"],
            "weekday_name": WEEKDAYS[key[1] - 1],
            "timezone": timezone,
            "posts": len(posted[key]),
            "has_few_posts": len(posted[key]) < 3,
            "median_views_vs_usual": middle(row["views_vs_usual"] for row in posted[key]),
            "followers_online": sum(online[key]) / len(online[key]) if online[key] else None,
        }
        for account in tables["accounts"]
        for key in ((account["id"], weekday, hour) for weekday in range(1, 8) for hour in range(24))
    }


def stories(tables: Tables, timezone: str) -> View:
    readings = by(tables["story_insights"], "media_id")
    found: View = {}
    for row in tables["stories"]:
        rows = readings[row["id"],]
        numbers = {name: latest(rows, name) for name in STORY_METRICS}
        rates = {
            "forward": "taps_forward",
            "back": "taps_back",
            "next_account": "swipes_forward",
            "exit": "exits",
        }
        found[row["id"],] = {
            "account_id": row["account_id"],
            "username": usernames(tables)[row["account_id"]],
            "content_type": content_type(row),
            "permalink": row["permalink"],
            **local_times(row, timezone),
            "read_at": last_read(rows) if rows else None,
            **numbers,
            **{f"{name}_rate": ratio(numbers[of], numbers["views"]) for name, of in rates.items()},
            "reply_rate": ratio(numbers["replies"], numbers["reach"]),
        }
    return found


def hashtags(tables: Tables, timezone: str) -> View:
    described = posts(tables, timezone)
    used: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in tables["media"]:
        for tag in {tag.lower() for tag in row["hashtags"]}:
            used[row["account_id"], tag].append(described[row["id"],])
    return {
        key: {
            "username": rows[0]["username"],
            "posts": len(rows),
            "has_few_posts": len(rows) < 3,
            "first_used_at": min(row["posted_at"] for row in rows),
            "last_used_at": max(row["posted_at"] for row in rows),
            "median_views": middle(row["views"] for row in rows),
            "median_views_vs_usual": middle(row["views_vs_usual"] for row in rows),
        }
        for key, rows in used.items()
    }


def social_rollup(tables: Tables, timezone: str) -> View:
    return {
        key: {
            "platform": "instagram",
            "page_id": row["account_id"],
            "page_name": row["username"],
            "created_timestamp": row["posted_at"],
            "post_message": row["caption"],
            "post_url": row["permalink"],
            "clicks": None,
            "impressions": None,
            **{name: row[name] for name in ("views", "likes", "comments", "shares")},
        }
        for key, row in posts(tables, timezone).items()
    }
