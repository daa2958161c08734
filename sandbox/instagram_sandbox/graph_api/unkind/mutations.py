"""The ways to spoil an answer. Each function carries out one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import GraphError

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.dice import Dice, Key

Object = dict[str, Any]
FieldMutation = Callable[["Dice", tuple["Key", ...], str, Any], Object]
"""Returns what stands in an object instead of a field, from the field's key, name and value."""


class SameName(str):
    """A name that an object may have a second time: `{"a": 1, "a": null}`."""

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__


def _drop(_dice: Dice, _key: tuple[Key, ...], _name: str, _value: Any) -> Object:  # noqa: ANN401
    return {}


def _null(_dice: Dice, _key: tuple[Key, ...], name: str, _value: Any) -> Object:  # noqa: ANN401
    return {name: None}


def _retype(dice: Dice, key: tuple[Key, ...], name: str, value: Any) -> Object:  # noqa: ANN401
    # A fraction and a whole number are one type: nobody could tell 7 from the 39.4 it stands for.
    own = int if isinstance(value, float) else type(value)
    others = [make for kind, make in _TYPES.items() if kind is not own]
    return {name: dice.pick(others, *key, "type")(value)}


def _rename(dice: Dice, key: tuple[Key, ...], name: str, value: Any) -> Object:  # noqa: ANN401
    first, *others = name.split("_")
    names = (f"new_{name}", f"{name}_v2", "".join([first, *map(str.title, others)]) + "X")
    return {dice.pick(names, *key, "name"): value}


def _duplicate(_dice: Dice, _key: tuple[Key, ...], name: str, value: Any) -> Object:  # noqa: ANN401
    return {name: value, SameName(name): None}


_TYPES: dict[type[Any], Callable[[Any], Any]] = {
    str: lambda value: str(value) if isinstance(value, int | float) else "unexpected",
    int: lambda _value: 7,
    bool: lambda _value: True,
    list: lambda value: [value],
    dict: lambda value: {"value": value},
}
"""How to make a value of each type out of a value of another type."""

FIELD_MUTATIONS: dict[str, FieldMutation] = {
    "drop_field": _drop,
    "null_field": _null,
    "retype_field": _retype,
    "rename_field": _rename,
    "duplicate_field": _duplicate,
}
"""What can happen to a field of an object."""

ITEM_MUTATIONS: dict[str, Callable[[Any], list[Any]]] = {
    "drop_item": lambda _item: [],
    "null_item": lambda _item: [None],
    "duplicate_item": lambda item: [item, item],
}
"""What can happen to an object in a list: the objects that stand in the list instead of it."""


def failure(dice: Dice, key: tuple[Key, ...], codes: tuple[int, ...]) -> GraphError:
    """Return the error with which a call fails for good."""
    code = dice.pick(codes, *key, "code")
    text, subcode, status = _FAILURES.get(
        code, (f"(#{code}) Something happened that has no name yet.", None, 400)
    )
    return GraphError(code, text, subcode, status=status)


_FAILURES: dict[int, tuple[str, int | None, int]] = {
    1: ("An unknown error occurred", None, 500),
    2: ("(#2) Service temporarily unavailable", None, 503),
    10: ("(#10) Application does not have permission for this action", None, 400),
    100: ("(#100) Invalid parameter", None, 400),
    200: ("(#200) Permissions error", None, 403),
    9005: ("(#9005) Video content was not found", None, 400),
}
"""Message, subcode and status by code."""


def broken_paging(kind: str, paging: Object, link: Callable[[str], str]) -> Object:
    """Return the `paging` of a page that ends the list or leads to itself.

    Args:
        kind: One of `PAGING_KINDS`.
        paging: The `paging` of the page.
        link: Makes the URL of the page after a cursor.
    """
    if kind == "end_paging":
        return {name: value for name, value in paging.items() if name != "next"}
    here = paging["cursors"]["before"]
    return {**paging, "cursors": {"before": here, "after": here}, "next": link(here)}
