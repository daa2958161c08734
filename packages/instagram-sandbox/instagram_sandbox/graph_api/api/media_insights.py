"""The answers to requests for media insights.

Graph API: media insights. A request fails if the media does not have one of the metrics. The
`period` is always lifetime. A breakdown must be requested with its metric alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    before_conversion,
    invalid_parameter,
    no_permission,
    no_such_object,
    not_enough_viewers,
    not_one_of,
    unsupported_metrics,
)
from instagram_sandbox.graph_api.api.insight_shape import describe, requested_metrics, select_keys
from instagram_sandbox.graph_api.api.tokens import INSIGHTS
from instagram_sandbox.graph_api.catalogue import MEDIA_BREAKDOWNS, MEDIA_METRICS

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.request import GraphRequest
    from instagram_sandbox.graph_api.world.conversation import TaggedMedia
    from instagram_sandbox.graph_api.world.posts import Media, Slide


def media_insights(request: GraphRequest, media: Media) -> dict[str, Any]:
    """Answer /{media}/insights."""
    request.token.require(INSIGHTS)
    metrics = requested_metrics(request, media, MEDIA_METRICS[request.world.settings.login])
    breakdown = request.call.params.get("breakdown") or None
    refusal = request.world.media_insights_refusal(media.id, request.now)
    if refusal:
        raise _refused(request, media, refusal)
    supported = request.world.figures.supported(media)
    unsupported = [name for name in metrics if name not in supported]
    if unsupported:
        raise unsupported_metrics(unsupported)
    if breakdown:
        return _broken_down(request, media, metrics, breakdown)
    values = request.world.figures.values(media, request.now)
    data = [
        {
            "name": name,
            "period": "lifetime",
            "values": [{"value": values[name]}],
            **describe(media.id, name, "lifetime"),
        }
        for name in metrics
        if name in values
    ]
    return select_keys(request, {"data": data})


def no_insights_of_others(_request: GraphRequest, _media: TaggedMedia) -> dict[str, Any]:
    """Refuse the insights of a media of another account."""
    raise no_permission()


def no_slide_insights(request: GraphRequest, slide: Slide) -> dict[str, Any]:
    """Refuse the insights of a slide, because slides have none."""
    request.token.require(INSIGHTS)
    raise unsupported_metrics(
        requested_metrics(request, slide, MEDIA_METRICS[request.world.settings.login])
    )


def _broken_down(
    request: GraphRequest, media: Media, metrics: list[str], breakdown: str
) -> dict[str, Any]:
    if breakdown not in MEDIA_BREAKDOWNS:
        raise not_one_of(MEDIA_BREAKDOWNS, "breakdown")
    wrong = [name for name in metrics if name != MEDIA_BREAKDOWNS[breakdown]]
    if wrong:
        message = f"Incompatible breakdowns ({breakdown}) for metric ({', '.join(wrong)})"
        raise invalid_parameter(message)
    values = request.world.figures.values(media, request.now)
    if not values:
        return {"data": []}
    name = metrics[0]
    parts = request.world.figures.breakdown(media, request.now, name)
    results = [
        {"dimension_values": [part.lower()], "value": count} for part, count in parts.items()
    ]
    split = {"dimension_keys": [breakdown], "results": results}
    insight = {
        "name": name,
        "period": "lifetime",
        "values": [{"value": values[name]}],
        **describe(media.id, name, "lifetime"),
        "total_value": {"value": values[name], "breakdowns": [split]},
    }
    return select_keys(request, {"data": [insight]})


def _refused(request: GraphRequest, media: Media, refusal: str) -> GraphError:
    if refusal == "before_conversion":
        return before_conversion(instagram_login=request.instagram_login)
    return not_enough_viewers() if refusal == "too_few_viewers" else no_such_object(media.id)
