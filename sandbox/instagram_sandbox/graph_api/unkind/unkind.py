"""Decides which parts of the answers are spoiled, spoils them, and keeps a record."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.dice import Dice
from instagram_sandbox.graph_api.unkind.mutations import (
    FIELD_MUTATIONS,
    ITEM_MUTATIONS,
    broken_paging,
    failure,
)
from instagram_sandbox.graph_api.unkind.order import (
    CALL_KINDS,
    FIELD_KINDS,
    ITEM_KINDS,
    PAGING_KINDS,
    UnkindSettings,
)
from instagram_sandbox.graph_api.unkind.touched import TouchedRecord
from instagram_sandbox.graph_api.unkind.walk import Place, parts_within, start

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instagram_sandbox.graph_api.api.call import Call
    from instagram_sandbox.graph_api.api.errors import GraphError
    from instagram_sandbox.graph_api.world import World

Object = dict[str, Any]

SPARED_FIELDS = frozenset({"access_token", "paging"})
"""Fields that are never spoiled as fields. For `paging` there are orders of its own."""
SPARED_ERRORS = frozenset({4, 17, 32, 102, 190, 341, 368, 613, 2500, 80002})
"""Codes of errors that are never spoiled: they are about tokens and limits."""
_TOKEN_PATHS = re.compile(r"/(oauth|dialog|access_token|refresh_access_token|debug_token)\b")
_PAGE_PARAMS = frozenset({"after", "before", "limit"})


class Unkind:
    """Spoils a share of the fields, items and calls, and is the same for the same seed.

    Whether a part is spoiled depends on the seed and on what the part is, and not on the moment or
    on earlier calls: who asks again gets the same answer.

    Args:
        world: The world that the answers show.
        settings: The order at the beginning. None for kind answers.

    Attributes:
        touched: What was spoiled.
    """

    def __init__(self, world: World, settings: UnkindSettings | None = None) -> None:
        self._world = world
        self._settings = settings
        self.touched = TouchedRecord()

    def order(self, settings: UnkindSettings | None) -> None:
        """Spoil answers from now on as ordered, or no longer if the order is None."""
        self._settings = settings

    def failure_of(self, call: Call, body: Any, account_id: str | None) -> GraphError | None:  # noqa: ANN401
        """Return the error with which a call fails for good, or None.

        Args:
            call: The call.
            body: The answer that it would get.
            account_id: Id of the account that it is about, or None.
        """
        settings = self._for(call)
        if settings is None:
            return None
        for kind, key in _failure_keys(call):
            share = settings.share if settings.call_share is None else settings.call_share
            if kind in settings.kinds and Dice(settings.seed).chance(share, kind, *key):
                self._record_call(kind, call, body, account_id)
                return failure(Dice(settings.seed), (kind, *key), settings.codes)
        return None

    def spoil(self, call: Call, body: Any, account_id: str | None) -> Any:  # noqa: ANN401 - JSON
        """Return the answer to a call with some of its parts spoiled.

        Args:
            call: The call.
            body: The answer.
            account_id: Id of the account that the call is about, or None.
        """
        settings = self._for(call)
        if settings is None or not isinstance(body, dict):
            return body
        spoiler = _Spoiler(settings, call, self.touched)
        return spoiler.whole(body, start(self._world, call, _node_of(call), account_id))

    def _for(self, call: Call) -> UnkindSettings | None:
        """Return the settings, unless the call is spared."""
        settings = self._settings
        if settings is None or call.method != "GET" or _TOKEN_PATHS.match(f"/{_tail(call)}"):
            return None
        spared = settings.spare and re.search(settings.spare, call.text())
        return None if spared else settings

    def _record_call(self, kind: str, call: Call, body: Any, account_id: str | None) -> None:  # noqa: ANN401
        place = start(self._world, call, _node_of(call), account_id)
        parts = list(parts_within(body, place))
        metrics = call.params.get("metric", "").split(",")
        parts += [replace(place.about, metric=name) for name in metrics if name]
        self.touched.add(*(replace(part, kind=kind) for part in parts))


class _Spoiler:
    """Spoils one answer."""

    def __init__(self, settings: UnkindSettings, call: Call, touched: TouchedRecord) -> None:
        self._settings, self._call, self._touched = settings, call, touched
        self._dice = Dice(settings.seed)

    def whole(self, body: Any, place: Place) -> Any:  # noqa: ANN401 - JSON
        """Spoil an answer, or an object in it."""
        if not isinstance(body, dict):
            return body
        error = body.get("error")
        if isinstance(error, dict) and error.get("code") in SPARED_ERRORS:
            return body
        return self._object(body, place.of(body))

    def _object(self, value: Object, place: Place) -> Object:
        spoiled: Object = {}
        for name, inner in value.items():
            here = place.field(name)
            if name == "paging":
                spoiled[name] = self._paging(inner, here)
                continue
            kind = None if name in SPARED_FIELDS else self._choice(FIELD_KINDS, here)
            if kind is None:
                spoiled[name] = self._value(inner, here)
            else:
                self._record(kind, parts_within(inner, here))
                spoiled |= FIELD_MUTATIONS[kind](self._dice, here.key, name, inner)
        return spoiled

    def _value(self, value: Any, place: Place) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, dict):
            return self._object(value, place.of(value))
        if not isinstance(value, list):
            return value
        spoiled: list[Any] = []
        for position, item in enumerate(value):
            if not isinstance(item, dict):
                spoiled.append(item)
                continue
            here = place.item(item, position)
            kind = self._choice(ITEM_KINDS, here)
            if kind is None:
                spoiled.append(self._object(item, here))
            else:
                self._record(kind, parts_within(item, here))
                spoiled += ITEM_MUTATIONS[kind](item)
        return spoiled

    def _paging(self, paging: Object, place: Place) -> Object:
        kind = self._choice(PAGING_KINDS, place)
        if kind is None or "next" not in paging or "cursors" not in paging:
            return paging
        self._record(kind, [place.about])
        return broken_paging(kind, paging, lambda cursor: self._call.link(after=cursor))

    def _choice(self, kinds: Iterable[str], place: Place) -> str | None:
        """Return the way in which a part is spoiled, or None."""
        ordered = [kind for kind in kinds if kind in self._settings.kinds]
        if not ordered or not self._dice.chance(self._settings.share, *place.key):
            return None
        return self._dice.pick(ordered, *place.key, "kind")

    def _record(self, kind: str, parts: Iterable[Any]) -> None:
        self._touched.add(*(replace(part, kind=kind) for part in parts))


def _tail(call: Call) -> str:
    return "/".join(call.segments)


def _node_of(call: Call) -> str:
    return call.segments[0] if call.segments else ""


def _failure_keys(call: Call) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Return the keys that decide whether a call fails for good, each with the kind of failure."""
    params = sorted((k, v) for k, v in call.public_params.items() if k not in _PAGE_PARAMS)
    call_kind, object_kind, metric_kind = CALL_KINDS
    yield call_kind, (_tail(call), *(f"{name}={value}" for name, value in params))
    node = _node_of(call)
    yield object_kind, (node, call.segments[-1] if len(call.segments) > 1 else "")
    for metric in call.params.get("metric", "").split(","):
        if metric:
            yield metric_kind, (node, metric)
