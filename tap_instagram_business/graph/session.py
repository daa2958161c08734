"""Asks the Graph API until asking again changes nothing: in parallel, answers in order."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from tap_instagram_business.graph.calls import Answer, Call
from tap_instagram_business.graph.errors import (
    FAILING,
    AccountRateLimited,
    Action,
    GraphError,
    Unreachable,
)
from tap_instagram_business.graph.exchange import Exchange
from tap_instagram_business.graph.limits import Allowance
from tap_instagram_business.graph.paging import Page, turn_over
from tap_instagram_business.graph.transport import Costs, Patience, Transport

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tap_instagram_business.graph.access import Access

MOST_CALLS = 50
"""How many calls a batch, and how many ids `?ids=`, may hold."""
FEWEST_CALLS = 10
"""Fewer calls than this are not split up to be asked in parallel."""
GONE_TRIES = 3
"""How often Meta must say that something is gone before it is believed: it says so in error too."""
PASSING = (*FAILING, Action.GONE)
"""What may have passed when it is asked again."""
PAGES_TOGETHER = 50
"""How many lists are paged through at the same time."""
TRIES_TOGETHER = 2
"""How often calls are asked together; then ever fewer, so that one of them fails no other."""
MOST_TIMES_ASKED = 4
"""How often a call is asked, but for rare ones, until it holds no metric that Meta refuses."""
OUTAGE_CALLS = 100
"""So many calls in a row that Meta failed at, each several times, are an outage."""

UnderWay: TypeAlias = list[tuple[list[int], "Future[list[Answer]]"]]
"""Requests on their way: which calls each holds, by index, and where its answers will be."""
Tries: TypeAlias = "Counter[tuple[int, Action | None]]"
"""How often a call, by index, has come back with what follows from its error."""

logger = logging.getLogger("tap-instagram-business.graph")


class GraphSession:
    """One session for the whole run: one connection pool, one allowance, one place that retries."""

    def __init__(
        self,
        access: Access,
        *,
        allowance: Allowance | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.access = access
        self._failed_in_a_row = 0
        self._outage: Unreachable | None = None
        self.allowance = allowance or Allowance()
        self._transport = Transport(
            access.url,
            user_agent=access.user_agent,
            connections=access.parallel_requests,
            allowance=self.allowance,
            patience=patience or Patience(),
        )
        self._exchange = Exchange(access, self._transport, self.allowance)
        self._threads = ThreadPoolExecutor(access.parallel_requests, thread_name_prefix="graph")

    def now(self) -> dt.datetime:
        """Return the time by Meta's clock, UTC."""
        return self._transport.now()

    def close(self) -> None:
        """Ask for nothing more; what waits to be asked waits no longer."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.allowance.close()
        self._transport.close()

    def answer(self, call: Call, costs: Costs | None = None) -> Answer:
        """Ask one call."""
        return self._settle([call], costs or Costs())[0]

    def answers(self, calls: Iterable[Call], costs: Costs) -> Iterator[Answer]:
        """Ask many calls; their answers come in the calls' order, an error being one too.

        Calls are taken from the iterable a few hundred at a time, while earlier ones are under way.

        Raises:
            Unreachable: nothing is answered any more, or Meta fails at all it is asked.
            RateLimited: the app's or the run's allowance is used up.
            GraphError: the token is of no use any more.
        """
        waiting = iter(calls)
        earlier: UnderWay = []
        while window := list(islice(waiting, self._most_to_submit(earlier))):
            current = self._submit(window, costs)
            yield from _in_order(earlier)
            earlier = current
        yield from _in_order(earlier)

    def pages(
        self, calls: Iterable[Call], costs: Costs, *, go_on: Callable[[Answer], bool]
    ) -> Iterator[list[Page]]:
        """Page through many lists at the same time.

        Yields the pages as they come, those that came together in one list; the pages of one list
        keep their order. A list ends where a page has no `paging.next` (Graph API: pagination; an
        `after` cursor alone says nothing), fails, or where `go_on` says no to a page.
        """
        waiting = iter(calls)
        current = list(islice(waiting, PAGES_TOGETHER))
        under_way = self._submit(current, costs)
        while under_way:
            turned = [
                turn_over(answer) if go_on(answer) else (answer, None)
                for answer in _in_order(under_way)
            ]
            current = [call for _, call in turned if call]
            current += islice(waiting, PAGES_TOGETHER - len(current))
            under_way = self._submit(current, costs)
            yield [Page(answer, is_last=call is None) for answer, call in turned]

    def _most_to_submit(self, under_way: UnderWay) -> int:
        """Return how many calls to ask for at once.

        Where the run may not make many more, a part of those, so that later ones do not take what
        earlier ones need to be asked again.
        """
        left = self.allowance.calls_left - sum(len(pack) for pack, _ in under_way)
        return int(max(1, min(left / MOST_TIMES_ASKED, MOST_CALLS * self.access.parallel_requests)))

    def _submit(self, calls: Sequence[Call], costs: Costs) -> UnderWay:
        fair = -(-len(calls) // self.access.parallel_requests)
        size = min(MOST_CALLS, max(FEWEST_CALLS, fair))
        return [
            (pack, self._threads.submit(self._settle, [calls[index] for index in pack], costs))
            for group in self._exchange.groups(calls)
            for pack in (group[start : start + size] for start in range(0, len(group), size))
        ]

    def _settle(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        """Ask calls until asking again would change none of their answers."""
        answers: dict[int, Answer] = {}
        pending = dict(enumerate(calls))
        tries: Tries = Counter()
        while pending:
            unsure = 0
            for index, answer in self._ask_in_portions(pending, tries, costs):
                answers[index] = answer
                action = answer.error.rule.action if answer.error else None
                tries[index, action] += 1
                again = self._again(answer, tries[index, action])
                if again is None:
                    del pending[index]
                    continue
                pending[index] = again
                # Where nothing was answered, time has passed already.
                if again is answer.call and action in PASSING and action is not Action.UNANSWERED:
                    unsure = max(unsure, tries[index, action])
            if unsure:
                self._transport.pause(unsure)
        for answer in answers.values():
            self._note_failure(answer.error)
        return [answers[index] for index in range(len(calls))]

    def _note_failure(self, error: GraphError | None) -> None:
        """Count the calls in a row that Meta failed at, however often it was asked.

        Raises:
            Unreachable: they are so many that it is not about any one of them.
        """
        if error is None or error.rule.action not in FAILING:
            self._failed_in_a_row = 0
            return
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= OUTAGE_CALLS:
            message = f"Meta fails at all it is asked ({error}): run again later, nothing is lost"
            self._outage = Unreachable(message)
            raise self._outage

    def _ask_in_portions(
        self, pending: Mapping[int, Call], tries: Tries, costs: Costs
    ) -> Iterator[tuple[int, Answer]]:
        """Ask calls together: all at first, ever fewer when they failed, one by one in the end."""
        if self._outage:
            raise self._outage
        failed = (tries[index, action] for index in pending for action in FAILING)
        size = MOST_CALLS // 4 ** max(0, max(failed) + 1 - TRIES_TOGETHER) or 1
        waiting = iter(list(pending.items()))
        while some := dict(islice(waiting, size)):
            yield from self._ask_some(some, costs)

    def _ask_some(self, pending: Mapping[int, Call], costs: Costs) -> Iterator[tuple[int, Answer]]:
        """Ask as many of these calls as the allowances let go, once."""
        waiting = []
        for index, call in pending.items():
            if ended := self.allowance.ended(call.payer):
                yield index, Answer(call, error=AccountRateLimited(ended))
            else:
                waiting.append((index, call))
        if not waiting:
            return
        some = [waiting[place] for place in self.allowance.take([c.payer for _, c in waiting])]
        try:
            answers = self._exchange.ask([call.current() for _, call in some], costs)
            self._note_allowances(answers)
        finally:
            self.allowance.give_back(call.payer for _, call in some)
        yield from ((index, answer) for (index, _), answer in zip(some, answers, strict=True))

    def _note_allowances(self, answers: Iterable[Answer]) -> None:
        """Let no more calls go where these were refused: before others may take their place."""
        for answer in answers:
            payer, error = answer.call.payer, answer.error
            if error and error.rule.action is Action.WAIT:
                self.allowance.refused(payer, of_app=error.is_of_app)
            else:
                self.allowance.answered(payer)

    def _again(self, answer: Answer, tries: int) -> Call | None:
        """Return what to ask after an answer, if it may change anything."""
        error = answer.error
        if error is None:
            return None
        if self.access.several_tokens:
            error.spare_other_tokens()
        action = error.rule.action
        if action is Action.STOP and not answer.call.withstands(error):
            raise error
        if action is Action.WAIT:
            return answer.call
        most = GONE_TRIES if action is Action.GONE else self._transport.patience.tries
        may_pass = action in PASSING and tries < most
        if action is Action.UNANSWERED and may_pass and tries >= TRIES_TOGETHER:
            return answer.call.smaller()
        return answer.call.revised(error) or (answer.call if may_pass else None)


def _in_order(under_way: UnderWay) -> Iterator[Answer]:
    """Yield answers in the order of their calls, those before a failure too."""
    answers: dict[int, Answer] = {}
    following = 0
    for indices, future in under_way:
        answers.update(zip(indices, future.result(), strict=True))
        while following in answers:
            yield answers.pop(following)
            following += 1
