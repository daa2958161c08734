"""What the page says of one account: cards, pictures with their texts, tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from instagram_report import charts
from instagram_report.texts import change, count, factor, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from instagram_report.charts import Spec
    from instagram_report.views import Row

RECENT_POSTS = 12
TOP_POSTS = 10
TOP_DAYS = 90
CAPTION_LENGTH = 80
CARDS = {
    "Followers": "followers",
    "Reach": "reach",
    "Views": "views",
    "Interactions": "total_interactions",
    "Profile visits": "profile_views",
    "Posts published": "posts",
}
STEPS = {
    "Views": "views",
    "Taps forward": "taps_forward",
    "Taps back": "taps_back",
    "To the next account": "swipes_forward",
    "Exits": "exits",
    "Replies": "replies",
}
FROM_100 = "Meta gives them to accounts with 100 followers or more."
STATES = {
    "good": "The data are up to date.",
    "late": "The data are late: the account was not read for more than 48 hours.",
    "gaps": "Some numbers are missing that a later run, or a permission, can bring.",
    "unknown": "The account was never read.",
}


@dataclass(frozen=True)
class Card:
    """A number of the last whole week, with its change to the week before."""

    title: str
    value: str
    change: str


@dataclass(frozen=True)
class Picture:
    """A chart and its text.

    Attributes:
        name: Name of the picture, which is unique within an account.
        title: Heading.
        note: What the numbers are, and what must not be done with them.
        summary: What the picture shows, in words and numbers.
        spec: The Vega-Lite specification. None if there is nothing to draw.
    """

    name: str
    title: str
    note: str
    summary: str
    spec: Spec | None


@dataclass(frozen=True)
class Account:
    """Everything that the page says of one account."""

    id: str
    username: str
    name: str
    week: str
    cards: list[Card]
    pictures: list[Picture]
    top_posts: list[dict[str, str]]
    health: dict[str, str]


Rows = dict[str, "list[Row]"]


def describe(account: Row, rows: Rows) -> Account:
    """Describe an account.

    Args:
        account: Its row of the query `accounts`.
        rows: Its rows of the other queries, by the name of the query.
    """
    weeks = [week for week in rows["weeks"] if week["is_whole"]]
    last_week = weeks[-1] if weeks else None
    return Account(
        id=account["account_id"],
        username=account["username"] or account["account_id"],
        name=account["name"] or "",
        week=_week(last_week),
        cards=list(_cards(last_week)),
        pictures=[
            _followers(rows["followers"]),
            _reach(rows["days"]),
            _views(rows["days"]),
            _follows(rows["days"]),
            _best_time(rows["hours"], rows["posts"], account["timezone"]),
            _usual_views(rows["posts"]),
            _growth(rows["readings"], rows["posts"]),
            _ages(rows["audience"]),
            _countries(rows["audience"]),
            _stories(rows["stories"]),
        ],
        top_posts=_top_posts(rows["posts"]),
        health=_health(rows["health"]),
    )


def _week(week: Row | None) -> str:
    if week is None:
        return "There is no whole week of data yet."
    last = week["week"] + dt.timedelta(days=6)
    return f"Week from {week['week']:%d %B} to {last:%d %B %Y}, compared with the week before."


def _cards(week: Row | None) -> Iterator[Card]:
    for title, column in CARDS.items():
        if week is None:
            yield Card(title, count(None), change(None, None))
        else:
            difference = week[f"{column}_change"]
            yield Card(title, count(week[column]), change(week[column], difference))


def _followers(rows: Sequence[Row]) -> Picture:
    summary = "There is no number of followers yet."
    if len(rows) == 1:
        summary = f"{count(rows[0]['followers'])} followers on {rows[0]['date']:%d %B %Y}."
    elif rows:
        first, last = rows[0], rows[-1]
        summary = (
            f"{count(first['followers'])} followers on {first['date']:%d %B %Y},"
            f" {count(last['followers'])} on {last['date']:%d %B %Y}:"
            f" {change(last['followers'], last['followers'] - first['followers'])}."
        )
    if any(row["followers_source"] == "estimated" for row in rows):
        summary += (
            " Dotted numbers are estimated from follows and unfollows before the first reading."
        )
    return Picture(
        "followers",
        "Followers",
        "Meta keeps no history of this number: it is known from the first reading on.",
        summary,
        charts.followers(rows) if rows else None,
    )


def _reach(rows: Sequence[Row]) -> Picture:
    known = [row for row in rows if row["reach"] is not None]
    summary = "There is no reach of these days."
    if known:
        best = max(known, key=lambda row: row["reach"])
        summary = f"Best day: {count(best['reach'])} accounts on {best['date']:%d %B %Y}."
        weekly = [row for row in rows if row["reach_7d"] is not None]
        if weekly:
            last = weekly[-1]
            summary += (
                f" In the 7 days up to {last['date']:%d %B}: {count(last['reach_7d'])} accounts."
            )
    return Picture(
        "reach",
        "Reach",
        "Accounts that saw any content, ads included. They are people: do not add up days.",
        summary,
        charts.reach(rows) if known else None,
    )


def _views(rows: Sequence[Row]) -> Picture:
    totals = {kind: sum(row[column] or 0 for row in rows) for kind, column in charts.KINDS.items()}
    everything = sum(totals.values())
    parts = sorted(totals.items(), key=lambda part: -part[1])
    summary = "There are no views of these days."
    if everything:
        summary = "Views by kind: " + ", ".join(
            f"{kind} {percent(views / everything)}" for kind, views in parts if views
        )
        summary += f"; {count(everything)} in all."
    return Picture(
        "views",
        "Views by kind of content",
        "How often content was played or shown, by US Pacific day.",
        summary,
        charts.views_by_kind(rows) if everything else None,
    )


def _follows(rows: Sequence[Row]) -> Picture:
    known = [row for row in rows if row["follows"] is not None and row["unfollows"] is not None]
    gained = sum(row["follows"] for row in known)
    lost = sum(row["unfollows"] for row in known)
    summary = f"There are no follows yet. {FROM_100}"
    if known:
        summary = f"{count(gained)} follows and {count(lost)} unfollows in {len(known)} days."
    return Picture(
        "follows",
        "Follows and unfollows",
        "By US Pacific day.",
        summary,
        charts.follows(rows) if known else None,
    )


def _best_time(hours: Sequence[Row], posts: Sequence[Row], timezone: str) -> Picture:
    known = [row for row in hours if row["followers_online"] is not None]
    summary = "There are no hours in which followers are online."
    if known:
        best = max(known, key=lambda row: row["followers_online"])
        summary = (
            f"Most followers are online on {best['weekday_name']} from {best['hour']}:00:"
            f" {count(best['followers_online'])} on average."
        )
    return Picture(
        "best-time",
        "When followers are online, and when you post",
        f"Averages by weekday and hour, time zone {timezone}. A dot stands for posts of that hour.",
        summary,
        charts.best_time(hours, posts) if known or posts else None,
    )


def _usual_views(posts: Sequence[Row]) -> Picture:
    usual = {
        post["content_type"]: post["usual_views"]
        for post in posts
        if post["usual_views"] is not None
    }
    ordered = dict(sorted(usual.items(), key=lambda item: -item[1]))
    summary = "There are no posts with views yet."
    if ordered:
        summary = "Median views: " + ", ".join(f"{k} {count(v)}" for k, v in ordered.items()) + "."
    return Picture(
        "usual-views",
        "Usual views by type of post",
        "The median of all posts of a type: half of them have more views.",
        summary,
        charts.usual_views(ordered) if ordered else None,
    )


def _growth(readings: Sequence[Row], posts: Sequence[Row]) -> Picture:
    read = {row["media_id"] for row in readings}
    recent = [post for post in posts if post["media_id"] in read][:RECENT_POSTS]
    captions = {post["media_id"]: short(post["caption"]) for post in recent}
    summary = "There are no readings of recent posts yet."
    if recent:
        views = [post["views"] for post in recent if post["views"] is not None]
        summary = f"The {len(recent)} newest posts"
        summary += f" have {count(median(views))} views in the median." if views else "."
    return Picture(
        "growth",
        "How recent posts grow",
        "Views since posting, one line for each post and one dot for each reading.",
        summary,
        charts.growth(readings, captions) if recent else None,
    )


def _ages(audience: Sequence[Row]) -> Picture:
    rows = [row for row in audience if row["dimension"] == "age and gender"]
    summary = f"There are no such numbers yet. {FROM_100}"
    if rows:
        largest = rows[0]
        gender = charts.GENDERS.get(largest["gender"], largest["gender"])
        summary = (
            f"Largest group: {gender}, {largest['age']} years, {percent(largest['share'])}"
            f" of {count(sum(row['value'] for row in rows))} followers."
        )
    return Picture(
        "ages",
        "Followers by age and gender",
        "Shares of all followers whose age and gender Meta gives.",
        summary,
        charts.ages(rows) if rows else None,
    )


def _countries(audience: Sequence[Row]) -> Picture:
    rows = [row for row in audience if row["dimension"] == "country" and row["share"] is not None]
    summary = f"There are no such numbers yet. {FROM_100}"
    if rows:
        summary = "Largest countries: " + ", ".join(
            f"{row['country']} {percent(row['share'])}" for row in rows[:3]
        )
        summary += "."
    return Picture(
        "countries",
        "Followers by country",
        "The ten largest countries. Meta gives 45 at most, so the sum is below 100 %.",
        summary,
        charts.countries(rows) if rows else None,
    )


def _stories(stories: Sequence[Row]) -> Picture:
    seen = [story for story in stories if story["views"] is not None]
    totals = {name: sum(story[column] or 0 for story in seen) for name, column in STEPS.items()}
    summary = "There are no stories with insights in the last 28 days."
    if seen:
        views = totals["Views"]
        summary = (
            f"{len(seen)} stories in 28 days with {count(views)} views;"
            f" people left at {percent(totals['Exits'] / views if views else None)} of the views."
        )
    return Picture(
        "stories",
        "Stories",
        "Stories of the last 28 days that 5 accounts or more have seen.",
        summary,
        charts.story_steps(totals) if seen else None,
    )


def _top_posts(posts: Sequence[Row]) -> list[dict[str, str]]:
    known = [post for post in posts if post["views"] is not None and post["posted_at"]]
    if not known:
        return []
    since = max(post["posted_at"] for post in known) - dt.timedelta(days=TOP_DAYS)
    recent = [post for post in known if post["posted_at"] >= since]
    best = sorted(recent, key=lambda post: -post["views"])[:TOP_POSTS]
    return [
        {
            "posted": f"{post['posted_at']:%d %b %Y}",
            "type": post["content_type"] or "",
            "caption": short(post["caption"]),
            "link": _web_address(post["permalink"]),
            "views": count(post["views"]),
            "reach": count(post["reach"]),
            "interactions": count(post["total_interactions"]),
            "engagement": percent(post["engagement_rate"]),
            "usual": factor(post["views_vs_usual"]),
            "note": "no longer listed" if post["is_listed"] is False else "",
        }
        for post in best
    ]


def _health(rows: Sequence[Row]) -> dict[str, str]:
    if not rows:
        return {"State": STATES["unknown"]}
    row = rows[0]
    reasons = {
        name.removeprefix("gaps_7d_"): number
        for name, number in row.items()
        if name.startswith("gaps_7d_") and number
    }
    gaps = ", ".join(f"{reason} {number}" for reason, number in reasons.items())
    return {
        "State": STATES[row["state"]],
        "Last reading (UTC)": _date(row["last_reading"]),
        "Last day with insights (US Pacific)": _date(row["last_day"]),
        "Days that Meta may still change": count(row["days_not_final"]),
        "Gaps in 7 days, by reason": gaps or "none",
    }


def _date(date: dt.date | None) -> str:
    return f"{date:%d %B %Y}" if date else "never"


def _web_address(link: str | None) -> str:
    """Return a link only if it leads to the web, because it stands in an attribute `href`."""
    return link if link and link.startswith("https://") else ""


def short(caption: str | None) -> str:
    """Return the beginning of a caption on one line; a post without one is named so."""
    line = " ".join((caption or "").split())
    if not line:
        return "(no caption)"
    return line if len(line) <= CAPTION_LENGTH else line[: CAPTION_LENGTH - 1] + "…"


def describe_all(rows: Mapping[str, dict[str, list[Row]]]) -> list[Account]:
    """Describe all accounts, the one with most followers first.

    Args:
        rows: The rows of each query, by account id.
    """
    accounts = [row for found in rows["accounts"].values() for row in found]
    accounts.sort(key=lambda row: (-(row["followers"] or 0), row["account_id"]))
    return [
        describe(row, {name: found.get(row["account_id"], []) for name, found in rows.items()})
        for row in accounts
    ]
