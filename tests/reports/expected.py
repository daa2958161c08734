"""The formulas of the views, calculated a second time from the raw rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.truth import DOES_NOT_APPLY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, Any]
Tables = dict[str, list[Row]]
DAY = dt.timedelta(days=1)
GAINED = ("views", "likes", "like_count", "comments_count")
PACIFIC = ZoneInfo("America/Los_Angeles")
PRODUCTS = {
    "posts": "POST",
    "carousels": "CAROUSEL_CONTAINER",
    "reels": "REEL",
    "stories": "STORY",
    "ads": "AD",
}


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text[:10])


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def monday(date: dt.date) -> dt.date:
    return date - date.weekday() * DAY


def ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def difference(now: float | None, before: float | None) -> float | None:
    return now - before if now is not None and before is not None else None


def content_type(row: Mapping[str, Any]) -> str:
    if row["media_product_type"] == "REELS":
        return "Reel"
    return {"CAROUSEL_ALBUM": "Carousel", "IMAGE": "Image", "VIDEO": "Video"}[row["media_type"]]


def by(rows: Iterable[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in names)].append(row)
    return found


def account_daily(tables: Tables) -> dict[tuple[Any, ...], Row]:
    insights = {(row["account_id"], day(row["date"])): row for row in tables["account_insights"]}
    parts = by(tables["account_insights_breakdowns"], "account_id", "date")
    reach = {
        (row["account_id"], day(row["date"]), row["days"]): row["reach"]
        for row in tables["account_reach"]
    }
    followers = {
        (row["account_id"], day(row["date"])): row["followers_count"]
        for row in tables["account_history"]
    }
    found = {}
    for account, date in {*insights, *(key[:2] for key in reach)}:
        row = insights.get((account, date), {})
        split = [
            part
            for part in parts[account, date.isoformat()]
            if (part["metric"], part["breakdown"]) == ("views", "media_product_type")
        ]
        week = [insights.get((account, date - DAY * back), {}).get("views") for back in range(7)]
        found[account, date] = {
            "week": monday(date),
            "reach": row.get("reach"),
            "reach_7d": reach.get((account, date, 7)),
            "reach_28d": reach.get((account, date, 28)),
            "views": row.get("views"),
            "views_7d": None if None in week else sum(views for views in week if views),
            "followers": followers.get((account, date)),
            "net_follows": difference(row.get("follows"), row.get("unfollows")),
            "engagement_rate": ratio(row.get("total_interactions"), row.get("reach")),
            **{
                f"views_{name}": sum(p["value"] for p in split if p["dimension"] == dimension)
                if split
                else None
                for name, dimension in PRODUCTS.items()
            },
        }
    return found


def follower_growth(tables: Tables) -> dict[tuple[Any, ...], Row]:
    found: dict[tuple[Any, ...], Row] = {}
    insights = by(tables["account_insights"], "account_id")
    for (account,), readings in by(tables["account_history"], "account_id").items():
        read = {day(row["date"]): row["followers_count"] for row in readings}
        net = {
            day(row["date"]): difference(row.get("follows"), row.get("unfollows"))
            for row in insights[account,]
        }
        numbers: dict[dt.date, tuple[float | None, str | None]] = {}
        date, last = min(read), None
        while date <= max(*read, *net):
            last = read.get(date, last)
            numbers[date] = last, "read" if date in read else "carried"
            date += DAY
        date, estimate = min(read) - DAY, float(read[min(read)])
        is_known = True
        while date >= min(net):
            numbers[date] = (estimate, "estimated") if is_known else (None, None)
            gained = net.get(date)
            is_known = is_known and gained is not None
            estimate -= gained or 0
            date -= DAY
        for date, (number, source) in numbers.items():
            found[account, date] = {
                "followers": number,
                "followers_source": source,
                **{
                    f"change_{days}d": difference(
                        number, numbers.get(date - DAY * days, (None,))[0]
                    )
                    for days in (1, 7, 28)
                },
            }
    return found


def account_weekly(tables: Tables) -> dict[tuple[Any, ...], Row]:
    days = account_daily(tables)
    growth = follower_growth(tables)
    posted = [(row["account_id"], moment(row["timestamp"])) for row in tables["media"]]
    numbers: dict[tuple[Any, ...], Row] = {}
    for account, date in days:
        week = monday(date)
        dates = [week + DAY * n for n in range(7) if (account, week + DAY * n) in days]
        views = [days[account, date]["views"] for date in dates]
        sunday = week + DAY * 6
        numbers[account, week] = {
            "days_read": len(dates),
            "reach": days.get((account, sunday), {}).get("reach_7d"),
            "views": None if None in views else sum(views),
            "followers": growth.get((account, sunday), {}).get("followers"),
            "posts": sum(
                who == account and monday(when.astimezone(PACIFIC).date()) == week
                for who, when in posted
            ),
        }
    found = {}
    for (account, week), row in numbers.items():
        before = numbers.get((account, week - DAY * 7), {})
        is_comparable = row["days_read"] == before.get("days_read") == 7
        found[account, week] = {
            **row,
            **{
                f"{name}_change": difference(row[name], before.get(name)) if is_comparable else None
                for name in ("reach", "views", "followers", "posts")
            },
        }
    return found


def posts(tables: Tables, timezone: str) -> dict[tuple[Any, ...], Row]:
    insights = {row["media_id"]: row for row in tables["media_insights"]}
    views: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in tables["media"]:
        number = insights.get(row["id"], {}).get("views")
        if number is not None:
            views[row["account_id"], content_type(row)].append(number)
    listed = {
        account: max(row["listed_on"] for row in rows)
        for (account,), rows in by(tables["media"], "account_id").items()
    }
    found: dict[tuple[Any, ...], Row] = {}
    for row in tables["media"]:
        read, kind = insights.get(row["id"], {}), content_type(row)
        all_views = views[row["account_id"], kind]
        usual = median(all_views) if all_views else None
        local = moment(row["timestamp"]).astimezone(ZoneInfo(timezone))
        number = read.get("views")
        fewer = sum(other < number for other in all_views) if number is not None else None
        milliseconds = read.get("ig_reels_avg_watch_time")
        found[row["id"],] = {
            "account_id": row["account_id"],
            "content_type": kind,
            "views": number,
            "usual_views": usual,
            "views_vs_usual": ratio(number, usual),
            "views_percentile": ratio(fewer, len(all_views) - 1),
            "engagement_rate": ratio(read.get("total_interactions"), read.get("reach")),
            "average_watch_seconds": ratio(milliseconds, 1000),
            "skip_rate": ratio(read.get("reels_skip_rate"), 100),
            "posted_on": local.date(),
            "posted_week": monday(local.date()),
            "weekday": local.isoweekday(),
            "hour": local.hour,
            "is_listed": row["listed_on"] == listed[row["account_id"]],
        }
    return found


def post_daily(tables: Tables) -> dict[tuple[Any, ...], Row]:
    posted = {row["id"]: moment(row["timestamp"]).date() for row in tables["media"]}
    since = {
        account: min(day(row["date"]) for row in rows)
        for (account,), rows in by(tables["account_history"], "account_id").items()
    }
    insights = {
        (row["media_id"], day(row["snapshot_date"])): row
        for row in tables["media_insights_history"]
    }
    counts = {(row["media_id"], day(row["date"])): row for row in tables["media_history"]}
    found: dict[tuple[Any, ...], Row] = {}
    before: dict[str, Row] = {}
    last: dict[str, dt.date] = {}
    for media, date in sorted({*insights, *counts}):
        read, count = insights.get((media, date)), counts.get((media, date), {})
        account = (read or count)["account_id"]
        is_watched = posted[media] >= since[account]
        if media not in before:
            before[media] = dict.fromkeys(GAINED, 0) if is_watched else {}
            if is_watched:
                last[media] = posted[media] - DAY
        now = {name: {**(read or {}), **count}.get(name) for name in GAINED}
        found[media, date] = {
            "age_days": (date - posted[media]).days,
            "has_insights": read is not None,
            "days_covered": (date - last[media]).days if read and media in last else None,
            **now,
            **{f"{name}_gained": difference(now[name], before[media].get(name)) for name in GAINED},
        }
        before[media] |= {name: value for name, value in now.items() if value is not None}
        if read:
            last[media] = date
    return found


def content_weekly(tables: Tables, timezone: str) -> dict[tuple[Any, ...], Row]:
    found = {}
    groups = by(posts(tables, timezone).values(), "account_id", "posted_week", "content_type")
    for key, rows in groups.items():
        views = [row["views"] for row in rows if row["views"] is not None]
        found[key] = {
            "posts": len(rows),
            "median_views": median(views) if views else None,
            "views_of_posts": sum(views) if views else None,
        }
    return found


def best_time(tables: Tables, timezone: str) -> dict[tuple[Any, ...], Row]:
    online: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in tables["online_followers"]:
        midnight = dt.datetime.combine(day(row["date"]), dt.time(), PACIFIC)
        local = (midnight + dt.timedelta(hours=row["hour"])).astimezone(ZoneInfo(timezone))
        online[row["account_id"], local.isoweekday(), local.hour].append(row["followers_online"])
    posted = by(posts(tables, timezone).values(), "account_id", "weekday", "hour")
    return {
        key: {
            "posts": len(posted[key]),
            "has_few_posts": len(posted[key]) < 3,
            "followers_online": sum(online[key]) / len(online[key]) if online[key] else None,
        }
        for account in tables["accounts"]
        for key in ((account["id"], weekday, hour) for weekday in range(1, 8) for hour in range(24))
    }


def stories(tables: Tables) -> dict[tuple[Any, ...], Row]:
    insights = {row["media_id"]: row for row in tables["story_insights"]}
    return {
        (row["id"],): {
            "views": insights.get(row["id"], {}).get("views"),
            "exit_rate": ratio(
                insights.get(row["id"], {}).get("exits"), insights.get(row["id"], {}).get("views")
            ),
            "reply_rate": ratio(
                insights.get(row["id"], {}).get("replies"), insights.get(row["id"], {}).get("reach")
            ),
        }
        for row in tables["stories"]
    }


def audience(tables: Tables) -> dict[tuple[Any, ...], Row]:
    names = {"follower_demographics": "followers", "engaged_audience_demographics": "engaged"}
    readings = by(
        tables["audience_demographics"], "account_id", "snapshot_date", "metric", "timeframe"
    )
    newest: dict[tuple[str, ...], str] = {}
    for row in tables["audience_demographics"]:
        key = row["account_id"], row["metric"], row["timeframe"], row["breakdown"]
        newest[key] = max(newest.get(key, ""), row["snapshot_date"])
    found = {}
    for (account, date, metric, timeframe), rows in readings.items():
        everyone = sum(row["value"] for row in rows if row["breakdown"] == "age,gender")
        for row in rows:
            parts = (row[name] for name in ("city", "country", "age", "gender"))
            part = " ".join(name for name in parts if name != DOES_NOT_APPLY)
            dimension = row["breakdown"].replace(",", " and ")
            found[account, day(date), names[metric], timeframe, dimension, part] = {
                "value": row["value"],
                "share": ratio(row["value"], everyone),
                "is_latest": newest[account, metric, timeframe, row["breakdown"]] == date,
            }
    return found


def hashtags(tables: Tables, timezone: str) -> dict[tuple[Any, ...], Row]:
    described = posts(tables, timezone)
    used: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in tables["media"]:
        for tag in {tag.lower() for tag in row["hashtags"]}:
            used[row["account_id"], tag].append(described[row["id"],])
    return {
        key: {
            "posts": len(rows),
            "median_views_vs_usual": median(
                row["views_vs_usual"] for row in rows if row["views_vs_usual"] is not None
            ),
        }
        for key, rows in used.items()
    }
