"""The views, calculated a second time from the raw rows: every column of each."""

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
View = dict[tuple[Any, ...], Row]
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
PACIFIC = ZoneInfo("America/Los_Angeles")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PRODUCTS = {
    "posts": "POST",
    "carousels": "CAROUSEL_CONTAINER",
    "reels": "REEL",
    "stories": "STORY",
    "ads": "AD",
}
FOLLOW_TYPES = {"followers": "FOLLOWER", "non_followers": "NON_FOLLOWER"}
DAY_METRICS = (
    *("follows", "unfollows", "reach", "views", "accounts_engaged", "total_interactions", "likes"),
    *("comments", "shares", "saves", "replies", "reposts", "profile_views", "profile_links_taps"),
    "website_clicks",
)
WEEK_SUMS = (
    *("views", "total_interactions", "likes", "comments", "shares", "saves", "replies", "reposts"),
    *("profile_views", "profile_links_taps", "website_clicks", "follows", "unfollows"),
    "net_follows",
)
WEEK_CHANGES = ("followers", "reach", *WEEK_SUMS, "posts", "stories")
REASONS = (
    *("meta_error", "rate_limited", "permission", "retired", "empty", "unplaced", "unsupported"),
    "gone",
    *("before_conversion", "too_few_viewers", "too_few_followers"),
)
REPAIRABLE = frozenset({"meta_error", "rate_limited", "permission", "unplaced"})


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


