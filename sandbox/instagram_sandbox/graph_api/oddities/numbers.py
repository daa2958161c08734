"""Changes of the insights in an answer. Each function carries out one oddity."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.pacific import end_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instagram_sandbox.graph_api.oddities.conditions import Condition
    from instagram_sandbox.graph_api.oddities.insights import InsightsCall

Insight = dict[str, Any]

_OPEN_DIMENSIONS = frozenset(
    {
        "follow_type",
        "media_product_type",
        "contact_button_type",
        "action_type",
        "story_navigation_action_type",
        "surface_type",
    }
)
"""The dimensions whose buckets may have other names; ages and places have no other names."""


def change_insights(call: InsightsCall, insights: list[Insight]) -> list[Insight]:
    """Return the insights of an answer, changed as the conditions order."""
    for oddity, change in _CHANGES.items():
        for condition in call.request.conditions_for(oddity, call.node):
            for insight in insights:
                change(call, condition, insight)
    return insights


def _late_follow_split(call: InsightsCall, condition: Condition, insight: Insight) -> None:
    if "follow_type" not in (call.breakdown or "").split(","):
        return
    late = timedelta(days=condition.number or 0)
    if all(call.request.now >= end_of(day) + late for day in call.days):
        return
    total = insight.get("total_value", {})
    if condition.form == "no_breakdowns":
        total.pop("breakdowns", None)
    for split in total.get("breakdowns", ()):
        if condition.form == "no_results":
            split.pop("results", None)
        else:
            split["results"] = []


def _bucket_names(_call: InsightsCall, condition: Condition, insight: Insight) -> None:
    wanted = frozenset(condition.names) or _OPEN_DIMENSIONS
    for split in insight.get("total_value", {}).get("breakdowns", ()):
        for bucket in split.get("results", ()):
            bucket["dimension_values"] = [
                _renamed(value, condition.form) if key in wanted else value
                for key, value in zip(
                    split["dimension_keys"], bucket["dimension_values"], strict=True
                )
            ]


def _renamed(name: str, form: str) -> str:
    if form == "upper":
        return name.upper()
    if form == "lower":
        return name.lower()
    return name.title() if form == "mixed" else f"NEW_{name[::-1].upper()}"


def _numbers(call: InsightsCall, condition: Condition, insight: Insight) -> None:
    name = insight["name"]
    if condition.names and name not in condition.names:
        return
    for place, holder in _holders(insight):
        if "value" in holder and condition.chooses(call.node.id, name, place):
            odd_number(condition, holder, "value")


def _holders(insight: Insight) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the objects in an insight that hold a number, each with a key of its own."""
    for number, value in enumerate(insight.get("values", ())):
        yield value.get("end_time", f"value {number}"), value
    total = insight.get("total_value", {})
    if total:
        yield "total", total
    for split in total.get("breakdowns", ()):
        for bucket in split.get("results", ()):
            yield ",".join(bucket["dimension_values"]), bucket


def odd_number(condition: Condition, holder: dict[str, Any], key: str) -> None:
    """Replace a number by what the form of the condition says, or remove it."""
    number = holder[key]
    if isinstance(number, bool) or not isinstance(number, int | float):
        return
    if condition.form == "absent":
        del holder[key]
    else:
        holder[key] = _FORMS[condition.form](number)


_FORMS: dict[str, Callable[[int | float], Any]] = {
    "digits": str,
    "fraction": lambda number: number + 0.25,
    "whole_fraction": float,
    "word": lambda _number: "n/a",
    "null": lambda _number: None,
    "object": lambda number: {"value": number},
    "list": lambda number: [number],
    "boolean": lambda _number: True,
}

Change = Callable[["InsightsCall", "Condition", Insight], None]

_CHANGES: dict[str, Change] = {
    "late_follow_split": _late_follow_split,
    "numbers": _numbers,
    "bucket_names": _bucket_names,
}
"""The functions by oddity, in the order in which they are applied."""
