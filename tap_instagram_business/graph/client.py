"""Sends calls to the Graph API, retries what may succeed later, and returns answers in order."""

from __future__ import annotations

import copy
import logging
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from typing_extensions import Self

from tap_instagram_business.graph.batches import Batcher
from tap_instagram_business.graph.calls import Call, Result
from tap_instagram_business.graph.error_table import RETRYABLE, THROTTLED_APP, Action
from tap_instagram_business.graph.errors import AccountRateLimited
from tap_instagram_business.graph.insights_request import InsightsCall
from tap_instagram_business.graph.paging import Page, next_page, node_by_node
from tap_instagram_business.graph.probing import MetricSearch, ProbeCalls
from tap_instagram_business.graph.rate_limits import Costs, RateLimits
from tap_instagram_business.graph.retries import CircuitBreaker, RetryPolicy
from tap_instagram_business.graph.run_lock import RunLock
from tap_instagram_business.graph.transport import Transport
from tap_instagram_business.graph.unsupported_metrics import UnsupportedMetrics

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tap_instagram_business.graph.api import ApiConfig

MAX_CALLS_PER_BATCH = 50
"""How many calls a batch may hold."""
MIN_CALLS_PER_REQUEST = 25
"""Fewer calls than this are not split up to be sent in parallel: a batch takes longer with each
call in it, but smaller batches would cost more round trips than they save time."""
MAX_GONE_TRIES = 3
"""How often Meta must say that something is gone before it is believed: it also says so wrongly."""
SENT_AGAIN = RETRYABLE | {Action.GONE}
"""After these errors the same call is sent again."""
PAGES_TOGETHER = 50
"""How many lists are paged through at the same time, unless the caller wants another number."""
PORTIONS = (MAX_CALLS_PER_BATCH, MAX_CALLS_PER_BATCH, 12, 3, 1)
"""How many calls share a request, by how often one of them has failed: a call that breaks the
whole request must not fail the others, so in the end each is sent alone."""
TRIES_TOGETHER = 2
"""After this many tries without an answer, a list is also asked for fewer items at a time."""
USUAL_TRIES = 4
"""Most calls need at most this many attempts until all unsupported metrics are removed."""

InFlight: TypeAlias = list[tuple[list[int], "Future[list[Result]]"]]
"""Requests on their way: which calls each holds, by index, and where its answers will be."""
Tries: TypeAlias = "Counter[tuple[int, Action | None]]"
"""How often a call, by index, has come back with an error that is treated in this way."""

logger = logging.getLogger("tap-instagram-business.graph")


