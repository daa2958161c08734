"""Threads of streams, and the pipeline between them: order, room and failures."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tap_instagram_business.graph.errors import RateLimited, Unreachable
from tap_instagram_business.graph.run_lock import RunLock
from tap_instagram_business.stream_threads import Pipeline, StreamThreads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MANY = 1_000


class Steps:
    """Three steps that note what they are given; one of them may fail."""

    def __init__(self, error: Exception | None = None) -> None:
        self.seen: dict[str, list[int]] = {"first": [], "second": [], "third": []}
        self.error = error

    def named(self) -> dict[str, Callable[[list[int]], object]]:
        def step(name: str) -> Callable[[list[int]], object]:
            def take(items: list[int]) -> None:
                if name == "second" and self.error:
                    raise self.error
                self.seen[name] += items

            return take

        return {name: step(name) for name in self.seen}


@contextmanager
def running(*, parallel: bool = True) -> Iterator[StreamThreads]:
    """Threads, of which a first one has begun; the calling thread holds the lock."""
    lock = RunLock()
    threads = StreamThreads(lock)
    with lock:
        if parallel:
            threads.start("source", lambda: None)
        yield threads


def fill(threads: StreamThreads, steps: Steps, numbers: int = 5, room: int = MANY) -> None:
    with Pipeline(threads, steps.named(), size=lambda _: 1, room=room) as pipeline:
        for number in range(numbers):
            pipeline.put(number)


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("room", [1, 2, MANY])
def test_each_item_passes_all_steps_in_order(*, parallel: bool, room: int) -> None:
    steps = Steps()
    with running(parallel=parallel) as threads:
        fill(threads, steps, 20, room)
    assert set(map(tuple, steps.seen.values())) == {tuple(range(20))}


def test_an_item_larger_than_the_room_passes_alone() -> None:
    steps = Steps()
    with (
        running() as threads,
        Pipeline(threads, steps.named(), size=lambda _: 9, room=5) as pipeline,
    ):
        pipeline.put(1)
        pipeline.put(2)
    assert steps.seen["third"] == [1, 2]


def test_no_more_items_are_under_way_than_there_is_room_for() -> None:
    steps, under_way = Steps(), list[int]()
    with (
        running() as threads,
        Pipeline(threads, steps.named(), size=lambda _: 2, room=7) as pipeline,
    ):
        for number in range(20):
            pipeline.put(number)
            under_way.append(number + 1 - len(steps.seen["third"]))
    assert max(under_way) == 3


@pytest.mark.parametrize("parallel", [True, False])
def test_a_step_that_fails_takes_no_more_and_the_others_go_on(*, parallel: bool) -> None:
    steps = Steps(Unreachable("gone"))
    with running(parallel=parallel) as threads, pytest.raises(Unreachable, match="gone"):
        fill(threads, steps)
    assert steps.seen == {"first": [0, 1, 2, 3, 4], "second": [], "third": [0, 1, 2, 3, 4]}


def fill_and_fail(threads: StreamThreads, steps: Steps, error: Exception) -> None:
    with Pipeline(threads, steps.named(), size=lambda _: 1, room=MANY) as pipeline:
        pipeline.put(1)
        raise error


@pytest.mark.parametrize(
    ("of_step", "of_source", "raised"),
    [
        (Unreachable("gone"), RateLimited("used up"), "gone"),
        (RateLimited("used up"), Unreachable("gone"), "gone"),
        (RateLimited("in the step"), RateLimited("in the source"), "in the step"),
    ],
)
def test_what_is_worse_than_a_used_up_rate_limit_is_raised(
    of_step: Exception, of_source: Exception, raised: str
) -> None:
    with running() as threads, pytest.raises((Unreachable, RateLimited), match=raised):
        fill_and_fail(threads, Steps(of_step), of_source)


def test_a_thread_begins_after_those_before_it() -> None:
    order: list[str] = []
    lock = RunLock()
    threads = StreamThreads(lock)

    def slow() -> None:
        with lock.released():
            threading.Event().wait(0.05)
        order.append("first")

    with lock:
        threads.start("first", slow)
        threads.start("second", lambda: order.append("second"), after=["first"])
        threads.wait("second")
    assert order == ["first", "second"]


@pytest.mark.parametrize("error", [Unreachable("gone"), SystemExit(143)])
def test_what_ends_one_thread_is_raised_in_who_waits_for_another(error: BaseException) -> None:
    lock = RunLock()
    threads = StreamThreads(lock)

    def fail() -> None:
        raise error

    with lock:
        threads.start("bad", fail)
        threads.start("waiting", lambda: lock.wait_for(lambda: False))
        with pytest.raises(type(error)):
            threads.wait("waiting")
        lock.close()


def test_a_generator_that_is_closed_after_the_run_has_ended_waits_for_no_step() -> None:
    with running() as threads:
        pipeline = Pipeline(threads, Steps().named(), size=lambda _: 1, room=MANY)
        threads.lock.close()
        with pytest.raises(GeneratorExit), pipeline:
            raise GeneratorExit
