"""The rules for requests for account insights. Graph API: account insights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.api.errors import invalid_parameter, not_one_of
from instagram_sandbox.graph_api.api.insight_shape import requested_metrics
from instagram_sandbox.graph_api.api.times import parse_time
from instagram_sandbox.graph_api.catalogue import (
    ACCOUNT_BREAKDOWNS,
    ACCOUNT_METRICS,
    DEMOGRAPHICS,
    SERIES_METRICS,
)
from instagram_sandbox.graph_api.faults.rules import follower_count_edge, may_combine
from instagram_sandbox.graph_api.pacific import ONE_DAY
from instagram_sandbox.graph_api.world.audience import TIMEFRAMES

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.request import GraphRequest
    from instagram_sandbox.graph_api.world.accounts import Account

PERIODS = ("day", "week", "days_28", "month", "lifetime", "total_over_range")
METRIC_TYPES = ("default", "time_series", "total_value")
MAX_WINDOW = timedelta(seconds=2_592_000)
MAX_AGE = timedelta(days=730)
RECENT_ONLY = frozenset({"follower_count", "online_followers"})
"""Metrics that Meta keeps for 30 days, not counting the current day."""
_LIFETIME = DEMOGRAPHICS | {"online_followers"}
_PERIOD_DAYS = {"week": 7, "days_28": 28}


@dataclass(frozen=True)
class InsightsQuery:
    """A request for account insights that the API accepts.

    Attributes:
        metrics: Names of the metrics.
        period: Meta's parameter `period`, such as `day`.
        total: Whether one number for the window is requested, instead of a series.
        breakdown: Dimension by which the numbers are split, `age,gender` for two, or None.
        timeframe: Meta's parameter `timeframe` for demographics, or None.
        since: Beginning of the window.
        until: End of the window.
    """

    metrics: list[str]
    period: str
    total: bool
    breakdown: str | None
    timeframe: str | None
    since: datetime
    until: datetime

    @property
    def days_in_period(self) -> int:
        """Number of days in a rolling period."""
        return _PERIOD_DAYS[self.period]


def parse_query(request: GraphRequest, account: Account) -> InsightsQuery:
    """Check a request for insights of an account and return its parameters.

    Raises:
        GraphError: If the API does not accept the request.
    """
    params = request.call.params
    metrics = requested_metrics(request, account, ACCOUNT_METRICS)
    period = _choice(params, "period", PERIODS)
    if period is None:
        message = "The parameter period is required"
        raise invalid_parameter(message)
    total = _choice(params, "metric_type", METRIC_TYPES) == "total_value"
    _check_period(metrics, period)
    _check_metric_type(metrics, total=total)
    breakdown = params.get("breakdown") or None
    if breakdown:
        _check_breakdown(request, account, metrics, breakdown)
        if not total:
            _require_total(metrics)
    timeframe = _timeframe(metrics, params)
    since, until = _window(request, account, metrics)
    return InsightsQuery(metrics, period, total, breakdown, timeframe, since, until)


def _choice(params: dict[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    value = params.get(name)
    if value is not None and value not in allowed:
        raise not_one_of(allowed, name)
    return value


def _check_period(metrics: list[str], period: str) -> None:
    def accepts(metric: str) -> bool:
        if metric in _LIFETIME:
            return period == "lifetime"
        return period == "day" or (metric == "reach" and period in _PERIOD_DAYS)

    wrong = [metric for metric in metrics if not accepts(metric)]
    if wrong:
        message = f"Incompatible metrics ({', '.join(wrong)}) with period ({period})"
        raise invalid_parameter(message)


def _check_metric_type(metrics: list[str], *, total: bool) -> None:
    if not total:
        _require_total([metric for metric in metrics if metric not in SERIES_METRICS])
        return
    series_only = [metric for metric in metrics if metric in RECENT_ONLY]
    if series_only:
        names = ", ".join(series_only)
        message = f"Incompatible metric_type (total_value) for metric ({names})"
        raise invalid_parameter(message)


def _require_total(metrics: list[str]) -> None:
    if metrics:
        message = (
            f"The following metrics ({','.join(metrics)}) should be specified with parameter "
            "metric_type=total_value"
        )
        raise invalid_parameter(message)


def _check_breakdown(
    request: GraphRequest, account: Account, metrics: list[str], breakdown: str
) -> None:
    names = [name.strip() for name in breakdown.split(",")]
    for name in names:
        if name not in ACCOUNT_BREAKDOWNS:
            raise not_one_of(ACCOUNT_BREAKDOWNS, "breakdown")
    if len(names) > 1 and names != ["age", "gender"] and not may_combine(request, account, names):
        wrong = metrics
    else:
        wrong = [
            metric
            for metric in metrics
            if any(metric not in ACCOUNT_BREAKDOWNS[name] for name in names)
        ]
    if wrong:
        message = f"Incompatible breakdowns ({', '.join(names)}) for metric ({', '.join(wrong)})"
        raise invalid_parameter(message)


def _timeframe(metrics: list[str], params: dict[str, str]) -> str | None:
    if not DEMOGRAPHICS & set(metrics):
        return None
    timeframe = _choice(params, "timeframe", tuple(TIMEFRAMES))
    if timeframe is None and "engaged_audience_demographics" in metrics:
        message = "The parameter timeframe is required for metric (engaged_audience_demographics)"
        raise invalid_parameter(message)
    return timeframe


def _window(
    request: GraphRequest, account: Account, metrics: list[str]
) -> tuple[datetime, datetime]:
    params, now = request.call.params, request.now
    until = parse_time(params["until"], "until") if params.get("until") else now
    since = parse_time(params["since"], "since") if params.get("since") else until - ONE_DAY
    if DEMOGRAPHICS & set(metrics):
        return since, until
    if since > now or now - since >= MAX_AGE:
        message = "since param is not valid. Metrics data is available for the last 2 years"
        raise invalid_parameter(message)
    if until < since:
        message = "until param must not be before since param"
        raise invalid_parameter(message)
    if until - since > MAX_WINDOW and not request.instagram_login:
        message = "There cannot be more than 30 days (2592000 s) between since and until"
        raise invalid_parameter(message)
    recent = [metric for metric in metrics if metric in RECENT_ONLY]
    if recent and since < follower_count_edge(request, account):
        message = (
            f"({', '.join(recent)}) metric only supports querying data for the last 30 days "
            "excluding the current day"
        )
        raise invalid_parameter(message)
    return since, until
