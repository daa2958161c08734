"""How insights are asked for; the tables and `doctor` build their calls here and nowhere else.

Graph API: IG User insights, IG Media insights. Metrics share a request where they share period,
metric_type, breakdown and timeframe.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_instagram_business.graph.insights_call import InsightsCall
from tap_instagram_business.metrics import per_object_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_instagram_business.graph.accounts import Account


def day_total(
    account: Account,
    metrics: tuple[str, ...],
    window: Mapping[str, str],
    breakdown: str = "",
) -> InsightsCall:
    """Return the call for totals of one Pacific day of an account.

    Args:
        account: the account.
        metrics: Meta's names.
        window: `since` and `until` of the day, see `DayLabels.window`.
        breakdown: the dimension to split them by; '' for the totals alone.
    """
    split = {"breakdown": breakdown} if breakdown else {}
    return InsightsCall(
        node=account.id,
        params={
            "period": "day",
            "metric_type": "total_value",
            **split,
            **window,
        },
        token=account.token,
        metrics=metrics,
        kind=f"accounts by {breakdown}" if breakdown else "accounts",
    )


def series(
    account: Account,
    metrics: tuple[str, ...],
    period: str,
    window: Mapping[str, str],
) -> InsightsCall:
    """Return the call for a series of an account, with a figure for each day.

    Args:
        account: the account.
        metrics: Meta's names.
        period: `day`, `week`, `days_28`, or `lifetime` for `online_followers`.
        window: `since` and `until` of the days, see `DayLabels.window`.
    """
    return InsightsCall(
        node=account.id,
        params={"period": period, **window},
        token=account.token,
        metrics=metrics,
        kind=f"{', '.join(metrics)}, {period} series",
        is_series=True,
    )


def demographics(
    account: Account,
    metric: str,
    timeframe: str,
    breakdown: str,
) -> InsightsCall:
    """Return the call for a demographic split of an account's audience.

    Args:
        account: the account.
        metric: Meta's name.
        timeframe: Meta's name of the time in which the accounts engaged.
        breakdown: the dimensions, joined by commas.
    """
    return InsightsCall(
        node=account.id,
        params={
            "period": "lifetime",
            "metric_type": "total_value",
            "timeframe": timeframe,
            "breakdown": breakdown,
        },
        token=account.token,
        metrics=(metric,),
        kind=f"audiences, {timeframe}",
    )


def media_lifetime(
    account: Account,
    media_id: str,
    kind: str,
    metrics: tuple[str, ...],
    breakdown: str = "",
) -> Iterator[InsightsCall]:
    """Yield the calls for lifetime insights of a media or story.

    Metrics that only some media of a kind have take a call of their own, so that their refusal says
    nothing of the others.

    Args:
        account: the account that the media belongs to.
        media_id: its id.
        kind: its kind, as `metrics.kind_of` names it.
        metrics: Meta's names.
        breakdown: the dimension to split them by; '' for the totals alone.
    """
    rare = per_object_metrics(kind)
    usual = tuple(metric for metric in metrics if metric not in rare)
    call = InsightsCall(
        node=media_id,
        params={"breakdown": breakdown} if breakdown else {},
        token=account.token,
        account_id=account.id,
        metrics=usual,
        kind=f"{kind} by {breakdown}" if breakdown else kind,
    )
    if usual:
        yield call
    if left := tuple(metric for metric in metrics if metric in rare):
        yield replace(call, metrics=left, kind=f"{call.kind}, if it has them", is_rare=True)
