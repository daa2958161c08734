"""Limits and refusals of Google, which the local BigQuery has when they are set.

They are `Limits` as JSON: set at the start by the option `--bigquery-limits`, and changed while the
server runs by `POST /_sandbox/limits`. `GET` returns them, and how many requests were refused.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter, defaultdict, deque
from dataclasses import asdict, dataclass, field, fields
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.responses import JSONResponse

from instagram_sandbox.bigquery.request import DATASETS, JOBS, TABLES, Request, json_object

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    Message = dict[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

PATH = "/_sandbox/limits"
UPDATES_SECONDS = 10.0
"""The period in which Google counts the updates of one table."""
SANDBOX_EXPIRATION_MS = str(60 * 24 * 60 * 60 * 1000)
"""After how many milliseconds tables and partitions expire in a project without billing."""
PERMISSIONS = (
    ("POST", DATASETS, "bigquery.datasets.create"),
    ("GET", DATASETS, "bigquery.datasets.get"),
    ("POST", TABLES, "bigquery.tables.create"),
    ("GET", TABLES, "bigquery.tables.get"),
    ("PATCH", TABLES, "bigquery.tables.update"),
    ("DELETE", TABLES, "bigquery.tables.delete"),
    ("POST", JOBS, "bigquery.jobs.create"),
)
"""The permissions that can be missing, and the requests that need them."""
BILLING = (
    "Billing has not been enabled for this project. Enable billing at"
    " https://console.cloud.google.com/billing. "
)
NO_DML = (
    f"{BILLING}DML queries are not allowed in the free tier. Set up a billing account to remove"
    " this restriction."
)
TOO_MANY_UPDATES = (
    "Exceeded rate limits: too many table update operations for this table. For more information,"
    " see https://cloud.google.com/bigquery/troubleshooting-errors"
)
TOO_MANY_STATEMENTS = (
    "Resources exceeded during query execution: Too many DML statements outstanding against table"
    " {}, limit is 20"
)
CONFLICTS = (
    ("invalidQuery", "Could not serialize access to table {} due to concurrent update"),
    ("resourcesExceeded", TOO_MANY_STATEMENTS),
    ("backendError", "Error encountered during execution. Retrying may solve the problem."),
)
"""Reasons and messages of DML statements that meet others, or a fault at Google."""
CODES = {
    "accessDenied": HTTPStatus.FORBIDDEN,
    "backendError": HTTPStatus.SERVICE_UNAVAILABLE,
    "notFound": HTTPStatus.NOT_FOUND,
}


@dataclass
class Limits:
    """What the local BigQuery limits and refuses; nothing by default.

    Attributes:
        billing: Whether the project has billing. Without, DML is refused, and new datasets have a
            default expiration of 60 days.
        conflicts: The share of DML statements that are refused as if others were running (0 to 1).
        seed: The seed of the choice of these statements.
        table_updates: How many load jobs, ALTER statements and changes of metadata one table
            accepts in ten seconds; None for any number. Google's limit is 5.
        missing_permissions: Names of `PERMISSIONS` that the user lacks.
    """

    billing: bool = True
    conflicts: float = 0.0
    seed: int = 0
    table_updates: int | None = None
    missing_permissions: Sequence[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, text: str | bytes) -> Limits:
        """Return limits from a JSON object with some of the attributes.

        Raises:
            ValueError: It is not such an object.
        """
        values = json.loads(text)
        known = {attribute.name for attribute in fields(cls)}
        if not isinstance(values, dict) or not values.keys() <= known:
            message = f"Limits are a JSON object with some of these members: {sorted(known)}"
            raise ValueError(message)
        unknown = set(values.get("missing_permissions", ())) - {name for *_, name in PERMISSIONS}
        if unknown:
            message = f"There are no such permissions here: {sorted(unknown)}"
            raise ValueError(message)
        return cls(**values)


@dataclass(frozen=True)
class Refusal:
    """An error as Google answers it.

    Attributes:
        reason: Google's name of the error.
        message: Google's explanation.
        location: What the error is about, such as `table.write`.
        is_of_job: Whether the job exists and has failed; else the request itself is refused.
    """

    reason: str
    message: str
    location: str = ""
    is_of_job: bool = True

    def response(self, project: str, body: Mapping[str, Any]) -> JSONResponse:
        """Return the answer to a request with this body."""
        error = {"reason": self.reason, "message": self.message, "location": self.location}
        if self.is_of_job:
            job = {
                "kind": "bigquery#job",
                "jobReference": {"projectId": project, "location": "US", "jobId": "refused"}
                | body.get("jobReference", {}),
                "configuration": body.get("configuration", {}),
                "status": {"state": "DONE", "errorResult": error, "errors": [error]},
            }
            return JSONResponse(job)
        code = CODES.get(self.reason, HTTPStatus.FORBIDDEN)
        content = {"code": code, "message": self.message, "errors": [{**error, "domain": "global"}]}
        return JSONResponse({"error": content}, status_code=code)


class LimitedRequests:
    """An ASGI application that refuses what Google would refuse under some limits.

    Args:
        application: The application that answers all other requests.
        catalog: bqemulator's catalog of datasets and tables.
        limits: The limits at the start.
    """

    def __init__(self, application: Application, catalog: Any, limits: Limits) -> None:  # noqa: ANN401
        self._application = application
        self._catalog = catalog
        self._expirations: dict[str, str] = {}
        self._set(limits)

    def _set(self, limits: Limits) -> None:
        self._limits = limits
        self._random = random.Random(limits.seed)
        self._updates: defaultdict[str, deque[float]] = defaultdict(deque)
        self._refused: Counter[str] = Counter()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI specification: HTTP connection scope)."""
        content = await _read(receive)
        if scope["path"] == PATH:
            await self._settings(scope["method"], content)(scope, receive, send)
            return
        request = Request.read(scope["method"], unquote(scope["path"]), content)
        refusal = next(self._refusals(request), None)
        if refusal:
            self._refused[refusal.reason] += 1
            await refusal.response(request.project, request.body)(scope, receive, send)
            return
        content = self._with_expiration(request, content)
        await self._application(scope, _replay(content, receive), self._answered(request, send))

    def _settings(self, method: str, content: bytes) -> JSONResponse:
        if method == "POST":
            try:
                self._set(Limits.from_json(content))
            except (TypeError, ValueError) as error:
                return JSONResponse({"error": str(error)}, status_code=HTTPStatus.BAD_REQUEST)
        return JSONResponse({**asdict(self._limits), "refused": self._refused})

    def _refusals(self, request: Request) -> Iterator[Refusal]:
        """Yield the refusals of a request; Google answers the first one."""
        yield from self._missing_permissions(request)
        yield from self._other_locations(request)
        if table := request.dml_table():
            if not self._limits.billing:
                yield Refusal("billingNotEnabled", NO_DML)
            if self._random.random() < self._limits.conflicts:
                reason, message = self._random.choice(CONFLICTS)
                is_of_job = reason != "backendError"
                yield Refusal(reason, message.format(table), "query", is_of_job=is_of_job)
        if (table := request.updated_table()) and self._is_updated_too_often(table):
            yield Refusal(
                "rateLimitExceeded", TOO_MANY_UPDATES, "table.write", is_of_job=request.has_job
            )

    def _missing_permissions(self, request: Request) -> Iterator[Refusal]:
        for method, path, permission in PERMISSIONS:
            found = path.fullmatch(request.path)
            if (
                found
                and method == request.method
                and permission in self._limits.missing_permissions
            ):
                kind, name = permission.split(".")[1], ":".join(filter(None, found.groups()))
                message = (
                    f"Access Denied: {kind[:-1].capitalize()} {name}: User does not have"
                    f" {permission} permission for {kind[:-1]} {name}."
                )
                yield Refusal("accessDenied", message, is_of_job=False)

    def _other_locations(self, request: Request) -> Iterator[Refusal]:
        """Yield a refusal if the datasets of a job are not all where it runs."""
        if request.method != "POST" or not JOBS.fullmatch(request.path):
            return
        locations = {
            name: dataset.location
            for project, name in sorted(request.datasets())
            if (dataset := self._catalog.get_dataset(project, name))
        }
        expected: str = request.body.get("jobReference", {}).get("location")
        expected = expected or next(iter(locations.values()), "")
        for name, location in locations.items():
            if location.upper() != expected.upper():
                message = (
                    f"Not found: Dataset {request.project}:{name} was not found in location"
                    f" {expected}"
                )
                yield Refusal("notFound", message)

    def _is_updated_too_often(self, table: str) -> bool:
        """Return whether a table was updated as often as is allowed; else count one update more."""
        if self._limits.table_updates is None:
            return False
        now, updates = time.monotonic(), self._updates[table]
        while updates and updates[0] <= now - UPDATES_SECONDS:
            updates.popleft()
        if len(updates) >= self._limits.table_updates:
            return True
        updates.append(now)
        return False

    def _with_expiration(self, request: Request, content: bytes) -> bytes:
        """Return the body of a request, with the expiration that new datasets must have."""
        if (
            request.method == "POST"
            and DATASETS.fullmatch(request.path)
            and not self._limits.billing
        ):
            expiration = dict.fromkeys(
                ("defaultTableExpirationMs", "defaultPartitionExpirationMs"), SANDBOX_EXPIRATION_MS
            )
            return json.dumps(request.body | expiration).encode()
        return content

    def _answered(self, request: Request, send: Send) -> Send:
        """Return how to send an answer with a table's expiration, which bqemulator forgets."""
        table = TABLES.fullmatch(request.path)
        name = table[3] or request.body.get("tableReference", {}).get("tableId") if table else None
        if table is None or not name or request.method == "DELETE":
            return send
        key = f"{table[1]}.{table[2]}.{name}"
        if "expirationTime" in request.body:
            self._expirations[key] = request.body["expirationTime"]
        dataset = self._catalog.get_dataset(table[1], table[2])
        return _sent_with(send, lambda answer: self._add_expiration(answer, key, dataset))

    def _add_expiration(self, answer: dict[str, Any], key: str, dataset: Any) -> None:  # noqa: ANN401
        if "tableReference" not in answer:
            return
        if key in self._expirations:
            answer["expirationTime"] = self._expirations[key]
        elif dataset and dataset.default_table_expiration_ms:
            lifetime = int(dataset.default_table_expiration_ms)
            answer["expirationTime"] = str(int(answer["creationTime"]) + lifetime)
        if partitioning := answer.get("timePartitioning"):
            partition_lifetime = dataset and dataset.default_partition_expiration_ms
            if partition_lifetime:
                partitioning.setdefault("expirationMs", str(partition_lifetime))


async def _read(receive: Receive) -> bytes:
    """Return the whole body of a request."""
    content, is_more = bytearray(), True
    while is_more:
        message = await receive()
        content += message.get("body", b"")
        is_more = message.get("more_body", False)
    return bytes(content)


def _replay(content: bytes, receive: Receive) -> Receive:
    """Return how an application receives a body that was read already."""
    messages = [{"type": "http.request", "body": content}]

    async def received() -> Message:
        return messages.pop() if messages else await receive()

    return received


def _sent_with(send: Send, change: Callable[[dict[str, Any]], None]) -> Send:
    """Return how to send an answer whose JSON is changed first."""
    start: Message = {}
    content = bytearray()

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        content.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        body = bytes(content)
        if answer := json_object(body):
            change(answer)
            body = json.dumps(answer).encode()
        headers = [item for item in start["headers"] if item[0] != b"content-length"]
        start["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return sent
