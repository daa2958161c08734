"""Asks the Graph API: in parallel, in as few round trips as a login allows, answers in order.

Facebook login: up to 50 calls go in one batch, and each is judged by itself. Instagram login has
no batch: calls of one edge that differ only in their node go as `?ids=`, which fails as a whole and
is halved until the bad id stands alone; other calls go one by one.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from tap_instagram_business.graph.auth import appsecret_proof
from tap_instagram_business.graph.calls import Answer, Call, InsightsCall
from tap_instagram_business.graph.errors import Action, GraphError, Unreachable
from tap_instagram_business.graph.limits import Allowance, read_usage
from tap_instagram_business.graph.transport import Costs, Patience, Transport

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

HOSTS = {"facebook": "https://graph.facebook.com", "instagram": "https://graph.instagram.com"}
MOST_CALLS = 50
"""How many calls a batch, and how many ids `?ids=`, may hold."""
FEWEST_CALLS = 10
"""Fewer calls than this are not split up to be asked in parallel."""
GONE_TRIES = 3
"""How often Meta must say that something is gone before it is believed: it says so in error too."""
FAILING = (Action.RETRY, Action.LESS)
"""What is asked again as it is, and less of it together, unless there is something to leave out."""
PASSING = (*FAILING, Action.GONE)
"""What is asked again after a pause."""
OF_ONE = frozenset({Action.GAP, Action.GONE, Action.LESS})
"""What a request is refused for as a whole, although it may be about one of its calls only."""
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

logger = logging.getLogger("tap-instagram-business.graph")


@dataclass(frozen=True)
class Access:
    """Which Graph API to ask, and as which app.

    Attributes:
        login: `facebook` (graph.facebook.com) or `instagram` (graph.instagram.com).
        api_version: such as `v25.0`; in every path, since without one Meta picks an old one.
        app_secret: signs every call where it is given.
        api_url: another host than Meta's.
        user_agent: what to say one is.
        parallel_requests: how many requests may be under way at once.
        several_tokens: whether accounts have tokens of their own, so that a dead one is the
            trouble of its account and not of all.
    """

    login: str = "facebook"
    api_version: str = "v25.0"
    app_secret: str = field(default="", repr=False)
    api_url: str = ""
    user_agent: str = "tap-instagram-business"
    parallel_requests: int = 4
    several_tokens: bool = False

    @property
    def url(self) -> str:
        """The versioned address that all paths stand below."""
        return f"{(self.api_url or HOSTS[self.login]).rstrip('/')}/{self.api_version}"


@dataclass(frozen=True)
class Page:
    """One page of a list, and whether the list ends with it."""

    answer: Answer
    is_last: bool


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
            Unreachable: the Graph API gives no readable answer.
            RateLimited: the allowance is used up.
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
            answers = list(_in_order(under_way))
            following = [next_page(answer) if go_on(answer) else None for answer in answers]
            current = [call for call in following if call]
            current += islice(waiting, PAGES_TOGETHER - len(current))
            under_way = self._submit(current, costs)
            yield [
                Page(answer, is_last=call is None)
                for answer, call in zip(answers, following, strict=True)
            ]

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
            for group in self._groups(calls)
            for pack in (group[start : start + size] for start in range(0, len(group), size))
        ]

    def _groups(self, calls: Sequence[Call]) -> Iterable[list[int]]:
        """Group the calls, by index, that may share a request."""
        if self.access.login == "facebook":
            return [list(range(len(calls)))]
        groups: dict[Hashable, list[int]] = {}
        for index, call in enumerate(calls):
            key = _but_for_the_node(call) if isinstance(call, InsightsCall) else index
            groups.setdefault(key, []).append(index)
        return groups.values()

    def _settle(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        """Ask calls until asking again would change none of their answers."""
        answers: dict[int, Answer] = {}
        pending = dict(enumerate(calls))
        tries = Counter[tuple[int, Action | None]]()
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
                if again is answer.call and action in PASSING:
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
        self,
        pending: Mapping[int, Call],
        tries: Mapping[tuple[int, Action | None], int],
        costs: Costs,
    ) -> Iterator[tuple[int, Answer]]:
        """Ask calls together: all at first, ever fewer when they failed, one by one in the end."""
        if self._outage:
            raise self._outage
        failed = (tries.get((index, action), 0) for index in pending for action in FAILING)
        size = MOST_CALLS // 4 ** max(0, max(failed) + 1 - TRIES_TOGETHER) or 1
        waiting = iter(list(pending.items()))
        while some := dict(islice(waiting, size)):
            yield from self._ask_some(some, costs)

    def _ask_some(self, pending: Mapping[int, Call], costs: Costs) -> Iterator[tuple[int, Answer]]:
        """Ask as many of these calls as the allowance lets go, once."""
        waiting = list(pending.items())
        granted = self.allowance.take([call.payer for _, call in waiting])
        some = [waiting[place] for place in granted]
        try:
            answers = self._ask([call.current() for _, call in some], costs)
        finally:
            self.allowance.give_back(call.payer for _, call in some)
        return ((index, answer) for (index, _), answer in zip(some, answers, strict=True))

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
            self.allowance.refused(answer.call.payer)
            return answer.call
        most = GONE_TRIES if action is Action.GONE else self._transport.patience.tries
        may_pass = action in PASSING and tries < most
        return answer.call.revised(error) or (answer.call if may_pass else None)

    def _ask(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        """Ask calls once, in one request if the login has one for them."""
        replies = iter(self._ask_together([call for call in calls if not call.void], costs))
        return [Answer(call) if call.void else next(replies) for call in calls]

    def _ask_together(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        wants_batch = len(calls) > 1 or any(call.is_secret for call in calls)
        if wants_batch and self.access.login == "facebook":
            return self._batch(calls, costs)
        if len(calls) > 1 and len({_but_for_the_node(call) for call in calls}) == 1:
            return self._by_ids(calls, costs)
        return [self._get(call, costs) for call in calls]

    def _get(self, call: Call, costs: Costs) -> Answer:
        fields = {**call.params, **self._proof(call.token)}
        return judge(call, *self._transport.send(call.path, fields, call=call, costs=costs))

    def _batch(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        """Ask up to 50 calls in one POST (Graph API: batch requests), each judged by itself."""
        token = calls[0].token
        operations = [
            {"method": "GET", "relative_url": self._relative_url(call, token)} for call in calls
        ]
        form = {"access_token": token, "batch": json.dumps(operations), **self._proof(token)}
        body, status = self._transport.send("", form, call=calls[0], costs=costs, calls=len(calls))
        if not isinstance(body, list) or len(body) != len(calls):
            return self._without_a_batch(calls, body, status, costs)
        return [self._judge_operation(call, reply) for call, reply in zip(calls, body, strict=True)]

    def _without_a_batch(
        self, calls: Sequence[Call], body: object, status: int, costs: Costs
    ) -> list[Answer]:
        """Judge calls by what their batch was refused for.

        A dead token's others go without it, and halves go where one call may be to blame.
        """
        token = calls[0].token
        error = judge(calls[0], body, status).error
        others = [call for call in calls if call.token != token]
        if error and error.rule.action in OF_ONE and len(calls) > 1:
            return self._halve(calls, costs)
        if error is None or not error.is_of_token or not others:
            return [judge(call, body, status) for call in calls]
        replies = iter(self._ask_together(others, costs))
        return [
            Answer(call, error=error) if call.token == token else next(replies) for call in calls
        ]

    def _relative_url(self, call: Call, token: str) -> str:
        own = {"access_token": call.token, **self._proof(call.token)} if call.token != token else {}
        return f"{self.access.api_version}/{call.path}?{urlencode({**call.params, **own})}"

    def _judge_operation(self, call: Call, reply: object) -> Answer:
        if not isinstance(reply, dict):
            return judge(call, None, 200)
        headers = reply.get("headers") or []
        usage = read_usage({entry["name"]: entry["value"] for entry in headers})
        self.allowance.read(usage, call.payer)
        try:
            body = json.loads(reply.get("body") or "")
        except ValueError:
            body = None
        return judge(call, body, int(reply.get("code") or 200))

    def _by_ids(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        """Ask for many nodes at once; it fails as a whole, and then by halves."""
        first = calls[0]
        fields = {**first.params, "ids": ",".join(call.node for call in calls)}
        body, status = self._transport.send(
            first.edge, {**fields, **self._proof(first.token)}, call=first, costs=costs
        )
        whole = judge(first, body, status)
        if whole.error is None:
            return [judge(call, body.get(call.node), status) for call in calls]
        if whole.error.rule.action in OF_ONE:
            return self._halve(calls, costs)
        return [Answer(call, error=whole.error) for call in calls]

    def _halve(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        """Ask for the newer half, then for the older one unless it can only fail.

        What was posted before the account turned professional has no insights, and nothing older
        has (Graph API: media insights); the calls of an account come newest first.
        """
        middle = len(calls) // 2
        newer = self._ask_together(calls[:middle], costs)
        last = newer[-1].error
        of_one_account = len({call.payer for call in calls[middle - 1 :]}) == 1
        if last is not None and last.reason == "before_conversion" and of_one_account:
            return [*newer, *(Answer(call, error=last) for call in calls[middle:])]
        return [*newer, *self._ask_together(calls[middle:], costs)]

    def _proof(self, token: str) -> dict[str, str]:
        secret = self.access.app_secret
        return {"appsecret_proof": appsecret_proof(token, secret)} if secret else {}


def _in_order(under_way: UnderWay) -> Iterator[Answer]:
    """Yield answers in the order of their calls, those before a failure too."""
    answers: dict[int, Answer] = {}
    following = 0
    for indices, future in under_way:
        answers.update(zip(indices, future.result(), strict=True))
        while following in answers:
            yield answers.pop(following)
            following += 1


def _but_for_the_node(call: Call) -> Hashable:
    return call.edge, tuple(sorted(call.params.items())), call.token


def judge(call: Call, body: Any, status: int) -> Answer:  # noqa: ANN401
    """Tell an answer from an error, which Meta may also send with HTTP 200."""
    if isinstance(body, dict) and "error" not in body and status < HTTPStatus.BAD_REQUEST:
        return Answer(call, body)
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        error = {"code": -1, "message": f"HTTP {status} without an answer"}
    message = str(error.get("message") or "").replace(call.token or "\0", "(token)")
    return Answer(call, error=GraphError({**error, "message": message}, status))


def next_page(answer: Answer) -> Call | None:
    """Return the call for the page after an answer, None on the last one."""
    return None if answer.error else following(answer.call, answer.data)


def following(call: Call, page: Mapping[str, Any]) -> Call | None:
    """Return the call for what follows a page of a list, None on the last one.

    The cursor is asked for again with our own parameters: `paging.next` itself holds the token.
    """
    paging = page.get("paging") or {}
    if not paging.get("next"):
        return None
    after = str((paging.get("cursors") or {}).get("after") or "")
    if not after:
        after = dict(parse_qsl(urlsplit(paging["next"]).query)).get("after", "")
    if not after or after == call.params.get("after"):
        logger.warning("Meta's list %s leads nowhere: it ends here.", call.path)
        return None
    return call.with_params(after=after)
