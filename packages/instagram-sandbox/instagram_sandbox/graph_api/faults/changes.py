"""Changes of parts of an answer: fields, items of lists, and the links between pages.

Each function carries out one kind of fault. It returns None for a part that the kind is not about.
To add a kind, add it to `kinds` and its function to one of the tables.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.dice import Dice
from instagram_sandbox.graph_api.pacific import end_of

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.faults.fault import Fault
    from instagram_sandbox.graph_api.faults.walk import Place

Object = dict[str, Any]
FieldChange = Callable[["Fault", "Place", str, Any], "Object | None"]
"""Returns what an object has instead of a field, from the fault and the field's place, name and
value."""


class SameName(str):
    """A name that an object may have a second time: `{"a": 1, "a": null}`."""

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__


def form_of(fault: Fault, place: Place, forms: tuple[str, ...]) -> str:
    """Return the form of a fault at a place: the ordered one, or one of those that are possible."""
    return fault.form or Dice(fault.seed).pick(forms, *place.key, "form")


# Fields that are broken at random


def _broken_field(fault: Fault, place: Place, name: str, value: Any) -> Object | None:  # noqa: ANN401
    if fault.names and name not in fault.names and place.about.metric not in fault.names:
        return None
    return _BREAKS[form_of(fault, place, tuple(_BREAKS))](fault, place, name, value)


def _retype(fault: Fault, place: Place, name: str, value: Any) -> Object:  # noqa: ANN401
    # A fraction and a whole number are one type: nobody could tell 7 from the 39.4 it stands for.
    own = int if isinstance(value, float) else type(value)
    others = [make for kind, make in _TYPES.items() if kind is not own]
    return {name: Dice(fault.seed).pick(others, *place.key, "type")(value)}


def _rename(fault: Fault, place: Place, name: str, value: Any) -> Object:  # noqa: ANN401
    first, *others = name.split("_")
    names = (f"new_{name}", f"{name}_v2", "".join([first, *map(str.title, others)]) + "X")
    return {Dice(fault.seed).pick(names, *place.key, "name"): value}


_TYPES: dict[type[Any], Callable[[Any], Any]] = {
    str: lambda value: str(value) if isinstance(value, int | float) else "unexpected",
    int: lambda _value: 7,
    bool: lambda _value: True,
    list: lambda value: [value],
    dict: lambda value: {"value": value},
}
"""How to make a value of each type out of a value of another type."""

_BREAKS: dict[str, Callable[[Fault, Place, str, Any], Object]] = {
    "drop_field": lambda _fault, _place, _name, _value: {},
    "null_field": lambda _fault, _place, name, _value: {name: None},
    "retype_field": _retype,
    "rename_field": _rename,
    "duplicate_field": lambda _fault, _place, name, value: {name: value, SameName(name): None},
}

# Fields that are odd, as they were recorded


def _numbers(fault: Fault, place: Place, name: str, value: Any) -> Object | None:  # noqa: ANN401
    metric = place.about.metric
    is_counted = name == "value" if metric else name.endswith("_count")
    is_named = not fault.names or (metric or name) in fault.names
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_counted and is_named and is_number):
        return None
    return {} if fault.form == "absent" else {name: _NUMBERS[fault.form](value)}


_NUMBERS: dict[str, Callable[[int | float], Any]] = {
    "digits": str,
    "fraction": lambda number: number + 0.25,
    "whole_fraction": float,
    "word": lambda _number: "n/a",
    "null": lambda _number: None,
    "object": lambda number: {"value": number},
    "list": lambda number: [number],
    "boolean": lambda _number: True,
}


def _timestamps(fault: Fault, _place: Place, name: str, value: Any) -> Object | None:  # noqa: ANN401
    if name not in fault.names or not isinstance(value, str):
        return None
    return {name: _TIMES[fault.form](value)}


_TIMES: dict[str, Callable[[str], str | int]] = {
    "fraction": lambda text: text.replace("+", ".123+"),
    "z": lambda text: text.replace("+0000", "Z"),
    "unix": lambda text: int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()),
    "colon": lambda text: text.replace("+0000", "+00:00"),
}


def _captions(fault: Fault, _place: Place, name: str, _value: Any) -> Object | None:  # noqa: ANN401
    return {name: _TEXTS[fault.form]} if name in fault.names else None


_TEXTS = {
    "surrogate": "Half a smile \ud83d and the other half \ude00 #half",
    "nul": "Before\0after #nul",
    "emoji": "🎉" * 2200,
}


def _no_product_type(_fault: Fault, place: Place, name: str, _value: Any) -> Object | None:  # noqa: ANN401
    return {} if name == "media_product_type" and place.listed else None


def _ad_media(_fault: Fault, place: Place, name: str, _value: Any) -> Object | None:  # noqa: ANN401
    return {name: "AD"} if name == "media_product_type" and place.kind != "STORY" else None


def _bucket_names(fault: Fault, place: Place, name: str, value: Any) -> Object | None:  # noqa: ANN401
    wanted = frozenset(fault.names) or _OPEN_DIMENSIONS
    keys = place.call.params.get("breakdown", "").split(",")
    if name != "dimension_values" or wanted.isdisjoint(keys):
        return None
    return {name: [_NAMES[fault.form](each) for each in value]}


_NAMES: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "mixed": str.title,
    "unknown": lambda name: f"NEW_{name[::-1].upper()}",
}
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


def _late_follow_split(fault: Fault, place: Place, name: str, _value: Any) -> Object | None:  # noqa: ANN401
    if "follow_type" not in place.call.params.get("breakdown", "").split(","):
        return None
    late = timedelta(days=fault.number or 0)
    is_due = all(place.call.now >= end_of(day) + late for day in place.days)
    wanted = "breakdowns" if fault.form == "no_breakdowns" else "results"
    if name != wanted or is_due:
        return None
    return {name: []} if fault.form == "empty_results" else {}


FIELD_CHANGES: dict[str, FieldChange] = {
    "ad_media": _ad_media,
    "no_product_type": _no_product_type,
    "timestamps": _timestamps,
    "captions": _captions,
    "late_follow_split": _late_follow_split,
    "numbers": _numbers,
    "bucket_names": _bucket_names,
    "broken_field": _broken_field,
}
"""What can happen to a field of an object."""

ITEM_CHANGES: dict[str, Callable[[Any], list[Any]]] = {
    "drop_item": lambda _item: [],
    "null_item": lambda _item: [None],
    "duplicate_item": lambda item: [item, item],
}
"""What can happen to an object in a list, by form: what the list has in its place."""


def broken_paging(form: str, paging: Object, link: Callable[[str], str]) -> Object:
    """Return the `paging` of a page that ends the list or leads to itself.

    Args:
        form: A form of `broken_paging`.
        paging: The `paging` of the page.
        link: Makes the URL of the page after a cursor.
    """
    if form == "end_paging":
        return {name: value for name, value in paging.items() if name != "next"}
    here = paging["cursors"]["before"]
    return {**paging, "cursors": {"before": here, "after": here}, "next": link(here)}
