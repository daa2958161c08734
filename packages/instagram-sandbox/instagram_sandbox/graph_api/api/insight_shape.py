"""The parts that answers with account insights and with media insights have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import invalid_parameter, not_one_of
from instagram_sandbox.graph_api.faults.rules import retired_metric, retired_metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instagram_sandbox.graph_api.api.request import GraphRequest, Node


def requested_metrics(request: GraphRequest, node: Node, known: Sequence[str]) -> list[str]:
    """Return the metrics of a request, without duplicates.

    Args:
        request: The request.
        node: The account or the media.
        known: The metrics that the API knows, unless they are retired.

    Raises:
        GraphError: If there is no metric, or one that the API does not know. The message then lists
            the metrics that it knows, unless a fault words it in another way.
    """
    text = request.call.params.get("metric", "")
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        message = "The parameter metric is required"
        raise invalid_parameter(message)
    retired = retired_metrics(request, node)
    valid = [name for name in known if name not in retired]
    for place, name in enumerate(names):
        if name in retired and name in known:
            raise retired_metric(request, name, retired[name], valid, place)
        if name not in valid:
            raise not_one_of(valid, f"metric[{place}]")
    return list(dict.fromkeys(names))


def describe(node_id: str, metric: str, period: str) -> dict[str, str]:
    """Return the title, the description and the id of an insight."""
    title = metric.replace("_", " ").capitalize()
    return {
        "title": title,
        "description": f"{title}, as Meta describes it.",
        "id": f"{node_id}/insights/{metric}/{period}",
    }


def select_keys(request: GraphRequest, answer: dict[str, Any]) -> dict[str, Any]:
    """Remove the keys that the parameter `fields` does not name, if there is this parameter."""
    if not request.call.params.get("fields"):
        return answer
    names = {field.name for field in request.fields("")}
    data = [
        {name: value for name, value in insight.items() if name in names}
        for insight in answer["data"]
    ]
    return {**answer, "data": data}