def total(numbers: Iterable[float | None]) -> float | None:
    """The sum of those that are known; None if none is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def middle(numbers: Iterable[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return median(known) if known else None


def by(rows: Iterable[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in names)].append(row)
    return found


def newest_first(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["snapshot_date"], row["hour"]), reverse=True)


def latest(rows: Iterable[Row], name: str) -> Any:
    """The last value of a column that is not NULL."""
    return next((row[name] for row in newest_first(rows) if row.get(name) is not None), None)


def last_read(rows: Iterable[Row]) -> dt.datetime:
    return max(moment(row["read_at"]) for row in rows)


def usernames(tables: Tables) -> dict[str, str]:
    return {row["id"]: row["username"] for row in tables["accounts"]}


def accounts(tables: Tables, timezone: str) -> View:
    copied = (
        *("username", "name", "biography", "website", "profile_picture_url", "follows_count"),
        *("media_count", "account_type", "page_id", "page_name"),
    )
    return {
        (row["id"],): {
            **{name: row[name] for name in copied},
            "followers": row["followers_count"],
            "read_at": moment(row["read_at"]),
            "timezone": timezone,
        }
        for row in tables["accounts"]
    }


def followers_by_date(tables: Tables) -> dict[tuple[str, dt.date], int | None]:
    return {
        (account, day(date)): latest(rows, "followers_count")
        for (account, date), rows in by(
            tables["account_history"], "account_id", "snapshot_date"
        ).items()
    }


def parts(rows: Iterable[Row], metric: str, breakdown: str, names: Mapping[str, str]) -> Row:
    """The parts of a metric of a day; a part that is missing beside others is zero."""
    split = {
        row["breakdown_value"]: row["value"]
        for row in rows
        if (row["metric"], row["breakdown"]) == (metric, breakdown)
    }
    other = "unknown_followers" if breakdown == "follow_type" else "other"
    found: Row = {f"{metric}_{name}": split.pop(part, 0) for name, part in names.items()}
    found[f"{metric}_{other}"] = sum(split.values())
    has_parts = any((row["metric"], row["breakdown"]) == (metric, breakdown) for row in rows)
    return found if has_parts else dict.fromkeys(found)


def account_daily(tables: Tables) -> View:
    insights = {(row["account_id"], day(row["date"])): row for row in tables["account_insights"]}
    splits = by(tables["account_insights_breakdowns"], "account_id", "date")
    reach = {
        (row["account_id"], day(row["date"]), row["days"]): row["reach"]
        for row in tables["account_reach"]
    }
    followers, names = followers_by_date(tables), usernames(tables)
    found = {}
    of_splits = {(account, day(date)) for account, date in splits}
    for account, date in {*insights, *of_splits, *(key[:2] for key in reach)}:
        row, split = insights.get((account, date), {}), splits[account, date.isoformat()]
        week = [insights.get((account, date - DAY * back), {}).get("views") for back in range(7)]
        found[account, date] = {
            "username": names[account],
            "week": monday(date),
            "followers": followers.get((account, date)),
            "new_followers": row.get("follower_count"),
            **{name: row.get(name) for name in DAY_METRICS},
            "net_follows": difference(row.get("follows"), row.get("unfollows")),
            "reach_7d": reach.get((account, date, 7)),
            "reach_28d": reach.get((account, date, 28)),
            "views_7d": None if None in week else sum(views for views in week if views),
            "engagement_rate": ratio(row.get("total_interactions"), row.get("reach")),
            "is_final": row.get("is_final"),
        }
        for metric in ("reach", "views"):
            found[account, date] |= parts(split, metric, "follow_type", FOLLOW_TYPES)
        for metric in ("reach", "views", "total_interactions"):
            found[account, date] |= parts(split, metric, "media_product_type", PRODUCTS)
    return found


def follower_growth(tables: Tables) -> View:
    insights = by(tables["account_insights"], "account_id")
    numbers_read = followers_by_date(tables)
    found: View = {}
    for account, username in usernames(tables).items():
        read = {
            date: number
            for (owner, date), number in numbers_read.items()
            if owner == account and number is not None
        }
        rows = {day(row["date"]): row for row in insights[account,]}
        net = {
            date: difference(row.get("follows"), row.get("unfollows")) for date, row in rows.items()
        }
        numbers = carried(read, max(*read, *net)) | estimated(read, net)
        for date, (number, source) in numbers.items():
            found[account, date] = {
                "username": username,
                "followers": number,
                "followers_source": source,
                "follows": rows.get(date, {}).get("follows"),
                "unfollows": rows.get(date, {}).get("unfollows"),
                "net_follows": net.get(date),
                **{
                    f"change_{days}d": difference(
                        number, numbers.get(date - DAY * days, (None,))[0]
                    )
                    for days in (1, 7, 28)
                },
            }
    return found


Followers = dict[dt.date, tuple["float | None", "str | None"]]


def carried(read: Mapping[dt.date, int], last_date: dt.date) -> Followers:
    """The numbers from the first reading on."""
    numbers: Followers = {}
    date, last = min(read), None
    while date <= last_date:
        last = read.get(date, last)
        numbers[date] = last, "read" if date in read else "carried"
        date += DAY
    return numbers


def estimated(read: Mapping[dt.date, int], net: Mapping[dt.date, float | None]) -> Followers:
    """The numbers before the first reading, back to a day whose follows are not known."""
    numbers: Followers = {}
    date, estimate, is_known = min(read) - DAY, float(read[min(read)]), True
    while date >= min(net):
        numbers[date] = (estimate, "estimated") if is_known else (None, None)
        gained = net.get(date)
        is_known = is_known and gained is not None
        estimate -= gained or 0
        date -= DAY
    return numbers


def account_weekly(tables: Tables) -> View:
    days, growth = account_daily(tables), follower_growth(tables)
    posted = {name: published_by_week(tables[name]) for name in ("media", "stories")}
    first_story: dict[str, dt.date] = {}
    for account, week in sorted(posted["stories"]):
        first_story.setdefault(account, week)
    numbers: View = {}
    for account, week in {(account, monday(date)) for account, date in days}:
        dates = [week + DAY * n for n in range(7) if (account, week + DAY * n) in days]
        of_week, sunday = [days[account, date] for date in dates], (account, week + DAY * 6)
        has_seen_stories = account in first_story and week >= first_story[account]
        numbers[account, week] = {
            "username": of_week[0]["username"],
            "days_read": len(dates),
            "is_whole": len(dates) == 7,
            "is_final": sum(bool(row["is_final"]) for row in of_week) == 7,
            "followers": growth.get(sunday, {}).get("followers"),
            "reach": days.get(sunday, {}).get("reach_7d"),
            **{
                name: None if None in (values := [row[name] for row in of_week]) else sum(values)
                for name in WEEK_SUMS
            },
            "posts": posted["media"].get((account, week), 0),
            "stories": posted["stories"].get((account, week), 0) if has_seen_stories else None,
        }
    found = {}
    for (account, week), row in numbers.items():
        before = numbers.get((account, week - DAY * 7), {})
        is_comparable = row["days_read"] == before.get("days_read") == 7
        changes = {
            f"{name}_change": difference(row[name], before[name]) if is_comparable else None
            for name in WEEK_CHANGES
        }
        found[account, week] = row | changes
    return found


def published_by_week(rows: Iterable[Row]) -> dict[tuple[str, dt.date], int]:
    """The number of media of each account and week."""
    found: dict[tuple[str, dt.date], int] = defaultdict(int)
    for row in rows:
        posted = moment(row["timestamp"]).astimezone(PACIFIC).date()
        found[row["account_id"], monday(posted)] += 1
    return dict(found)


def audience(tables: Tables) -> View:
    names = {"follower_demographics": "followers", "engaged_audience_demographics": "engaged"}
    split = ("account_id", "snapshot_date", "metric", "timeframe", "breakdown")
    groups = by(tables["audience_demographics"], *split)
    last = {key: max(row["hour"] for row in rows) for key, rows in groups.items()}
    newest: dict[tuple[str, ...], str] = {}
    for account, date, *rest in last:
        key = (account, *rest)
        newest[key] = max(newest.get(key, ""), date)
    everyone: dict[tuple[str, ...], int] = {}
    for key, rows in groups.items():
        if key[-1] == "age,gender":
            everyone[key[:-1]] = sum(row["value"] for row in rows if row["hour"] == last[key])
    found = {}
    for (account, date, metric, timeframe, breakdown), rows in groups.items():
        whole = everyone.get((account, date, metric, timeframe))
        for row in rows:
            if row["hour"] != last[account, date, metric, timeframe, breakdown]:
                continue
            who = {
                name: None if row[name] == DOES_NOT_APPLY else row[name]
                for name in ("city", "country", "age", "gender")
            }
            part = " ".join(value for value in who.values() if value)
            dimension = breakdown.replace(",", " and ")
            found[account, day(date), names[metric], timeframe, dimension, part] = {
                "username": usernames(tables)[account],
                **who,
                "value": row["value"],
                "value_of_all": whole,
                "share": ratio(row["value"], whole),
                "is_latest": newest[account, metric, timeframe, breakdown] == date,
            }
    return found


def sync_health(tables: Tables, today: dt.date) -> View:
    found: View = {}
    gaps = by(tables["insight_gaps"], "account_id")
    for account in tables["accounts"]:
        rows = [row for row in tables["account_insights"] if row["account_id"] == account["id"]]
        recent = [
            gap["reason"] for gap in gaps[account["id"],] if day(gap["last_date"]) > today - DAY * 7
        ]
        repairable = sum(reason in REPAIRABLE for reason in recent)
        found[account["id"],] = {
            "username": account["username"],
            "last_day": max(day(row["date"]) for row in rows),
            "read_at": moment(account["read_at"]),
            "days_not_final": sum(row["is_final"] is False for row in rows),
            "gaps_7d": len(recent),
            "repairable_gaps_7d": repairable,
            **{f"gaps_7d_{reason}": recent.count(reason) for reason in REASONS},
            "state": "gaps" if repairable else "good",
        }
    return found
