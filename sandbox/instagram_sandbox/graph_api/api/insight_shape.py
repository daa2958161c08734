"""What account and media insights have in common: the metric list, titles, chosen keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import one_of, parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instagram_sandbox.graph_api.api.reading import Reading


def asked_metrics(reading: Reading, known: Sequence[str]) -> list[str]:
    """Give the metrics asked for, each once.

    Raises:
        GraphError: If there is none, or one that the API does not know or knows no longer; the
            message then lists those it knows.
    """
    text = reading.call.params.get("metric", "")
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        message = "The parameter metric is required"
        raise parameter(message)
    living = [name for name in known if name not in reading.world.retired_metrics]
    for place, name in enumerate(names):
        if name not in living:
            raise one_of(living, f"metric[{place}]")
    return list(dict.fromkeys(names))


def describe(node_id: str, metric: str, period: str) -> dict[str, str]:
    """Give the parts of an insight object that say what it is."""
    title = metric.replace("_", " ").capitalize()
    return {
        "title": title,
        "description": f"{title}, as Meta describes it.",
        "id": f"{node_id}/insights/{metric}/{period}",
    }


def only_asked_keys(reading: Reading, answer: dict[str, Any]) -> dict[str, Any]:
    """Leave out the keys that `fields` does not name, if there is such a list."""
    if not reading.call.params.get("fields"):
        return answer
    names = {field.name for field in reading.fields("")}
    data = [
        {name: value for name, value in insight.items() if name in names}
        for insight in answer["data"]
    ]
    return {**answer, "data": data}
