"""The place where an answer passes the faults: it is refused, reworded, or changed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.faults.changes import (
    FIELD_CHANGES,
    ITEM_CHANGES,
    broken_paging,
    form_of,
)
from instagram_sandbox.graph_api.faults.failures import (
    REFUSALS,
    REWORDINGS,
    InsightsCall,
    error_for_good,
)
from instagram_sandbox.graph_api.faults.kinds import KINDS
from instagram_sandbox.graph_api.faults.walk import Place, parts_within, start
from instagram_sandbox.graph_api.world.accounts import Account
from instagram_sandbox.graph_api.world.posts import Media

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from instagram_sandbox.graph_api.api.call import Call
    from instagram_sandbox.graph_api.api.errors import GraphError
    from instagram_sandbox.graph_api.faults.fault import Fault
    from instagram_sandbox.graph_api.faults.orders import Faults
    from instagram_sandbox.graph_api.faults.touched import Touched
    from instagram_sandbox.graph_api.world import World

Object = dict[str, Any]

CHANGES = frozenset({*FIELD_CHANGES, "broken_item", "broken_paging"})
SPARED_FIELDS = frozenset({"access_token", "paging"})
"""Fields that are never changed as fields. For `paging` there is a kind of its own."""
SPARED_ERRORS = frozenset({4, 17, 32, 102, 190, 341, 368, 613, 2500, 80002})
"""Codes of errors that are never broken: they are about tokens and limits."""
_TOKEN_PATHS = re.compile(r"/(oauth|dialog|access_token|refresh_access_token|debug_token)\b")
_PAGE_PARAMS = frozenset({"after", "before", "limit"})


class Answers:
    """Lets the faults happen to answers of the API.

    Args:
        world: The world that the answers show.
        faults: The faults that are ordered.
    """

    def __init__(self, world: World, faults: Faults) -> None:
        self._world, self._faults = world, faults

    def refusal(self, call: Call, body: Any, account_id: str | None) -> GraphError | None:  # noqa: ANN401 - JSON
        """Return the error that a call gets in place of its answer, or None.

        Args:
            call: The call.
            body: The answer that it would get.
            account_id: Id of the account that it is about, or None.
        """
        place = start(self._world, call, account_id)
        return self._refused_insights(place) or self._failure_for_good(place, body)

    def other_error(self, call: Call, error: GraphError, account_id: str | None) -> GraphError:
        """Return the error that a call gets in place of another error, or that one."""
        place = start(self._world, call, account_id)
        for fault in self._about(place, REWORDINGS):
            other = REWORDINGS[fault.kind](fault, error)
            if other is not None and self._faults.happens(fault):
                return other
        is_about_metrics = error.code == 100 and error.subcode is None
        return (self._refused_insights(place) if is_about_metrics else None) or error

    def change(self, call: Call, body: Any, account_id: str | None) -> Any:  # noqa: ANN401 - JSON
        """Return the answer to a call with some of its parts changed."""
        orders = self._orders(call, CHANGES)
        if not orders or not isinstance(body, dict):
            return body
        return _Change(self._faults, orders).whole(body, start(self._world, call, account_id))

    def _orders(self, call: Call, kinds: Iterable[str]) -> list[Fault]:
        """Return the faults that may happen to a call; those for tokens are spared."""
        if not len(self._faults) or call.method != "GET":
            return []
        spared = _TOKEN_PATHS.match(f"/{'/'.join(call.segments)}")
        return [] if spared else self._faults.of(frozenset(kinds), call.text())

    def _about(self, place: Place, kinds: Iterable[str]) -> list[Fault]:
        found = self._orders(place.call, kinds)
        return [fault for fault in found if place.is_of(fault) and fault.chooses(place.node_id)]

    def _refused_insights(self, place: Place) -> GraphError | None:
        node = place.node
        if "insights" not in place.call.segments or not isinstance(node, Account | Media):
            return None
        asked = InsightsCall(place.call, node)
        orders = self._about(place, REFUSALS)
        for fault in sorted(orders, key=lambda each: list(REFUSALS).index(each.kind)):
            error = REFUSALS[fault.kind](fault, asked)
            if error is not None and self._faults.happens(fault):
                return error
        return None

    def _failure_for_good(self, place: Place, body: Any) -> GraphError | None:  # noqa: ANN401
        call = place.call
        for fault in self._orders(call, {"broken_call"}):
            for form, key in _keys_for_good(call):
                is_form = fault.form in {"", form}
                if is_form and place.is_of(fault) and fault.chooses(form, *key):
                    parts = list(parts_within(body, place))
                    metrics = call.params.get("metric", "").split(",")
                    parts += [replace(place.about, metric=name) for name in metrics if name]
                    if self._faults.happens(fault, *(replace(part, kind=form) for part in parts)):
                        return error_for_good(fault, form, *key)
        return None


class _Change:
    """Changes one answer."""

    def __init__(self, faults: Faults, orders: Sequence[Fault]) -> None:
        self._faults = faults
        self._fields = [each for each in orders if each.kind in FIELD_CHANGES]
        self._items = [each for each in orders if each.kind == "broken_item"]
        self._pages = [each for each in orders if each.kind == "broken_paging"]

    def whole(self, body: Any, place: Place) -> Any:  # noqa: ANN401 - JSON
        """Change an answer, or an object in it."""
        if not isinstance(body, dict):
            return body
        error = body.get("error")
        if isinstance(error, dict) and error.get("code") in SPARED_ERRORS:
            return body
        return self._object(body, place.of(body))

    def _object(self, value: Object, place: Place) -> Object:
        changed: Object = {}
        for name, inner in value.items():
            here = place.field(name)
            if name == "paging":
                changed[name] = self._paging(inner, here)
            elif name in SPARED_FIELDS:
                changed[name] = self._value(inner, here)
            else:
                changed |= self._field(name, inner, here)
        return changed

    def _field(self, name: str, value: Any, place: Place) -> Object:  # noqa: ANN401 - JSON
        for fault in self._fields:
            if not self._is_chosen(fault, place):
                continue
            changed = FIELD_CHANGES[fault.kind](fault, place, name, value)
            if changed is not None and self._happens(fault, place, value):
                return changed
        return {name: self._value(value, place)}

    def _value(self, value: Any, place: Place) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, dict):
            return self._object(value, place.of(value))
        if not isinstance(value, list):
            return value
        changed: list[Any] = []
        for position, item in enumerate(value):
            if not isinstance(item, dict):
                changed.append(item)
                continue
            here = place.item(item, position)
            for fault in self._items:
                if self._is_chosen(fault, here) and self._happens(fault, here, item):
                    changed += ITEM_CHANGES[_form(fault, here)](item)
                    break
            else:
                changed.append(self._object(item, here))
        return changed

    def _paging(self, paging: Object, place: Place) -> Object:
        for fault in self._pages:
            leads_on = "next" in paging and "cursors" in paging
            if leads_on and self._is_chosen(fault, place) and self._happens(fault, place, None):
                return broken_paging(
                    _form(fault, place), paging, lambda cursor: place.call.link(after=cursor)
                )
        return paging

    def _is_chosen(self, fault: Fault, place: Place) -> bool:
        key = place.key if KINDS[fault.kind].share_of == "part" else (place.node_id,)
        return place.is_of(fault) and fault.chooses(*key)

    def _happens(self, fault: Fault, place: Place, value: Any) -> bool:  # noqa: ANN401 - JSON
        kind = _form(fault, place) if KINDS[fault.kind].chosen else fault.kind
        return self._faults.happens(fault, *_touched(kind, value, place))


def _form(fault: Fault, place: Place) -> str:
    return form_of(fault, place, KINDS[fault.kind].forms)


def _touched(kind: str, value: Any, place: Place) -> Iterable[Touched]:  # noqa: ANN401 - JSON
    return (replace(part, kind=kind) for part in parts_within(value, place))


def _keys_for_good(call: Call) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Return the keys that decide whether a call fails for good, each with its form."""
    params = sorted((k, v) for k, v in call.public_params.items() if k not in _PAGE_PARAMS)
    yield "fail_call", ("/".join(call.segments), *(f"{name}={value}" for name, value in params))
    node = call.segments[0] if call.segments else ""
    yield "fail_object", (node, call.segments[-1] if len(call.segments) > 1 else "")
    for metric in call.params.get("metric", "").split(","):
        if metric:
            yield "fail_metric", (node, metric)
