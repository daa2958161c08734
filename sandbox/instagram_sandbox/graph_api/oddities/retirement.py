"""Retired metrics, and the wordings in which Meta refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.api.errors import GraphError, not_one_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instagram_sandbox.graph_api.api.request import GraphRequest, Node
    from instagram_sandbox.graph_api.oddities.conditions import Condition

_WORDINGS: dict[str, tuple[int, str]] = {
    "v22": (
        100,
        (
            "(#100) Starting from version v22.0 and above, the {metric} metric is no longer "
            "supported for the queried media. For more information, please refer to the changelog."
        ),
    ),
    "incompatible": (
        100,
        "(#100) The following metric ({metric}) is incompatible with the metric type (total_value)",
    ),
    "unknown_100": (100, "(#100) An unknown error has occurred."),
    "unknown_1": (1, "An unknown error occurred"),
    "german": (
        100,
        (
            "(#100) Ab Version v22.0 wird die Metrik {metric} für die abgefragten Medien nicht "
            "mehr unterstützt."
        ),
    ),
    "german_nameless": (100, "(#100) Diese Metrik wird nicht mehr unterstützt."),
}
"""Code and message by the form of the condition; the form `one_of` lists the valid metrics."""


def retired_metrics(request: GraphRequest, node: Node) -> dict[str, Condition | None]:
    """Return the metrics that are retired for a node, with the condition that words the refusal.

    A condition with names retires these metrics. A condition without names changes the wording of
    the metrics that the world has retired.
    """
    retired: dict[str, Condition | None] = dict.fromkeys(request.world.retired_metrics)
    for condition in request.conditions_for("retired_metric", node):
        names = condition.names or tuple(request.world.retired_metrics)
        retired |= dict.fromkeys(names, condition)
    return retired


def retired_metric(
    metric: str, condition: Condition | None, valid: Sequence[str], place: int
) -> GraphError:
    """Return the error for a retired metric.

    Args:
        metric: The metric.
        condition: The condition that words the refusal. None for the usual wording.
        valid: The metrics that are not retired.
        place: Position of the metric in the request, from 0.
    """
    usual = not_one_of(valid, f"metric[{place}]")
    if condition is None:
        return usual
    code, wording = _WORDINGS.get(condition.form, (usual.code, usual.message))
    message = condition.message or wording
    return GraphError(
        condition.code or code,
        message.replace("{metric}", metric),
        condition.subcode,
        status=condition.status,
    )
