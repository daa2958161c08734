"""Account insights: what may be asked for together, over which window, and the answer's shape.

Graph API: account insights. A total is one number for the whole window; a series has a value for
each Pacific day that begins in it. What was never computed is left out, never zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.account_rules import Question, read_question
from instagram_sandbox.graph_api.api.insight_shape import describe, only_asked_keys
from instagram_sandbox.graph_api.api.tokens import INSIGHTS, unix
from instagram_sandbox.graph_api.catalogue import DEMOGRAPHICS
from instagram_sandbox.graph_api.pacific import (
    days_starting_within,
    end_of,
    graph_time,
    midnight,
)
from instagram_sandbox.graph_api.world.account_days import (
    FOLLOWER_MOVES,
    seen_share,
    unique,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from instagram_sandbox.graph_api.api.reading import Reading
    from instagram_sandbox.graph_api.world.accounts import Account

PEOPLE_METRICS = frozenset({"reach", "accounts_engaged"})
"""Metrics that count people, who must not be counted twice in a longer window."""


def account_insights(reading: Reading, account: Account) -> dict[str, Any]:
    """Answer /{ig-user}/insights."""
    reading.token.need(INSIGHTS)
    question = read_question(reading)
    answers = (_insight(reading, account, question, metric) for metric in question.metrics)
    data = [insight for insight in answers if insight is not None]
    if not data:
        return {"data": []}
    answer = only_asked_keys(reading, {"data": data})
    return {**answer, "paging": _neighbours(reading, question)}


def _insight(
    reading: Reading, account: Account, question: Question, metric: str
) -> dict[str, Any] | None:
    if metric in DEMOGRAPHICS:
        value = _demographics(reading, account, question, metric)
    elif question.total:
        value = _total(reading, account, question, metric)
    else:
        value = _series(reading, account, question, metric)
    if value is None:
        return None
    period = question.period
    return {"name": metric, "period": period, **value, **describe(account.id, metric, period)}


def _series(
    reading: Reading, account: Account, question: Question, metric: str
) -> dict[str, Any] | None:
    if account.small and metric != "reach":
        return None
    label = end_of if reading.world.settings.end_labels else midnight
    values = [
        {"value": value, "end_time": graph_time(label(day))}
        for day in days_starting_within(question.since, question.until)
        if (value := _bucket(reading, account, question, metric, day)) is not None
    ]
    return {"values": values}


def _bucket(
    reading: Reading, account: Account, question: Question, metric: str, day: date
) -> int | dict[str, int] | None:
    world, now = reading.world, reading.now
    if metric == "online_followers":
        return world.online_followers(account.id, day, now)
    if question.period != "day":
        if not seen_share(day, now):
            return None
        return world.rolling_reach(account.id, day, question.days_in_period, now)
    return world.account_day(account.id, day, now).get(metric)


def _total(
    reading: Reading, account: Account, question: Question, metric: str
) -> dict[str, Any] | None:
    follows = metric == "follows_and_unfollows"
    if follows and account.small:
        return None
    days = days_starting_within(question.since, question.until)
    found = [reading.world.account_day(account.id, day, reading.now) for day in days]
    names = FOLLOWER_MOVES if follows else {metric}
    values = [figures[name] for figures in found for name in names if name in figures]
    if days and not values:
        return _no_total(days[0], metric) if any(found) else None
    if follows and question.breakdown is None:
        return {}
    total: dict[str, Any] = {}
    if not follows:
        total["value"] = unique(values) if metric in PEOPLE_METRICS else sum(values)
    if question.breakdown and days:
        parts = _parts(reading, account, days, metric, question.breakdown)
        total["breakdowns"] = [_results((question.breakdown,), {(k,): v for k, v in parts.items()})]
    return {"total_value": total}


def _no_total(day: date, metric: str) -> dict[str, Any] | None:
    """Give one of the two ways in which Meta says that it has no number."""
    return {} if (day.toordinal() + len(metric)) % 2 else None


def _parts(
    reading: Reading, account: Account, days: list[date], metric: str, breakdown: str
) -> dict[str, int]:
    splits = [
        reading.world.account_day_breakdown(account.id, day, metric, breakdown, reading.now)
        for day in days
    ]
    names = dict.fromkeys(name for split in splits for name in split)
    count = unique if metric in PEOPLE_METRICS else sum
    return {name: count([split.get(name, 0) for split in splits]) for name in names}


def _demographics(
    reading: Reading, account: Account, question: Question, metric: str
) -> dict[str, Any] | None:
    if metric == "reached_audience_demographics" or account.small:
        return None
    if question.breakdown is None:
        return {}
    timeframe = question.timeframe
    counts = reading.world.demographics(
        account.id, metric, question.breakdown, reading.now, timeframe or "this_month"
    )
    if not counts:
        return None
    keys: tuple[str, ...] = tuple(question.breakdown.split(","))
    if timeframe is not None:
        keys = ("timeframe", *keys)
        counts = {(timeframe.upper(), *names): count for names, count in counts.items()}
    return {"total_value": {"breakdowns": [_results(keys, counts)]}}


def _results(keys: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> dict[str, Any]:
    results = [{"dimension_values": list(names), "value": count} for names, count in counts.items()]
    return {"dimension_keys": list(keys), "results": results}


def _neighbours(reading: Reading, question: Question) -> dict[str, str]:
    """Give the links to the windows before and after; the one after never ends."""
    length = question.until - question.since

    def link(steps: int) -> str:
        since, until = (moment + length * steps for moment in (question.since, question.until))
        return reading.call.link(since=str(unix(since)), until=str(unix(until)))

    return {"previous": link(-1), "next": link(1)}
