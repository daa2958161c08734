"""Items are taken from an iterator before they are wanted, but not too many of them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tap_instagram_business.graph.ahead import Ahead

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = 10.0


class Numbers:
    """Counts without end, and tells how far it has come."""

    def __init__(self) -> None:
        self._given = 0
        self._changed = threading.Condition()

    def __iter__(self) -> Iterator[int]:
        while True:
            with self._changed:
                self._given += 1
                self._changed.notify_all()
            yield self._given

    def has_given(self, number: int, seconds: float = LONG) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._given >= number, seconds)


def test_it_begins_at_once_and_holds_no_more_than_it_has_room_for() -> None:
    numbers = Numbers()
    ahead = Ahead(iter(numbers), room=3)
    # The fourth waits for room.
    assert numbers.has_given(4)
    assert not numbers.has_given(5, seconds=0.2)
    assert next(ahead) == 1
    assert numbers.has_given(5)
    ahead.close()


def test_items_keep_their_order_and_an_error_comes_where_it_happened() -> None:
    def until_it_breaks() -> Iterator[int]:
        yield from range(100)
        message = "no more"
        raise ValueError(message)

    ahead = Ahead(until_it_breaks(), room=2)
    assert [next(ahead) for _ in range(100)] == [*range(100)]
    for _ in range(2):
        with pytest.raises(ValueError, match="no more"):
            next(ahead)


def test_an_iterator_without_items_ends() -> None:
    assert list(Ahead(iter(()), room=1)) == []


def test_its_thread_ends_when_it_is_closed() -> None:
    before = {*threading.enumerate()}
    numbers = Numbers()
    ahead = Ahead(iter(numbers), room=1)
    assert numbers.has_given(2)
    (thread,) = {*threading.enumerate()} - before
    ahead.close()
    thread.join(LONG)
    assert not thread.is_alive()
