"""Puts calls into as few requests as a login allows, and judges each call's answer by itself.

Facebook login: up to 50 calls go in one batch. Instagram login has no batch: calls of one edge that
differ only in their node go as `?ids=`, which fails as a whole and is halved until the bad id
stands alone; other calls go one by one.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tap_instagram_business.graph.auth import appsecret_proof
from tap_instagram_business.graph.calls import Answer, Call, InsightsCall
from tap_instagram_business.graph.errors import Action, GraphError, Unanswered
from tap_instagram_business.graph.limits import read_usage
from tap_instagram_business.graph.transport import Reply

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from tap_instagram_business.graph.access import Access
    from tap_instagram_business.graph.limits import Allowance
    from tap_instagram_business.graph.transport import Costs, Transport

OF_ONE = frozenset({Action.GAP, Action.GONE, Action.LESS})
"""What a request is refused for as a whole, although it may be about one of its calls only."""

OTHER_SHAPE = "JSON of another shape than an answer has"


class Exchange:
    """Asks calls once, together."""

    def __init__(self, access: Access, transport: Transport, allowance: Allowance) -> None:
        self._access, self._transport, self._allowance = access, transport, allowance

    def groups(self, calls: Sequence[Call]) -> Iterable[list[int]]:
        """Group the calls, by index, that may share a request."""
        if self._access.login == "facebook":
            return [list(range(len(calls)))]
        groups: dict[Hashable, list[int]] = {}
        for index, call in enumerate(calls):
            key = _but_for_the_node(call) if isinstance(call, InsightsCall) else index
            groups.setdefault(key, []).append(index)
        return groups.values()

    def ask(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        """Ask calls once, in one request if the login has one for them; answers are in order.

        Raises:
            Unreachable: nothing has been answered for long, whatever was asked.
        """
        replies = iter(self._ask([call for call in calls if not call.void], costs))
        return [Answer(call) if call.void else next(replies) for call in calls]

    def _ask(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        wants_batch = len(calls) > 1 or any(call.is_secret for call in calls)
        if wants_batch and self._access.login == "facebook":
            return self._batch(calls, costs)
        if len(calls) > 1 and len({_but_for_the_node(call) for call in calls}) == 1:
            return self._by_ids(calls, costs)
        return [self._get(call, costs) for call in calls]

    def _get(self, call: Call, costs: Costs) -> Answer:
        fields = {**call.params, **self._proof(call.token)}
        return judge(call, self._transport.send(call.path, fields, call=call, costs=costs))

    def _batch(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        """Ask up to 50 calls in one POST (Graph API: batch requests), each judged by itself."""
        token = calls[0].token
        operations = [
            {"method": "GET", "relative_url": self._relative_url(call, token)} for call in calls
        ]
        form = {"access_token": token, "batch": json.dumps(operations), **self._proof(token)}
        reply = self._transport.send("", form, call=calls[0], costs=costs, calls=len(calls))
        if not isinstance(reply.body, list) or len(reply.body) != len(calls):
            return self._without_a_batch(calls, reply, costs)
        return [
            judge(call, self._operation(call, operation, reply.sent))
            for call, operation in zip(calls, reply.body, strict=True)
        ]

    def _without_a_batch(self, calls: Sequence[Call], reply: Reply, costs: Costs) -> list[Answer]:
        """Judge calls by what their batch was refused for.

        A dead token's others go without it, and halves go where one call may be to blame.
        """
        token = calls[0].token
        error = error_of(calls[0], reply) or Unanswered(OTHER_SHAPE)
        others = [call for call in calls if call.token != token]
        if error.rule.action in OF_ONE and len(calls) > 1:
            return self._halve(calls, costs)
        if not error.is_of_token or not others:
            return [Answer(call, error=error) for call in calls]
        replies = iter(self._ask(others, costs))
        return [
            Answer(call, error=error) if call.token == token else next(replies) for call in calls
        ]

    def _relative_url(self, call: Call, token: str) -> str:
        own = {"access_token": call.token, **self._proof(call.token)} if call.token != token else {}
        return f"{self._access.api_version}/{call.path}?{urlencode({**call.params, **own})}"

    def _operation(self, call: Call, operation: object, sent: float) -> Reply:
        """Read what a batch holds for one of its calls: null where Meta ran out of time."""
        if not isinstance(operation, dict):
            return Reply(None, trouble="its batch holds none")
        headers = {entry["name"]: entry["value"] for entry in operation.get("headers") or []}
        self._allowance.read(read_usage(headers), call.payer, sent)
        try:
            body = json.loads(operation.get("body") or "")
        except ValueError:
            body = None
        return Reply(body, int(operation.get("code") or HTTPStatus.OK))

    def _by_ids(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        """Ask for many nodes at once; it fails as a whole, and then by halves."""
        first = calls[0]
        ids = {"ids": ",".join(call.node for call in calls)}
        fields = {**first.params, **ids, **self._proof(first.token)}
        reply = self._transport.send(first.edge, fields, call=first, costs=costs)
        if (error := error_of(first, reply)) is None:
            return [judge(call, Reply(reply.body.get(call.node), reply.status)) for call in calls]
        if error.rule.action in OF_ONE:
            return self._halve(calls, costs)
        return [Answer(call, error=error) for call in calls]

    def _halve(self, calls: Sequence[Call], costs: Costs) -> list[Answer]:
        """Ask for the newer half, then for the older one unless it can only fail.

        What was posted before the account turned professional has no insights, and nothing older
        has (Graph API: media insights); the calls of an account come newest first.
        """
        middle = len(calls) // 2
        newer = self._ask(calls[:middle], costs)
        last = newer[-1].error
        of_one_account = len({call.payer for call in calls[middle - 1 :]}) == 1
        if last is not None and last.reason == "before_conversion" and of_one_account:
            return [*newer, *(Answer(call, error=last) for call in calls[middle:])]
        return [*newer, *self._ask(calls[middle:], costs)]

    def _proof(self, token: str) -> dict[str, str]:
        secret = self._access.app_secret
        return {"appsecret_proof": appsecret_proof(token, secret)} if secret else {}


def _but_for_the_node(call: Call) -> Hashable:
    return call.edge, tuple(sorted(call.params.items())), call.token


def judge(call: Call, reply: Reply) -> Answer:
    """Tell an answer to a call from everything else."""
    error = error_of(call, reply)
    if error is None and not call.is_answered_by(reply.body):
        error = Unanswered(OTHER_SHAPE)
    return Answer(call, error=error) if error else Answer(call, reply.body)


def error_of(call: Call, reply: Reply) -> GraphError | None:
    """Return the error in a reply, which Meta may also send with HTTP 200; None in a good one."""
    body = reply.body
    if isinstance(body, dict) and "error" not in body and reply.status < HTTPStatus.BAD_REQUEST:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return Unanswered(reply.trouble or f"HTTP {reply.status} and no answer in it")
    message = str(error.get("message") or "").replace(call.token or "\0", "(token)")
    return GraphError({**error, "message": message}, reply.status)
