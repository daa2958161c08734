"""When asking on makes no sense: how lost requests and failed calls are counted."""

from __future__ import annotations

import threading
import time

import pytest

from tap_instagram_business.graph.errors import GraphError, Unanswered, Unreachable
from tap_instagram_business.graph.retries import (
    MAX_FAILED_CALLS,
    MAX_UNANSWERED,
    CircuitBreaker,
    RetryPolicy,
)

POLICY = RetryPolicy(tries=3, first_pause=0.0)
MAY_PASS = GraphError({"code": 2, "message": "Service temporarily unavailable"}, 503)
NOT_THERE = GraphError({"code": 100, "error_subcode": 33, "message": "Unsupported request"}, 400)


def lose(guard: CircuitBreaker, sent: float | None = None) -> None:
    """Lose a request that was sent at a moment, by default just now."""
    guard.not_answered(time.monotonic() if sent is None else sent, "https://graph", "timeout")


def test_pauses_double() -> None:
    policy = RetryPolicy(first_pause=0.5)
    assert [policy.pause(attempt) for attempt in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]


def test_a_host_that_never_answers_is_given_up_after_as_many_tries_as_a_call_has() -> None:
    guard = CircuitBreaker(POLICY)
    lose(guard)
    lose(guard)
    with pytest.raises(Unreachable, match=r"https://graph gives no answer \(timeout\)"):
        lose(guard)


def test_a_host_that_has_answered_is_given_up_later_and_each_answer_begins_anew() -> None:
    guard = CircuitBreaker(POLICY)
    for _ in range(3):
        guard.answered()
        for _ in range(MAX_UNANSWERED - 1):
            lose(guard)
    with pytest.raises(Unreachable):
        lose(guard)


def test_requests_that_are_lost_together_are_one_outage() -> None:
    guard = CircuitBreaker(POLICY)
    guard.answered()
    sent = time.monotonic()
    for _ in range(5 * MAX_UNANSWERED):
        lose(guard, sent)
    for _ in range(MAX_UNANSWERED - 2):
        lose(guard)
    with pytest.raises(Unreachable):
        lose(guard)


def test_each_outage_is_waited_for_twice_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = CircuitBreaker(RetryPolicy(first_pause=1.0))
    guard.answered()
    waited: list[float] = []
    monkeypatch.setattr(guard, "pause", waited.append)
    sent = time.monotonic()
    for _ in range(3):
        lose(guard, sent)
    lose(guard)
    assert waited == [1.0, 1.0, 1.0, 2.0]


def test_calls_in_a_row_that_meta_fails_at_end_the_run_in_every_thread() -> None:
    guard = CircuitBreaker(POLICY)
    for _ in range(MAX_FAILED_CALLS - 1):
        guard.count_call(MAY_PASS)
    guard.check()
    with pytest.raises(Unreachable, match="Service temporarily unavailable"):
        guard.count_call(MAY_PASS)
    with pytest.raises(Unreachable):
        guard.check()


@pytest.mark.parametrize("other", [None, NOT_THERE])
def test_any_other_answer_in_between_begins_anew(other: GraphError | None) -> None:
    guard = CircuitBreaker(POLICY)
    for _ in range(3):
        for _ in range(MAX_FAILED_CALLS - 1):
            guard.count_call(MAY_PASS)
        guard.count_call(other)
    guard.check()


def test_a_call_without_an_answer_is_one_that_meta_failed_at() -> None:
    guard = CircuitBreaker(POLICY)
    for _ in range(MAX_FAILED_CALLS - 1):
        guard.count_call(Unanswered("timeout"))
    with pytest.raises(Unreachable):
        guard.count_call(Unanswered("timeout"))


def test_a_session_that_is_closed_waits_no_longer() -> None:
    guard = CircuitBreaker(POLICY)
    waiting = threading.Thread(target=guard.pause, args=(60.0,))
    waiting.start()
    guard.close()
    waiting.join(10)
    assert not waiting.is_alive()
