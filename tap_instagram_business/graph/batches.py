"""Sends calls in as few requests as the login allows, and reads the answer of each call by itself.

Facebook login: up to 50 calls go in one batch request. The Instagram login has no batches, so each
call is a request.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tap_instagram_business import redaction
from tap_instagram_business.graph.api import appsecret_proof
from tap_instagram_business.graph.bodies import UnreadableBody, parse_json, whole_number
from tap_instagram_business.graph.calls import Answer, Call
from tap_instagram_business.graph.error_table import Action
from tap_instagram_business.graph.errors import CallError, GraphError, Unanswered
from tap_instagram_business.graph.rate_limits import read_usage
from tap_instagram_business.graph.transport import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_instagram_business.graph.api import Access
    from tap_instagram_business.graph.rate_limits import Costs, RateLimits
    from tap_instagram_business.graph.transport import Transport

MAYBE_ONE_CALL = frozenset({Action.GAP, Action.GONE, Action.LESS, Action.DENIED, Action.NARROW})
"""Errors of a whole request that a single call in it may have caused: split and retry."""
UNEXPECTED_SHAPE = "JSON of another shape than an answer has"


class Batcher:
    """Sends calls once, together.

    Attributes:
        has_batches: whether calls can share a request.
    """

    def __init__(
        self, access: Access, transport: Transport, rate_limits: RateLimits, costs: Costs
    ) -> None:
        self._access, self._transport, self._rate_limits = access, transport, rate_limits
        self._costs = costs
        self.has_batches = access.login == "facebook"
        redaction.remember(access.app_secret)

    def send(self, calls: Sequence[Call]) -> list[Answer]:
        """Send calls once, in one request if the login has one for them; answers are in order.

        Raises:
            Unreachable: no request has been answered for long.
        """
        redaction.remember(*{call.token for call in calls})
        answers = iter(self._send([call for call in calls if not call.is_empty]))
        return [Answer(call) if call.is_empty else next(answers) for call in calls]

    def _send(self, calls: Sequence[Call]) -> list[Answer]:
        wants_batch = len(calls) > 1 or any(call.is_secret for call in calls)
        if wants_batch and self.has_batches:
            return self._batch(calls)
        return [self._get(call) for call in calls]

    def _get(self, call: Call) -> Answer:
        fields = {**call.query, **self._proof(call.token)}
        reply = self._transport.send(call.path, fields, call=call, costs=self._costs)
        return self._read(call, reply)

    def _batch(self, calls: Sequence[Call]) -> list[Answer]:
        """Send up to 50 calls in one POST (Graph API: batch requests)."""
        token = calls[0].token
        operations = [
            {"method": "GET", "relative_url": self._relative_url(call, token)} for call in calls
        ]
        form = {"access_token": token, "batch": json.dumps(operations), **self._proof(token)}
        reply = self._transport.send("", form, call=calls[0], costs=self._costs, calls=len(calls))
        if not isinstance(reply.body, list) or len(reply.body) != len(calls):
            return self._without_a_batch(calls, reply)
        return [
            self._read(call, self._operation(call, operation, reply.sent))
            for call, operation in zip(calls, reply.body, strict=True)
        ]

    def _without_a_batch(self, calls: Sequence[Call], reply: Reply) -> list[Answer]:
        """Answer calls whose batch failed as a whole.

        If the batch's token is dead, the calls with other tokens are sent without it. If a single
        call may be the cause, the batch is split in halves.
        """
        token = calls[0].token
        error = self._error_of(reply) or Unanswered(UNEXPECTED_SHAPE)
        others = [call for call in calls if call.token != token]
        if error.rule.action in MAYBE_ONE_CALL and len(calls) > 1:
            middle = len(calls) // 2
            return [*self._send(calls[:middle]), *self._send(calls[middle:])]
        if not error.is_of_token or not others:
            return [Answer(call, error=error) for call in calls]
        replies = iter(self._send(others))
        return [
            Answer(call, error=error) if call.token == token else next(replies) for call in calls
        ]

    def _relative_url(self, call: Call, token: str) -> str:
        own = {"access_token": call.token, **self._proof(call.token)} if call.token != token else {}
        return f"{self._access.api_version}/{call.path}?{urlencode({**call.query, **own})}"

    def _operation(self, call: Call, operation: object, sent: float) -> Reply:
        """Return the reply to one call of a batch; Meta gives null where it ran out of time."""
        if not isinstance(operation, dict):
            return Reply(None, trouble="its batch holds none")
        headers = {entry["name"]: entry["value"] for entry in operation.get("headers") or []}
        self._rate_limits.note_usage(read_usage(headers), call.quota_account, sent)
        try:
            body = parse_json(str(operation.get("body") or ""))
        except UnreadableBody:
            body = None
        return Reply(body, whole_number(operation.get("code")) or HTTPStatus.OK)

    def _proof(self, token: str) -> dict[str, str]:
        secret = self._access.app_secret
        return {"appsecret_proof": appsecret_proof(token, secret)} if secret else {}

    def _read(self, call: Call, reply: Reply) -> Answer:
        """Return the answer in a reply, or the error that the reply amounts to."""
        error = self._error_of(reply)
        if error is None and not call.is_answered_by(reply.body):
            error = Unanswered(UNEXPECTED_SHAPE)
        return Answer(call, error=error) if error else Answer(call, call.needed(reply.body))

    def _error_of(self, reply: Reply) -> CallError | None:
        """Return the error in a reply, which may come with HTTP 200; None if there is none."""
        body = reply.body
        if isinstance(body, dict) and "error" not in body and reply.status < HTTPStatus.BAD_REQUEST:
            return None
        error = body.get("error") if isinstance(body, dict) else None
        if not isinstance(error, dict):
            return Unanswered(reply.trouble or f"HTTP {reply.status} and no answer in it")
        is_only_token = not self._access.several_tokens
        return GraphError(error, reply.status, is_only_token=is_only_token)