class GraphClient:
    """One client for the whole run: one connection pool, one set of rate limits, one retry policy.

    Attributes:
        config: which API is asked, and how.
        rate_limits: what Meta has said about its rate limits.
        unsupported: the metrics that Meta has refused so far.
        lock: the lock of the run, which is released while answers are waited for.
        costs: where calls are counted; see `counting`.
    """

    retry_policy: ClassVar[RetryPolicy] = RetryPolicy()

    def __init__(self, config: ApiConfig, *, rate_limits: RateLimits | None = None) -> None:
        self.config = config
        self.rate_limits = rate_limits or RateLimits()
        self.unsupported = UnsupportedMetrics()
        self.lock = RunLock()
        self._probes = ProbeCalls()
        self._search = MetricSearch(self.unsupported)
        self._guard = CircuitBreaker(self.retry_policy)
        self._transport = Transport(config, self.rate_limits, self._guard)
        self.costs = Costs()
        self._batcher = Batcher(config, self._transport, self.rate_limits, self.costs)
        self._threads = ThreadPoolExecutor(config.parallel_requests, thread_name_prefix="graph")

    def counting(self, costs: Costs) -> Self:
        """Return a client that counts its calls in `costs` and shares all else with this one."""
        view = copy.copy(self)
        view.costs = costs
        view._batcher = Batcher(self.config, self._transport, self.rate_limits, costs)  # noqa: SLF001
        return view

    def now(self) -> dt.datetime:
        """Return the time by Meta's clock, UTC."""
        return self._transport.now()

    def close(self) -> None:
        """Send nothing more; threads that wait do not wait any longer."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.rate_limits.close()
        self._guard.close()
        self._transport.close()

    def send(self, call: Call) -> Result:
        """Send one call and return its answer."""
        return next(self.send_all([call]))

    def send_all(self, calls: Iterable[Call]) -> Iterator[Result]:
        """Send many calls; their answers come in the order of the calls, and may be errors.

        Calls are taken from the iterable a few hundred at a time, while earlier ones are in flight.

        Raises:
            Unreachable: nothing is answered any more, or Meta fails at every call.
            RateLimited: the rate limit of the app or the run is used up.
            GraphError: the token cannot be used any more.
        """
        waiting = iter(calls)
        earlier: InFlight = []
        while window := list(islice(waiting, self._max_to_submit(earlier))):
            current = self._submit_probes_first(window)
            yield from self._in_order(earlier)
            earlier = current
        yield from self._in_order(earlier)

    def pages(
        self,
        calls: Iterable[Call],
        *,
        go_on: Callable[[Result], bool],
        together: int = PAGES_TOGETHER,
    ) -> Iterator[list[Page]]:
        """Page through many lists at the same time.

        Yields the pages as they come; those that came together are in one list, and the pages of
        one list keep their order. A list ends at a page that has no `paging.next` (Graph API:
        pagination; an `after` cursor alone says nothing), that failed, or after which `go_on`
        returns False. The next pages are asked for while these are being worked on.
        """
        waiting = iter(calls)
        current = list(islice(waiting, together))
        in_flight = self._submit(current)
        while in_flight:
            pages = [node_by_node(page, self.send_all) for page in self._in_order(in_flight)]
            turned = [next_page(result) if go_on(result) else (result, None) for result in pages]
            current = [call for _, call in turned if call]
            current += islice(waiting, together - len(current))
            in_flight = self._submit(current)
            yield [Page(result, is_last=call is None) for result, call in turned]

    def _max_to_submit(self, in_flight: InFlight) -> int:
        """Return how many calls to submit at once.

        If the run may not make many more calls, only some of them are submitted, so that later
        calls do not use up what earlier ones need for their retries.
        """
        left = self.rate_limits.calls_left - sum(len(pack) for pack, _ in in_flight)
        most = MIN_CALLS_PER_REQUEST * self.config.parallel_requests
        return int(max(1, min(left / USUAL_TRIES, most)))

    def _submit(self, calls: Sequence[Call], places: Sequence[int] | None = None) -> InFlight:
        """Submit calls, or those at some places of a list.

        They are spread over the requests that may be in flight at the same time.
        """
        chosen = range(len(calls)) if places is None else places
        fair = -(-len(chosen) // self.config.parallel_requests)
        size = min(MAX_CALLS_PER_BATCH, max(MIN_CALLS_PER_REQUEST, fair))
        size = size if self._batcher.has_batches else 1
        packs = ([*chosen[start : start + size]] for start in range(0, len(chosen), size))
        return [
            (pack, self._threads.submit(self._send_until_final, [calls[place] for place in pack]))
            for pack in packs
        ]

    def _submit_probes_first(self, calls: Sequence[Call]) -> InFlight:
        """Submit calls, but a few of each kind before the others.

        They find out which metrics Meta refuses, so that the others are not all refused.
        """
        probes, waiting = self._probes.choose(calls)
        probing = self._submit(calls, probes)
        known = sorted({*range(len(calls))} - {*probes, *waiting})
        in_flight = probing + self._submit(calls, known)
        with self.lock.released():
            wait([future for _, future in probing])
        return in_flight + self._submit(calls, waiting)

    def _send_until_final(self, calls: Sequence[Call]) -> list[Result]:
        """Send calls, again and again, until nothing would change any of their answers."""
        settled = [
            self._search.isolate(result, self._send_with_retries)
            for result in self._send_with_retries(calls)
        ]
        for result in settled:
            self._guard.count_call(result.error)
            if isinstance(result.call, InsightsCall):
                self.unsupported.note_given(result.call, result.insights.names)
        return settled

    def _send_with_retries(self, calls: Sequence[Call]) -> list[Result]:
        """Send calls, again and again, until no retry would change any of their answers."""
        results: dict[int, Result] = {}
        pending = dict(enumerate(calls))
        tries: Tries = Counter()
        while pending:
            longest_wait = 0
            for index, result in self._send_in_portions(pending, tries):
                results[index] = result
                action = result.error.rule.action if result.error else None
                tries[index, action] += 1
                again = self._next_try(result, tries[index, action])
                if again is None:
                    del pending[index]
                    continue
                pending[index] = again
                # A request without an answer has waited already.
                if (
                    again is result.call
                    and action in SENT_AGAIN
                    and action is not Action.UNANSWERED
                ):
                    longest_wait = max(longest_wait, tries[index, action])
            if longest_wait:
                self._guard.pause(self.retry_policy.pause(longest_wait))
        return [results[index] for index in range(len(calls))]

    def _send_in_portions(
        self, pending: Mapping[int, Call], tries: Tries
    ) -> Iterator[tuple[int, Result]]:
        """Send calls together: all at first, ever fewer when they failed, one by one in the end."""
        self._guard.check()
        failed = max(tries[index, action] for index in pending for action in RETRYABLE)
        size = PORTIONS[min(failed, len(PORTIONS) - 1)]
        waiting = iter(list(pending.items()))
        while portion := dict(islice(waiting, size)):
            yield from self._send(portion)

    def _send(self, pending: Mapping[int, Call]) -> Iterator[tuple[int, Result]]:
        """Send, once, as many of these calls as the rate limits allow."""
        waiting = []
        for index, call in pending.items():
            if reason := self.rate_limits.exhausted_reason(call.quota_account):
                yield index, Result(call, error=AccountRateLimited(reason))
            else:
                waiting.append((index, call))
        if not waiting:
            return
        places = self.rate_limits.acquire([call.quota_account for _, call in waiting])
        sent = [waiting[place] for place in places]
        try:
            results = self._batcher.send([self._search.without_refused(call) for _, call in sent])
            self._note_throttling(results)
        finally:
            self.rate_limits.release(call.quota_account for _, call in sent)
        yield from ((index, result) for (index, _), result in zip(sent, results, strict=True))

    def _note_throttling(self, results: Iterable[Result]) -> None:
        """Send no more calls where these were throttled, before others can take their place."""
        for result in results:
            account_id, error = result.call.quota_account, result.error
            if error and error.rule.action is Action.WAIT:
                self.rate_limits.refused(account_id, of_app=error.code in THROTTLED_APP)
            else:
                self.rate_limits.answered(account_id)

    def _next_try(self, result: Result, tries: int) -> Call | None:
        """Return the call to send after an answer; None if no other answer can be expected."""
        error = result.error
        if error is None:
            return None
        action = error.rule.action
        if action is Action.STOP and error.code != result.call.tolerated:
            raise error
        if action is Action.WAIT:
            return result.call
        most = MAX_GONE_TRIES if action is Action.GONE else self.retry_policy.tries
        most = self._search.max_tries(result.call, error, most)
        is_transient = action in SENT_AGAIN and tries < most
        if action is Action.UNANSWERED and is_transient and tries >= TRIES_TOGETHER:
            return result.call.smaller()
        again = self._search.retry_variant(result.call, error)
        return again or (result.call if is_transient else None)

    def _in_order(self, in_flight: InFlight) -> Iterator[Result]:
        """Yield answers in the order of their calls, also those before a failure."""
        results: dict[int, Result] = {}
        following = 0
        for indices, future in in_flight:
            with self.lock.released():
                found = future.result()
            results.update(zip(indices, found, strict=True))
            while following in results:
                yield results.pop(following)
                following += 1
