"""The lock of a run: one thread at a time works, and none goes on after the end."""

from __future__ import annotations

import threading

import pytest

from tap_instagram_business.graph.run_lock import RunEnded, RunLock


def test_while_it_is_released_another_thread_gets_it() -> None:
    lock, order = RunLock(), []

    def work() -> None:
        with lock:
            order.append("other")

    with lock:
        other = threading.Thread(target=work)
        other.start()
        order.append("before")
        with lock.released():
            other.join(10)
        order.append("after")
    assert order == ["before", "other", "after"]


def test_without_the_lock_nothing_is_released() -> None:
    lock = RunLock()
    with lock.released():
        pass
    lock.wait_for(lambda: True)
    lock.notify()


def test_who_waits_goes_on_as_soon_as_it_is_true() -> None:
    lock, box, taken = RunLock(), list[int](), list[int]()

    def take() -> None:
        with lock:
            lock.wait_for(lambda: box)
            taken.append(box.pop())

    taking = threading.Thread(target=take)
    taking.start()
    with lock:
        box.append(1)
        lock.notify()
    taking.join(10)
    assert taken == [1]


@pytest.mark.parametrize("waits", [True, False])
def test_after_the_end_no_other_thread_goes_on(*, waits: bool) -> None:
    lock, ended = RunLock(), list[bool]()

    def work() -> None:
        try:
            with lock:
                lock.wait_for(lambda: not waits)
        except RunEnded:
            ended.append(True)

    with lock:
        other = threading.Thread(target=work)
        other.start()
        lock.close()
    other.join(10)
    assert ended == [True]


def test_who_has_released_it_does_not_get_it_back_after_the_end() -> None:
    lock, released, closed = RunLock(), threading.Event(), threading.Event()
    ended = []

    def work() -> None:
        try:
            with lock, lock.released():
                released.set()
                closed.wait(10)
        except RunEnded:
            ended.append(True)

    other = threading.Thread(target=work)
    other.start()
    released.wait(10)
    with lock:
        lock.close()
    closed.set()
    other.join(10)
    assert ended == [True]
