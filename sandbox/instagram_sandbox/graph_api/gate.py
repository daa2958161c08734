"""What stands before the API: ordered faults, allowances, and the unpacking of batches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.call import Answer, Call
from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    no_such_object,
    parameter,
    throttled,
)
from instagram_sandbox.graph_api.faults import BATCH, CALL, OPERATION, Faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instagram_sandbox.graph_api.api import Api
    from instagram_sandbox.graph_api.usage import Usage

MOST_OPERATIONS = 50


class Gate:
    """Lets calls through to the API, one by one or unpacked from a batch."""

    def __init__(self, api: Api, faults: Faults, usage: Usage) -> None:
        self._api, self._faults, self._usage = api, faults, usage

    def answer(self, call: Call) -> Answer:
        """Answer one call."""
        return self._answer(call, CALL) or Answer(500, "")

    def operations(self, call: Call) -> list[Call]:
        """Unpack a batch. Graph API: batch requests.

        An operation's own token and proof take the place of the batch's.

        Raises:
            GraphError: If it is no batch, or one that the API does not take.
        """
        try:
            listed = json.loads(call.params["batch"])
            operations = [(str(op.get("method", "GET")), op["relative_url"]) for op in listed]
        except (ValueError, KeyError, TypeError, AttributeError):
            message = "param batch must be an array."
            raise parameter(message) from None
        if len(operations) > MOST_OPERATIONS:
            message = f"Too many requests in batch message. Maximum batch size is {MOST_OPERATIONS}"
            raise parameter(message)
        if self._api.world.settings.login == "instagram":
            raise no_such_object(call.path, "post")
        return [self._operation(call, method, url) for method, url in operations]

    def answer_batch(self, call: Call, operations: Sequence[Call]) -> Answer:
        """Answer all operations of a batch, each with a status and body of its own."""
        text = "\n".join((f"POST {call.path}", *(operation.text() for operation in operations)))
        fault = self._faults.strike(text, BATCH)
        if fault is not None:
            return self._api.refuse(fault.error())
        try:
            self._api.tokens.open(call.token, call.params.get("appsecret_proof"), call.now)
        except GraphError as error:
            return self._api.refuse(error)
        with_headers = call.params.get("include_headers", "true") != "false"
        answers = [self._answer(operation, CALL | OPERATION) for operation in operations]
        return Answer(200, [_packed(answer, with_headers=with_headers) for answer in answers])

    def _operation(self, call: Call, method: str, url: str) -> Call:
        own = Call.read(
            method,
            f"/{url.lstrip('/')}",
            "",
            bearer=call.token,
            now=call.now,
            base_url=call.base_url,
        )
        proof = call.params.get("appsecret_proof")
        if proof is None or own.token_in_url:
            return own
        return own.about(own.path, {"appsecret_proof": proof, **own.params})

    def _answer(self, call: Call, kinds: frozenset[str]) -> Answer | None:
        fault = self._faults.strike(call.text(), kinds)
        if fault is not None and fault.kind == "null_op":
            return None
        if fault is not None and fault.kind == "retire_metrics":
            self._api.world.retired_metrics.update(fault.metrics)
            fault = None
        account_id = self._api.account_of(call)
        token = self._api.tokens.get(call.token)
        if fault is not None:
            answer = self._api.refuse(fault.error())
            if fault.kind == "error_with_200":
                answer = Answer(200, answer.body)
        elif account_id is not None and not self._usage.charge(account_id, call.now):
            answer = self._api.refuse(throttled(self._usage.code))
        else:
            answer = self._api.answer(call)
        usage = self._usage.headers(account_id, token.kind if token else "", call.now)
        return Answer(answer.status, answer.body, {**answer.headers, **usage}, account_id)


def _packed(answer: Answer | None, *, with_headers: bool) -> dict[str, Any] | None:
    if answer is None:
        return None
    packed: dict[str, Any] = {"code": answer.status, "body": answer.text()}
    if with_headers:
        headers = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
        packed["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
    return packed
