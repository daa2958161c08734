"""The gate before the API: it lets faults happen, applies rate limits, and unpacks batches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.call import Answer, Call
from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    invalid_parameter,
    no_such_object,
    too_many_calls,
)
from instagram_sandbox.graph_api.faults.answers import Answers
from instagram_sandbox.graph_api.faults.failures import error_of
from instagram_sandbox.graph_api.faults.kinds import BATCH, CALL, OPERATION

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from instagram_sandbox.graph_api.api import Api
    from instagram_sandbox.graph_api.usage import Usage

MAX_OPERATIONS = 50


class Gate:
    """Passes calls on to the API, single calls and those of a batch.

    Args:
        api: The API that answers.
        usage: What each account has used of its allowance.
    """

    def __init__(self, api: Api, usage: Usage) -> None:
        self._api, self._faults, self._usage = api, api.faults, usage
        self._answers = Answers(api.world, api.faults)

    def answer(self, call: Call) -> Answer:
        """Answer a single call."""
        return self._answer(call, CALL) or Answer(500, "")

    def operations(self, call: Call) -> list[Call]:
        """Return the operations of a batch. Graph API: batch requests.

        An operation may have its own token and proof, which replace those of the batch.

        Raises:
            GraphError: If the parameter `batch` is invalid, or the batch is too large.
        """
        try:
            batch = json.loads(call.params["batch"])
            operations = [(str(op.get("method", "GET")), op["relative_url"]) for op in batch]
        except (ValueError, KeyError, TypeError, AttributeError):
            message = "param batch must be an array."
            raise invalid_parameter(message) from None
        if len(operations) > MAX_OPERATIONS:
            message = f"Too many requests in batch message. Maximum batch size is {MAX_OPERATIONS}"
            raise invalid_parameter(message)
        if self._api.world.settings.login == "instagram":
            raise no_such_object(call.path, "post")
        return [self._operation(call, method, url) for method, url in operations]

    def answer_batch(self, call: Call, operations: Sequence[Call]) -> Answer:
        """Answer all operations of a batch; each has its own status and body."""
        text = "\n".join((f"POST {call.path}", *(operation.text() for operation in operations)))
        fault = self._faults.failure(text, BATCH)
        if fault is not None:
            return self._api.error_answer(error_of(fault))
        try:
            self._api.tokens.open(call.token, call.params.get("appsecret_proof"), call.now)
        except GraphError as error:
            return self._api.error_answer(error)
        with_headers = call.params.get("include_headers", "true") != "false"
        answers = [self._answer(operation, {**CALL, **OPERATION}) for operation in operations]
        return Answer(200, [_result(answer, with_headers=with_headers) for answer in answers])

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
        return own.with_path(own.path, {"appsecret_proof": proof, **own.params})

    def _answer(self, call: Call, kinds: Collection[str]) -> Answer | None:
        fault = self._faults.failure(call.text(), kinds)
        if fault is not None and fault.kind == "null_op":
            return None
        if fault is not None and fault.kind == "retire_metrics":
            self._api.world.retired_metrics.update(fault.names)
            fault = None
        account_id = self._api.account_of(call)
        token = self._api.tokens.get(call.token)
        if fault is not None:
            answer = self._api.error_answer(error_of(fault))
            if fault.kind == "error_with_200":
                answer = Answer(200, answer.body)
        elif account_id is not None and not self._usage.charge(account_id, call.now):
            answer = self._api.error_answer(too_many_calls(self._usage.code))
        else:
            answer = self._answer_of_api(call, account_id)
        usage = self._usage.headers(account_id, token.kind if token else "", call.now)
        return Answer(answer.status, answer.body, {**answer.headers, **usage}, account_id)

    def _answer_of_api(self, call: Call, account_id: str | None) -> Answer:
        try:
            answer = self._api.answer(call)
        except GraphError as error:
            answer = self._api.error_answer(self._answers.other_error(call, error, account_id))
        else:
            refusal = self._answers.refusal(call, answer.body, account_id)
            if refusal is not None:
                return self._api.error_answer(refusal)
        body = self._answers.change(call, answer.body, account_id)
        return Answer(answer.status, body, answer.headers, answer.account_id)


def _result(answer: Answer | None, *, with_headers: bool) -> dict[str, Any] | None:
    """Return the answer to an operation as the answer to its batch contains it."""
    if answer is None:
        return None
    result: dict[str, Any] = {"code": answer.status, "body": answer.text()}
    if with_headers:
        headers = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
        result["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
    return result
