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
from tap_instagram_business.graph.calls import Call, Result
from tap_instagram_business.graph.error_table import Action
from tap_instagram_business.graph.errors import CallError, GraphError, Unanswered
from tap_instagram_business.graph.rate_limits import read_usage
from tap_instagram_business.graph.transport import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_instagram_business.graph.api import ApiConfig
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
        self, config: ApiConfig, transport: Transport, rate_limits: RateLimits, costs: Costs
    ) -> None:
        self._config, self._transport, self._rate_limits = config, transport, rate_limits
        self._costs = costs
        self.has_batches = config.login == "facebook"
        redaction.remember(config.app_secret)

    def send(self, calls: Sequence[Call]) -> list[Result]:
        """Send calls once, in one request if the login has one for them; answers are in order.

        Raises:
            Unreachable: no request has been answered for long.
        """
        redaction.remember(*{call.token for call in calls})
        results = iter(self._send([call for call in calls if not call.is_empty]))
        return [Result(call) if call.is_empty else next(results) for call in calls]

    def _send(self, calls: Sequence[Call]) -> list[Result]:
        wants_batch = len(calls) > 1 or any(call.is_secret for call in calls)
        if wants_batch and self.has_batches:
            return self._batch(calls)
        return [self._get(call) for call in calls]

    def _get(self, call: Call) -> Result:
        fields = {**call.query, **self._proof(call.token)}
        response = self._transport.send(call.path, fields, call=call, costs=self._costs)
        return self._read(call, response)

    def _batch(self, calls: Sequence[Call]) -> list[Result]:
        """Send up to 50 calls in one POST (Graph API: batch requests)."""
        token = calls[0].token
        operations = [
            {"method": "GET", "relative_url": self._relative_url(call, token)} for call in calls
        ]
        form = {"access_token": token, "batch": json.dumps(operations), **self._proof(token)}
        response = self._transport.send(
            "", form, call=calls[0], costs=self._costs, calls=len(calls)
        )
        if not isinstance(response.body, list) or len(response.body) != len(calls):
            return self._without_a_batch(calls, response)
        return [
            self._read(call, self._operation(call, operation, response.sent))
            for call, operation in zip(calls, response.body, strict=True)
        ]

    def _without_a_batch(self, calls: Sequence[Call], response: HttpResponse) -> list[Result]:
        """Answer calls whose batch failed as a whole.

        If the batch's token is dead, the calls with other tokens are sent without it. If a single
        call may be the cause, the batch is split in halves.
        """
        token = calls[0].token
        error = self._error_of(response) or Unanswered(UNEXPECTED_SHAPE)
        others = [call for call in calls if call.token != token]
        if error.rule.action in MAYBE_ONE_CALL and len(calls) > 1:
            middle = len(calls) // 2
            return [*self._send(calls[:middle]), *self._send(calls[middle:])]
        if not error.is_of_token or not others:
            return [Result(call, error=error) for call in calls]
        replies = iter(self._send(others))
        return [
            Result(call, error=error) if call.token == token else next(replies) for call in calls
        ]

    def _relative_url(self, call: Call, token: str) -> str:
        own = {"access_token": call.token, **self._proof(call.token)} if call.token != token else {}
        return f"{self._config.api_version}/{call.path}?{urlencode({**call.query, **own})}"

    def _operation(self, call: Call, operation: object, sent: float) -> HttpResponse:
        """Return the reply to one call of a batch; Meta gives null where it ran out of time."""
        if not isinstance(operation, dict):
            return HttpResponse(None, trouble="its batch holds none")
        headers = {entry["name"]: entry["value"] for entry in operation.get("headers") or []}
        self._rate_limits.note_usage(read_usage(headers), call.quota_account, sent)
        try:
            body = parse_json(str(operation.get("body") or ""))
        except UnreadableBody:
            body = None
        return HttpResponse(body, whole_number(operation.get("code")) or HTTPStatus.OK)

    def _proof(self, token: str) -> dict[str, str]:
        secret = self._config.app_secret
        return {"appsecret_proof": appsecret_proof(token, secret)} if secret else {}

    def _read(self, call: Call, response: HttpResponse) -> Result:
        """Return the answer in a reply, or the error that the reply amounts to."""
        error = self._error_of(response)
        if error is None and not call.is_answered_by(response.body):
            error = Unanswered(UNEXPECTED_SHAPE)
        return Result(call, error=error) if error else Result(call, call.trim(response.body))

    def _error_of(self, response: HttpResponse) -> CallError | None:
        """Return the error in a reply, which may come with HTTP 200; None if there is none."""
        body = response.body
        if (
            isinstance(body, dict)
            and "error" not in body
            and response.status < HTTPStatus.BAD_REQUEST
        ):
            return None
        error = body.get("error") if isinstance(body, dict) else None
        if not isinstance(error, dict):
            return Unanswered(response.trouble or f"HTTP {response.status} and no answer in it")
        is_only_token = not self._config.several_tokens
        return GraphError(error, response.status, is_only_token=is_only_token)
