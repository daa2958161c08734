"""How often to ask again, how long to wait before, and when asking on makes no sense."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_instagram_business.graph.error_table import NO_ANSWER, RETRYABLE
from tap_instagram_business.graph.errors import Unreachable

if TYPE_CHECKING:
    from tap_instagram_business.graph.errors import CallError

MAX_UNANSWERED = 8
"""After this many requests in a row without an answer, each sent later than the last, a run ends.

Until something was answered for the first time it is `RetryPolicy.tries`: a wrong host is told
at once.
"""
MAX_FAILED_CALLS = 100
"""After this many calls in a row that Meta failed at, each several times, a run ends."""

logger = logging.getLogger("tap-instagram-business.graph")


@dataclass(frozen=True)
class RetryPolicy:
    """How often and after how long to ask again.

    Attributes:
        tries: how often a call is sent before its error is believed.
        first_pause: seconds before the second try; each further pause is twice as long.
        timeout: seconds until a request without an answer counts as lost.
    """

    tries: int = 5
    first_pause: float = 0.5
    timeout: float = 60.0

    def pause(self, attempt: int) -> float:
        """Return how many seconds to wait before this attempt; the first retry is 1."""
        return self.first_pause * 2.0 ** (attempt - 1)


class CircuitBreaker:
    """Notices that nothing works any more, over all threads, and ends the run then.

    Requests without a response are one sign. While they last, every thread waits longer and longer,
    about a minute in total, for a network that comes back. Calls in a row at which Meta fails are
    the other sign: the calls after them would only cost what these have cost.
    """

    def __init__(self, policy: RetryPolicy) -> None:
        self.policy = policy
        self._max_unanswered = policy.tries
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._unanswered = 0
        self._counted_at = 0.0
        self._failed_calls = 0
        self._outage: Unreachable | None = None

    def pause(self, seconds: float) -> None:
        """Wait, unless the client is closed."""
        self._closed.wait(seconds)

    def close(self) -> None:
        """End all waiting, now and from now on."""
        self._closed.set()

    def answered(self) -> None:
        """Note that a request was answered."""
        with self._lock:
            self._unanswered, self._max_unanswered = 0, MAX_UNANSWERED

    def not_answered(self, sent: float, url: str, why: str) -> None:
        """Note that a request was not answered, and wait.

        Args:
            sent: when it was sent (monotonic); requests sent together are counted once.
            url: the address that does not answer.
            why: what came instead of an answer.

        Raises:
            Unreachable: too many requests in a row were not answered.
        """
        with self._lock:
            if sent >= self._counted_at:
                self._unanswered += 1
                self._counted_at = time.monotonic()
            times = self._unanswered
            is_over = times >= self._max_unanswered
        if is_over:
            raise Unreachable(f"{url} gives no answer ({why}): {NO_ANSWER.remedy}")
        logger.info("Retrying: %s.", why)
        self.pause(self.policy.pause(max(1, times)))

    def check(self) -> None:
        """End this thread too, if another one has found that Meta fails at everything.

        Raises:
            Unreachable: it has.
        """
        with self._lock:
            if self._outage:
                raise self._outage

    def count_call(self, error: CallError | None) -> None:
        """Count the calls in a row that Meta failed at; each may have been tried several times.

        Raises:
            Unreachable: there are so many that the fault is not in any one of them.
        """
        with self._lock:
            if error is None or error.rule.action not in RETRYABLE:
                self._failed_calls = 0
                return
            self._failed_calls += 1
            if self._failed_calls >= MAX_FAILED_CALLS:
                self._outage = Unreachable(
                    f"Meta is failing every request ({error}): run again later, nothing is lost"
                )
                raise self._outage
