"""Fetches answers while earlier ones are still being worked on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import TypeVar

from typing_extensions import override

T = TypeVar("T")


class Ahead(Iterator[T]):
    """Takes items from an iterator in a thread of its own, a few more than are wanted yet.

    It begins at once. An exception of the iterator is raised where its next item would have been.
    """

    def __init__(self, source: Iterator[T], room: int) -> None:
        """Begin to take items.

        Args:
            source: what to take items from; nobody else may.
            room: how many items to hold at most that nobody has asked for yet.
        """
        self._source = source
        self._room = room
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._has_ended = False
        self._error: BaseException | None = None
        threading.Thread(target=self._fetch, name="ahead", daemon=True).start()

    def close(self) -> None:
        """Take no more items."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @override
    def __next__(self) -> T:
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._has_ended)
            if self._items:
                item = self._items.popleft()
                self._changed.notify_all()
                return item
            if self._error:
                raise self._error
            raise StopIteration

    def _fetch(self) -> None:
        try:
            for item in self._source:
                if not self._hold(item):
                    break
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that takes items
            self._error = error
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _hold(self, item: T) -> bool:
        """Keep an item as soon as there is room for it; return whether more are wanted."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or len(self._items) < self._room)
            self._items.append(item)
            self._changed.notify_all()
            return not self._is_closed
