"""Finds out what each part of an answer is about: which account, media, metric and day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import GraphError
from instagram_sandbox.graph_api.api.request import kind_of, owner
from instagram_sandbox.graph_api.api.times import parse_time
from instagram_sandbox.graph_api.faults.touched import Touched
from instagram_sandbox.graph_api.pacific import (
    ONE_DAY,
    day_of,
    days_ending_within,
    days_starting_within,
)
from instagram_sandbox.graph_api.world.conversation import Comment
from instagram_sandbox.graph_api.world.posts import Media, Slide

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from instagram_sandbox.graph_api.api.call import Call
    from instagram_sandbox.graph_api.dice import Key
    from instagram_sandbox.graph_api.faults.fault import Fault
    from instagram_sandbox.graph_api.world import World
    from instagram_sandbox.graph_api.world.world import WorldObject


@dataclass(frozen=True)
class Place:
    """A part of an answer.

    Attributes:
        world: The world that the answer shows.
        call: The call that is answered.
        key: The key that the same part has in each answer to the same call.
        about: What the part is about.
        node: The account, media or other object that it belongs to, or None.
        listed: Whether the object is in a list or in another object.
    """

    world: World
    call: Call
    key: tuple[Key, ...]
    about: Touched
    node: WorldObject | None = None
    listed: bool = False

    @property
    def node_id(self) -> str:
        """Id of the object, or an empty text."""
        return self.node.id if self.node is not None else ""

    @property
    def kind(self) -> str:
        """Kind of the object, as faults name it, or an empty text."""
        return kind_of(self.node) if self.node is not None else ""

    @property
    def days(self) -> list[date]:
        """The Pacific days in the window of the call; empty without a window."""
        return _days_of_window(self.world, self.call)

    def is_of(self, fault: Fault) -> bool:
        """Return whether the part belongs to an object that a fault concerns."""
        account_id = self.about.account_id
        account = self.world.account(account_id).index if account_id else None
        return fault.concerns(account, self.node_id, self.kind)

    def field(self, name: str) -> Place:
        """Return the place of a field of the object at this place."""
        outer = f"{self.about.field}." if self.about.field else ""
        about = replace(self.about, field=f"{outer}{name}")
        return replace(self, key=(*self.key, name), about=about)

    def item(self, value: dict[str, Any], position: int) -> Place:
        """Return the place of an object in the list at this place."""
        place = replace(self, key=(*self.key, _name(value, position)), listed=True)
        if _is_node(value) or _is_insight(value):
            place = replace(place, about=replace(self.about, field=None))
        return place.of(value)

    def of(self, value: dict[str, Any]) -> Place:
        """Return the place with what an object at it tells about itself."""
        place = self
        if _is_node(value):
            node = self.world.find(value["id"])
            place = replace(place, about=_object(place.about, node, value["id"]), node=node)
        if _is_insight(value):
            place = place.insight(value)
        if isinstance(value.get("end_time"), str):
            place = replace(place, about=replace(place.about, day=self._day(value["end_time"])))
        return place

    def insight(self, value: dict[str, Any]) -> Place:
        """Return the place with the metric; a total is another one in each window."""
        key = self.key if "values" in value else (*self.key, *_window(self.call))
        return replace(self, key=key, about=replace(self.about, metric=str(value["name"])))

    def _day(self, end_time: str) -> date:
        label = day_of(datetime.strptime(end_time, "%Y-%m-%dT%H:%M:%S%z"))
        return label - ONE_DAY if self.world.settings.end_labels else label


def start(world: World, call: Call, account_id: str | None) -> Place:
    """Return the place of the whole answer to a call.

    Args:
        world: The world that the answer shows.
        call: The call.
        account_id: Id of the account that it is about, or None.
    """
    path = "/" + "/".join(call.segments)
    node = call.segments[0] if call.segments else ""
    about = Touched("", path, account_id=account_id)
    found = world.find(node if node != "me" or account_id is None else account_id)
    if node.isdigit():
        about = replace(_object(about, found, node), item_id=None)
    if "insights" in call.segments:
        days = _days_of_window(world, call)
        about = replace(about, day=days[0] if len(days) == 1 else None)
    key = (path, call.params.get("breakdown", ""))
    return Place(world, call, key, about, found)


def parts_within(value: Any, place: Place) -> Iterator[Touched]:  # noqa: ANN401 - JSON
    """Return what a value and all objects in it are about."""
    if isinstance(value, dict):
        place = place.of(value)
    yield place.about
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, dict | list):
                yield from parts_within(inner, place.field(name))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            if isinstance(item, dict):
                yield from parts_within(item, place.item(item, position))


def _name(value: dict[str, Any], position: int) -> Key:
    """Return a name by which an object in a list is known in each answer."""
    if _is_node(value):
        return str(value["id"])
    for name in ("name", "end_time"):
        if isinstance(value.get(name), str):
            return str(value[name])
    return ",".join(map(str, value.get("dimension_values", (position,))))


def _is_node(value: dict[str, Any]) -> bool:
    identifier = value.get("id")
    return isinstance(identifier, str) and identifier.isdigit()


def _is_insight(value: dict[str, Any]) -> bool:
    return "name" in value and not {"values", "total_value", "period"}.isdisjoint(value)


def _object(about: Touched, found: WorldObject | None, identifier: str) -> Touched:
    if found is None:
        return about
    account = owner(found)
    media = found.album if isinstance(found, Slide) else found
    media = media.media if isinstance(media, Comment) else media
    return replace(
        about,
        account_id=account.id if account else about.account_id,
        media_id=media.id if isinstance(media, Media) else about.media_id,
        item_id=identifier,
    )


def _window(call: Call) -> tuple[str, str]:
    return call.params.get("since", ""), call.params.get("until", "")


def _days_of_window(world: World, call: Call) -> list[date]:
    """Return the Pacific days in the window of a call; none if it has no window."""
    days_within = days_ending_within if world.settings.end_labels else days_starting_within
    try:
        since, until = (parse_time(call.params[name], name) for name in ("since", "until"))
    except (KeyError, GraphError):
        return []
    return days_within(since, until)
