"""The answers to requests for account insights.

Graph API: account insights. A total is one number for the whole window. A series has a value for
each Pacific day whose `end_time` is in the window, and a total counts the same days. `end_time` is
the beginning of the day or, with the setting `end_labels`, its end. The day that has not ended yet
is in both. A number that Meta never computed is left out; it is not zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.account_rules import InsightsQuery, parse_query
from instagram_sandbox.graph_api.api.insight_shape import describe, select_keys
from instagram_sandbox.graph_api.api.tokens import INSIGHTS, unix_time
from instagram_sandbox.graph_api.catalogue import DEMOGRAPHICS
from instagram_sandbox.graph_api.faults.rules import dimensions
from instagram_sandbox.graph_api.pacific import (
    days_ending_within,
    days_starting_within,
    end_of,
    graph_time,
    midnight,
)
from instagram_sandbox.graph_api.world.account_days import (
    FOLLOWER_MOVES,
    estimate_people,
    visible_share,
)
from instagram_sandbox.graph_api.world.shares import combine_splits, split_total

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from instagram_sandbox.graph_api.api.request import GraphRequest
    from instagram_sandbox.graph_api.world.accounts import Account

PEOPLE_METRICS = frozenset({"reach", "accounts_engaged"})
"""Metrics that count people, who are counted once in a window of several days."""


def account_insights(request: GraphRequest, account: Account) -> dict[str, Any]:
    """Answer /{ig-user}/insights."""
    request.token.require(INSIGHTS)
    query = parse_query(request, account)
    answers = (_insight(request, account, query, metric) for metric in query.metrics)
    data = [insight for insight in answers if insight is not None]
    if not data:
        return {"data": []}
    answer = select_keys(request, {"data": data})
    return {**answer, "paging": _paging(request, query)}


def _days(request: GraphRequest, query: InsightsQuery) -> list[date]:
    """Return the Pacific days whose numbers are in the window of a query."""
    ending = request.world.settings.end_labels
    return (days_ending_within if ending else days_starting_within)(query.since, query.until)


def _insight(
    request: GraphRequest, account: Account, query: InsightsQuery, metric: str
) -> dict[str, Any] | None:
    if metric in DEMOGRAPHICS:
        value = _demographics(request, account, query, metric)
    elif query.total:
        value = _total(request, account, query, metric)
    else:
        value = _series(request, account, query, metric)
    if value is None:
        return None
    period = query.period
    return {"name": metric, "period": period, **value, **describe(account.id, metric, period)}


def _series(
    request: GraphRequest, account: Account, query: InsightsQuery, metric: str
) -> dict[str, Any] | None:
    if account.small and metric != "reach":
        return None
    label = end_of if request.world.settings.end_labels else midnight
    values = [
        {"value": value, "end_time": graph_time(label(day))}
        for day in _days(request, query)
        if (value := _day_value(request, account, query, metric, day)) is not None
    ]
    return {"values": values}


def _day_value(
    request: GraphRequest, account: Account, query: InsightsQuery, metric: str, day: date
) -> int | dict[str, int] | None:
    world, now = request.world, request.now
    if metric == "online_followers":
        return world.online_followers(account.id, day, now)
    if query.period != "day":
        if not visible_share(day, now):
            return None
        return world.rolling_reach(account.id, day, query.days_in_period, now)
    return world.account_day(account.id, day, now).get(metric)


def _total(
    request: GraphRequest, account: Account, query: InsightsQuery, metric: str
) -> dict[str, Any] | None:
    follows = metric == "follows_and_unfollows"
    if follows and account.small:
        return None
    days = _days(request, query)
    found = [request.world.account_day(account.id, day, request.now) for day in days]
    names = FOLLOWER_MOVES if follows else {metric}
    values = [figures[name] for figures in found for name in names if name in figures]
    if days and not values:
        return _no_total(days[0], metric) if any(found) else None
    if follows and query.breakdown is None:
        return {}
    total: dict[str, Any] = {}
    if not follows:
        total["value"] = _count(request, account, days, metric, values)
    if query.breakdown and days:
        keys = dimensions(request, account, metric, query.breakdown)
        splits = [_parts(request, account, days, metric, key) for key in keys]
        if metric in PEOPLE_METRICS:
            splits = [split_total(total["value"], parts) if parts else {} for parts in splits]
        total["breakdowns"] = [_breakdown(keys, combine_splits(splits))]
    return {"total_value": total}


def _count(
    request: GraphRequest, account: Account, days: list[date], metric: str, values: list[int]
) -> int:
    """Return the number of a window: people are counted once, all else is added up."""
    if metric == "reach" and len(values) > 1:
        return request.world.days.people_reached(account, days, request.now)
    return estimate_people(values) if metric in PEOPLE_METRICS else sum(values)


def _no_total(day: date, metric: str) -> dict[str, Any] | None:
    """Return an insight without a number or no insight: Meta answers in both ways."""
    return {} if (day.toordinal() + len(metric)) % 2 else None


def _parts(
    request: GraphRequest, account: Account, days: list[date], metric: str, breakdown: str
) -> dict[str, int]:
    splits = [
        request.world.account_day_breakdown(account.id, day, metric, breakdown, request.now)
        for day in days
    ]
    names = dict.fromkeys(name for split in splits for name in split)
    return {name: sum(split.get(name, 0) for split in splits) for name in names}


def _demographics(
    request: GraphRequest, account: Account, query: InsightsQuery, metric: str
) -> dict[str, Any] | None:
    if metric == "reached_audience_demographics" or account.small:
        return None
    if query.breakdown is None:
        return {}
    timeframe = query.timeframe
    counts = request.world.demographics(
        account.id, metric, query.breakdown, request.now, timeframe or "this_month"
    )
    if not counts:
        return None
    keys = tuple(query.breakdown.split(","))
    if timeframe is not None:
        keys = ("timeframe", *keys)
        counts = {(timeframe.upper(), *names): count for names, count in counts.items()}
    return {"total_value": {"breakdowns": [_breakdown(keys, counts)]}}


def _breakdown(keys: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> dict[str, Any]:
    results = [{"dimension_values": list(names), "value": count} for names, count in counts.items()]
    return {"dimension_keys": list(keys), "results": results}


def _paging(request: GraphRequest, query: InsightsQuery) -> dict[str, str]:
    """Return the links to the windows before and after; there is always a window after."""
    length = query.until - query.since

    def link(steps: int) -> str:
        since, until = (moment + length * steps for moment in (query.since, query.until))
        return request.call.link(since=str(unix_time(since)), until=str(unix_time(until)))

    return {"previous": link(-1), "next": link(1)}
