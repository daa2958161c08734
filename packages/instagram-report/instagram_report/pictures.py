"""The pictures of an account, each with what it shows in words and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from instagram_report import charts
from instagram_report.texts import change, count, percent, short
from instagram_report.totals import KINDS, STEPS, days_known, exit_share, known_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instagram_report.charts import Spec
    from instagram_report.views import Row, Rows

RECENT_POSTS = 12
FROM_100 = "Meta gives them to accounts with 100 followers or more."


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


def pictures(account: Row, rows: Rows) -> list[Picture]:
    """Return the pictures of an account, in their order on the page.

    Args:
        account: Its row of the query `accounts`.
        rows: Its rows of the other queries, by the name of the query.
    """
    return [
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
    ]


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
    totals = known_sums(rows, KINDS)
    everything = sum(totals.values())
    parts = sorted(totals.items(), key=lambda part: -part[1])
    summary = "There are no views of these days."
    if everything:
        summary = "Views by kind: " + ", ".join(
            f"{kind} {percent(views / everything)}" for kind, views in parts if views
        )
        summary += f"; {count(everything)} on {days_known(rows, KINDS)} days."
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
    totals = known_sums(seen, STEPS)
    summary = "There are no stories with insights in the last 28 days."
    if seen:
        summary = (
            f"{len(seen)} stories in 28 days with {count(totals['Views'])} views;"
            f" people left at {percent(exit_share(seen))} of the views."
        )
    return Picture(
        "stories",
        "Stories",
        "Stories of the last 28 days that 5 accounts or more have seen.",
        summary,
        charts.story_steps(totals) if seen else None,
    )
