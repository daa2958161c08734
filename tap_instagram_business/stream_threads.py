"""Streams that run side by side: while one waits for Meta, another one works.

Each source stream, and each stream that is derived from a list of media, has a thread of its own.
Only the thread that holds the lock of the run works; see `RunLock`. Where no threads are started,
because a run may make few calls only, the same code runs stream by stream.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, wait
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from typing_extensions import Self

from tap_instagram_business.graph.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_instagram_business.graph.run_lock import RunLock

T = TypeVar("T")


class StreamThreads:
    """The threads of a run, by the names of their streams."""

    def __init__(self, lock: RunLock) -> None:
        """Start no thread yet.

        Args:
            lock: the lock of the run, which a thread holds while it works.
        """
        self.lock = lock
        self._ends: dict[str, Future[None]] = {}
        self._failed: Future[None] = Future()

    def start(self, name: str, work: Callable[[], object], *, after: Sequence[str] = ()) -> None:
        """Start a thread.

        Args:
            name: the name of its stream.
            work: what it does. An exception of it ends the run, see `wait`.
            after: the streams whose threads must have ended before it begins.
        """
        end = self._ends[name] = Future()
        earlier = [self._ends[other] for other in after]

        def run() -> None:
            try:
                with self.lock:
                    self.lock.wait_for(lambda: all(one.done() for one in earlier))
                    work()
                    end.set_result(None)
                    self.lock.notify()
            except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
                with suppress(InvalidStateError):  # Another thread has failed before.
                    self._failed.set_exception(error)

        threading.Thread(target=run, name=name, daemon=True).start()

    def has(self, name: str) -> bool:
        """Return whether a stream has a thread."""
        return name in self._ends

    def wait(self, name: str) -> None:
        """Wait until the thread of a stream has ended, and raise what has ended any thread."""
        with self.lock.released():
            wait((self._ends[name], self._failed), return_when=FIRST_COMPLETED)
        if self._failed.done():
            self._failed.result()

    @property
    def are_started(self) -> bool:
        """Whether streams run side by side."""
        return bool(self._ends)


class Pipeline(Generic[T]):
    """Hands items from step to step; each step has a thread, so that it works beside the others.

    A step that is behind takes all items that wait for it at once. A failure of a step is raised at
    the end of the `with` block: until then the other steps go on.
    """

    def __init__(
        self,
        threads: StreamThreads,
        steps: Mapping[str, Callable[[list[T]], object]],
        *,
        size: Callable[[T], int],
        room: int,
    ) -> None:
        """Start the threads of the steps, unless streams run one after the other.

        Args:
            threads: the threads of the run.
            steps: what is done with items, by the name of the stream that does it.
            size: returns how much room an item takes.
            room: how much of it items may take that have not passed all steps; one item may always
                be on its way.
        """
        self._lock, self._steps = threads.lock, list(steps.values())
        self._size, self._room, self._taken = size, room, 0
        self._boxes: list[deque[T]] = [deque() for _ in steps]
        self._has_ended = [False] * (len(steps) + 1)
        self._failures: dict[int, Exception] = {}
        self._is_threaded = threads.are_started
        if self._is_threaded:
            for place, name in enumerate(steps):
                threads.start(name, lambda place=place: self._work(place))  # type: ignore[misc]

    def put(self, item: T) -> None:
        """Hand an item to the first step, as soon as there is room for it."""
        if not self._is_threaded:
            for place in range(len(self._steps)):
                self._take(place, [item])
            return
        size = self._size(item)
        self._lock.wait_for(lambda: not self._taken or self._taken + size <= self._room)
        self._taken += size
        self._pass_on([item], 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Wait until all items have passed all steps, unless the run is being ended.

        Raises:
            Exception: what has ended a step; rather something else than a used-up rate limit.
        """
        if error is not None and not isinstance(error, Exception):  # as GeneratorExit
            return
        if self._is_threaded:
            self._end(0)
            self._lock.wait_for(lambda: self._has_ended[-1])
        found = sorted(self._failures.values(), key=lambda one: isinstance(one, RateLimited))
        if found and (error is None or isinstance(error, RateLimited)):
            raise found[0]

    def _work(self, place: int) -> None:
        box = self._boxes[place]
        while True:
            self._lock.wait_for(lambda: box or self._has_ended[place])
            if not box:
                break
            items = [*box]
            box.clear()
            self._take(place, items)
            self._pass_on(items, place + 1)
        self._end(place + 1)

    def _take(self, place: int, items: list[T]) -> None:
        """Let a step work, unless it has failed before."""
        if place not in self._failures:
            try:
                self._steps[place](items)
            except Exception as error:  # noqa: BLE001 - it is raised at the end
                self._failures[place] = error

    def _pass_on(self, items: Sequence[T], place: int) -> None:
        if place < len(self._boxes):
            self._boxes[place].extend(items)
        else:
            self._taken -= sum(map(self._size, items))
        self._lock.notify()

    def _end(self, place: int) -> None:
        self._has_ended[place] = True
        self._lock.notify()
