"""Refusals of insights. Each function carries out one oddity: it returns an error, or None."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import GraphError, unsupported_metrics
from instagram_sandbox.graph_api.dice import Dice
from instagram_sandbox.graph_api.world.posts import Media

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from instagram_sandbox.graph_api.api.request import GraphRequest
    from instagram_sandbox.graph_api.oddities.conditions import Condition
    from instagram_sandbox.graph_api.world.accounts import Account


@dataclass(frozen=True)
class InsightsCall:
    """A call for insights.

    Attributes:
        request: The call that is answered.
        node: The account or the media.
        metrics: Names of the metrics.
        breakdown: The dimensions by which the numbers are split, or None.
        since: Beginning of the window. None for media.
        days: The Pacific days in the window. Empty for media.
    """

    request: GraphRequest
    node: Account | Media
    metrics: Sequence[str]
    breakdown: str | None = None
    since: datetime | None = None
    days: Sequence[date] = ()


def refuse_insights(call: InsightsCall) -> None:
    """Refuse a call for insights if a condition orders it.

    Raises:
        GraphError: The error of the first condition that refuses the call.
    """
    for oddity, refusal in _REFUSALS.items():
        for condition in call.request.conditions_for(oddity, call.node):
            error = refusal(call, condition)
            if error is not None:
                raise error


def _not_crossposted(call: InsightsCall, condition: Condition) -> GraphError | None:
    if not isinstance(call.node, Media) or not set(condition.names) & set(call.metrics):
        return None
    if call.node.crossposted and condition.form == "not_shared":
        return None
    return _error(condition, "Fatal", is_transient=False)


def _refused_media(call: InsightsCall, condition: Condition) -> GraphError | None:
    if not isinstance(call.node, Media):
        return None
    usual = "Application does not have permission for this action"
    text = "Permissions error" if condition.code == 200 else usual
    return _error(condition, f"(#{condition.code}) {text}")


def too_few_viewers(condition: Condition) -> GraphError:
    """Return the refusal of a story with too few viewers, in other words than the usual ones."""
    return _error(condition, _FEW_VIEWERS[condition.form])


_FEW_VIEWERS = {
    "german": "(#10) Nicht genügend Zuschauer, um Insights für dieses Medium anzuzeigen",
    "japanese": "(#10) 視聴者数が少ないため、インサイトを表示できません",
    "reworded": "(#10) Insights are available once more people have seen this story.",
}


def _ad_media(call: InsightsCall, condition: Condition) -> GraphError | None:
    if not isinstance(call.node, Media) or call.node.product == "STORY":
        return None
    if ad_answers(condition, call.node):
        return None
    return unsupported_metrics(call.metrics)


def ad_answers(condition: Condition, media: Media) -> bool:
    """Return whether an ad is one of those that give their insights."""
    share = (condition.number or 0) / 100
    return Dice(condition.seed).chance(share, "ad that answers", media.id)


def _refused_breakdown(call: InsightsCall, condition: Condition) -> GraphError | None:
    if not call.breakdown or not set(condition.names) & set(call.metrics):
        return None
    return nameless_refusal(condition)


def nameless_refusal(condition: Condition) -> GraphError:
    """Return an error that names neither the metric nor the breakdown that it is about."""
    text = "(#100) An unknown error has occurred."
    if condition.form == "unknown_1":
        return _error(condition, "An unknown error occurred", code=1)
    return _error(condition, text, code=100)


def _refused_range(call: InsightsCall, condition: Condition) -> GraphError | None:
    if call.since is None or (condition.names and not set(condition.names) & set(call.metrics)):
        return None
    if call.since >= call.request.now - timedelta(days=condition.number or 0):
        return None
    return _error(condition, "(#100) The requested time range is not available.")


def _lost_account(_call: InsightsCall, condition: Condition) -> GraphError | None:
    if condition.form != "insights":
        return None
    return _error(condition, "(#10) Application does not have permission for this action", code=10)


def _error(
    condition: Condition, message: str, *, code: int = 0, is_transient: bool | None = None
) -> GraphError:
    details: dict[str, Any] = {} if is_transient is None else {"is_transient": is_transient}
    return GraphError(
        condition.code or code,
        condition.message or message,
        condition.subcode,
        status=condition.status,
        **details,
    )


Refusal = Callable[[InsightsCall, "Condition"], "GraphError | None"]

_REFUSALS: dict[str, Refusal] = {
    "lost_account": _lost_account,
    "refused_media": _refused_media,
    "ad_media": _ad_media,
    "refused_breakdown": _refused_breakdown,
    "refused_range": _refused_range,
    "not_crossposted": _not_crossposted,
}
"""The functions by oddity, in the order in which they are asked."""
