"""Media insights: what may be asked of which media, and the answer's shape.

Graph API: media insights. One metric that the media does not have fails the request; `period` is
lifetime whatever is sent; a breakdown must be asked for alone with its metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    before_conversion,
    no_permission,
    no_such_object,
    not_enough_viewers,
    one_of,
    parameter,
    unsupported_metrics,
)
from instagram_sandbox.graph_api.api.insight_shape import (
    asked_metrics,
    describe,
    only_asked_keys,
)
from instagram_sandbox.graph_api.api.tokens import INSIGHTS
from instagram_sandbox.graph_api.catalogue import MEDIA_BREAKDOWNS, MEDIA_METRICS

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.api.reading import Reading
    from instagram_sandbox.graph_api.world.conversation import TaggedMedia
    from instagram_sandbox.graph_api.world.posts import Media, Slide


def media_insights(reading: Reading, media: Media) -> dict[str, Any]:
    """Answer /{media}/insights."""
    reading.token.need(INSIGHTS)
    metrics = asked_metrics(reading, MEDIA_METRICS[reading.world.settings.login])
    refusal = reading.world.media_insights_refusal(media.id, reading.now)
    if refusal:
        raise _refused(refusal, media, instagram_login=reading.instagram_login)
    supported = reading.world.figures.supported(media)
    unsupported = [name for name in metrics if name not in supported]
    if unsupported:
        raise unsupported_metrics(unsupported)
    breakdown = reading.call.params.get("breakdown")
    if breakdown:
        return _broken_down(reading, media, metrics, breakdown)
    values = reading.world.figures.values(media, reading.now)
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
    return only_asked_keys(reading, {"data": data})


def no_insights_of_others(_reading: Reading, _media: TaggedMedia) -> dict[str, Any]:
    """Refuse the insights of another's media."""
    raise no_permission()


def no_slide_insights(reading: Reading, _slide: Slide) -> dict[str, Any]:
    """Refuse the insights of a carousel's slide, which has none."""
    reading.token.need(INSIGHTS)
    raise unsupported_metrics(asked_metrics(reading, MEDIA_METRICS[reading.world.settings.login]))


def _broken_down(
    reading: Reading, media: Media, metrics: list[str], breakdown: str
) -> dict[str, Any]:
    if breakdown not in MEDIA_BREAKDOWNS:
        raise one_of(MEDIA_BREAKDOWNS, "breakdown")
    wrong = [name for name in metrics if name != MEDIA_BREAKDOWNS[breakdown]]
    if wrong:
        message = f"Incompatible breakdowns ({breakdown}) for metric ({', '.join(wrong)})"
        raise parameter(message)
    values = reading.world.figures.values(media, reading.now)
    if not values:
        return {"data": []}
    name = metrics[0]
    parts = reading.world.figures.breakdown(media, reading.now, name)
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
    return only_asked_keys(reading, {"data": [insight]})


def _refused(refusal: str, media: Media, *, instagram_login: bool) -> GraphError:
    if refusal == "before_conversion":
        return before_conversion(instagram_login=instagram_login)
    return not_enough_viewers() if refusal == "too_few_viewers" else no_such_object(media.id)
