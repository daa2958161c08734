"""What the page says of one account: cards, pictures, tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instagram_report.pictures import Picture, pictures
from instagram_report.texts import change, count, factor, percent, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from instagram_report.views import Row, Rows

TOP_POSTS = 10
TOP_DAYS = 90
CARDS = {
    "Followers": "followers",
    "Reach": "reach",
    "Views": "views",
    "Interactions": "total_interactions",
    "Profile visits": "profile_views",
    "Posts published": "posts",
}
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
        pictures=pictures(account, rows),
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
        "Last reading (UTC)": _date(row["read_at"]),
        "Last day with insights (US Pacific)": _date(row["last_day"]),
        "Days that Meta may still change": count(row["days_not_final"]),
        "Gaps in 7 days, by reason": gaps or "none",
    }


def _date(date: dt.date | None) -> str:
    return f"{date:%d %B %Y}" if date else "never"


def _web_address(link: str | None) -> str:
    """Return a link only if it leads to the web, because it stands in an attribute `href`."""
    return link if link and link.startswith("https://") else ""


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
