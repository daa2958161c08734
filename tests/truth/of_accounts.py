"""What a world's accounts ought to give."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from tests.truth.comparison import (
    DAY,
    DOES_NOT_APPLY,
    moment,
    pacific_midnight,
    read_at,
    reading,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instagram_sandbox.graph_api import World
    from tests.truth.comparison import Table


ACCOUNT_COLUMNS = (
    *("username", "name", "biography", "website", "profile_picture_url", "followers_count"),
    *("follows_count", "media_count", "account_type", "has_profile_pic", "is_published", "ig_id"),
    "legacy_instagram_user_id",
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
        table[account_id,] = {"id": account_id, "account_id": account_id, **row, **extra} | read_at(
            now
        )
    return table


def account_history(world: World, now: dt.datetime) -> Table:
    names = ("username", "followers_count", "follows_count", "media_count")
    return {
        (row["id"], *moment(now)): {
            "account_id": row["id"],
            **reading(now),
            **{name: row.get(name) for name in names},
        }
        for row in accounts(world, now).values()
    }


DAY_COLUMNS = (
    *("reach", "views", "accounts_engaged", "total_interactions", "likes", "comments", "shares"),
    *("saves", "replies", "reposts", "profile_links_taps", "profile_views", "website_clicks"),
    *("follower_count", "follows", "unfollows"),
)


def day_figures(world: World, account_id: str, day: dt.date, now: dt.datetime) -> dict[str, int]:
    """The figures of a day; a split without parts, as on a day without follows, says nothing."""
    figures = world.account_day(account_id, day, now)
    given = {name: figures[name] for name in DAY_COLUMNS if name in figures}
    if not given.get("follows") and not given.get("unfollows"):
        given = {name: n for name, n in given.items() if name not in {"follows", "unfollows"}}
    return given


def account_insights(world: World, now: dt.datetime, days: Iterable[dt.date]) -> Table:
    table: Table = {}
    for account_id in world.account_ids:
        for day in days:
            given = day_figures(world, account_id, day, now)
            if given:
                ended = pacific_midnight(day + DAY)
                table[account_id, day.isoformat()] = {
                    "account_id": account_id,
                    "date": day.isoformat(),
                    **given,
                    "is_final": now >= ended + dt.timedelta(hours=48),
                    **read_at(now),
                }
    return table


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
                    for part, value in parts.items():
                        date = day.isoformat()
                        table[account_id, date, metric, breakdown, part.upper()] = {
                            "account_id": account_id,
                            "date": date,
                            "metric": metric,
                            "breakdown": breakdown,
                            "breakdown_value": part.upper(),
                            "value": value,
                            "is_final": now >= pacific_midnight(day + DAY) + dt.timedelta(hours=48),
                            **read_at(now),
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
            **read_at(now),
        }
        for account_id in world.account_ids
        for day in days
        for number in (7, 28)
    }


DIMENSIONS = ("age", "gender", "city", "country")


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
                    who = {name: named.get(name, DOES_NOT_APPLY) for name in DIMENSIONS}
                    key = (account_id, *moment(now), metric, timeframe, breakdown, *who.values())
                    table[key] = {
                        "account_id": account_id,
                        **reading(now),
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
            "followers_online": value,
            **read_at(now),
        }
        for account_id in world.account_ids
        for day in days
        for hour, value in (world.online_followers(account_id, day, now) or {}).items()
    }
