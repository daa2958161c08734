"""Holds each SQL statement against Google's analyzer before the emulator runs it.

The emulator translates GoogleSQL for DuckDB, and so accepts statements that Google refuses. Here a
refusal is answered as Google answers it: 400 `invalidQuery`, or 404 `notFound` for a table that is
not there. The analyzer sees the tables and views that the emulator's own catalog has.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from instagram_sandbox.bigquery.analyzer import (
    Analyzer,
    Columns,
    Parameters,
    RefusedError,
    Statement,
    array_of,
    struct_of,
    type_named,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from instagram_sandbox.bigquery.confinement import Application

GZIP_MAGIC = b"\x1f\x8b"
JOBS = re.compile(r"/bigquery/v2/projects/(?P<project>[^/]+)/(?:queries|jobs)")
NOT_FOUND = re.compile(r"Table not found: `?(?P<table>[^ `;]+)")
STRING, INTEGER, TIMESTAMP = (type_named(name) for name in ("STRING", "INTEGER", "TIMESTAMP"))
INFORMATION_SCHEMA: dict[str, dict[str, Any]] = {
    "SCHEMATA": {
        **dict.fromkeys(("catalog_name", "schema_name", "schema_owner"), STRING),
        **dict.fromkeys(("creation_time", "last_modified_time"), TIMESTAMP),
        **dict.fromkeys(("location", "ddl", "default_collation_name"), STRING),
    },
    "TABLES": {
        **dict.fromkeys(("table_catalog", "table_schema", "table_name", "table_type"), STRING),
        **dict.fromkeys(("managed_table_type", "is_insertable_into", "is_typed"), STRING),
        "creation_time": TIMESTAMP,
        **dict.fromkeys(("base_table_catalog", "base_table_schema", "base_table_name"), STRING),
        "snapshot_time_ms": TIMESTAMP,
        **dict.fromkeys(("ddl", "default_collation_name"), STRING),
    },
    "COLUMNS": {
        **dict.fromkeys(("table_catalog", "table_schema", "table_name", "column_name"), STRING),
        "ordinal_position": INTEGER,
        **dict.fromkeys(("is_nullable", "data_type", "is_generated", "is_hidden"), STRING),
        **dict.fromkeys(("is_system_defined", "is_partitioning_column"), STRING),
        "clustering_ordinal_position": INTEGER,
        **dict.fromkeys(("collation_name", "column_default", "rounding_mode"), STRING),
    },
    "COLUMN_FIELD_PATHS": dict.fromkeys(
        (
            *("table_catalog", "table_schema", "table_name", "column_name", "field_path"),
            *("data_type", "description", "collation_name", "rounding_mode"),
        ),
        STRING,
    ),
    "TABLE_OPTIONS": dict.fromkeys(
        (
            *("table_catalog", "table_schema", "table_name"),
            *("option_name", "option_type", "option_value"),
        ),
        STRING,
    ),
    "VIEWS": dict.fromkeys(
        (
            *("table_catalog", "table_schema", "table_name"),
            *("view_definition", "check_option", "use_standard_sql"),
        ),
        STRING,
    ),
    "PARTITIONS": {
        **dict.fromkeys(("table_catalog", "table_schema", "table_name", "partition_id"), STRING),
        **dict.fromkeys(("total_rows", "total_logical_bytes", "total_billable_bytes"), INTEGER),
        "last_modified_time": TIMESTAMP,
        "storage_tier": STRING,
    },
}
"""The columns of Google's INFORMATION_SCHEMA views."""


class AnalyzedStatements:
    """An ASGI application that answers each query job whose SQL Google would refuse.

    The statements are written to a file, one JSON object a line: `statement`, `outcome`
    (`resolved`, `parsed` if it can only be parsed, or `refused`) and `error`.

    Args:
        application: The emulator, which answers all other requests.
        catalog: The emulator's catalog (bqemulator: `CatalogRepository`).
        log: The file.
    """

    def __init__(self, application: Application, catalog: Any, log: Path) -> None:  # noqa: ANN401
        self._application = application
        self._catalog = catalog
        self._log = log
        self._lock = threading.Lock()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401
        """Answer a request (ASGI specification: HTTP connection scope)."""
        jobs = JOBS.fullmatch(scope["path"])
        if not jobs or scope["method"] != "POST":
            await self._application(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        job = _query_job(body)
        refusal = await asyncio.to_thread(self._refusal, jobs["project"], job) if job else None
        if refusal:
            await refusal(scope, receive, send)
        else:
            await self._application(scope, _received(body, receive), send)

    @cached_property
    def _analyzer(self) -> Analyzer:
        return Analyzer()

    @cached_property
    def _tables(self) -> _Tables:
        return _Tables(self._catalog, self._analyzer)

    def _refusal(self, project: str, job: dict[str, Any]) -> JSONResponse | None:
        try:
            with self._lock:
                self._analyze(project, job)
        except RefusedError as error:
            return _answer(project, str(error))
        return None

    def _analyze(self, project: str, job: dict[str, Any]) -> None:
        script = job["query"]
        try:
            statements = self._analyzer.parse(script)
        except RefusedError as error:
            self._write(script, "refused", str(error))
            raise
        parameters = _parameters(job.get("queryParameters") or ())
        default = job.get("defaultDataset") or {}
        for statement in statements:
            tables = self._tables.named_by(statement.paths, project, default)
            self._resolve(statement, tables, parameters)

    def _resolve(
        self,
        statement: Statement,
        tables: Mapping[tuple[str, ...], Columns],
        parameters: Parameters,
    ) -> None:
        if statement.is_only_parsed:
            self._write(statement.text, "parsed")
            return
        try:
            self._analyzer.resolve(statement, tables, parameters)
        except RefusedError as error:
            self._write(statement.text, "refused", str(error))
            raise
        self._write(statement.text, "resolved")

    def _write(self, statement: str, outcome: str, error: str | None = None) -> None:
        line = json.dumps({"statement": statement, "outcome": outcome, "error": error})
        with self._log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


class _Tables:
    """The tables and views of the emulator, and the INFORMATION_SCHEMA views of its datasets.

    Args:
        catalog: The emulator's catalog.
        analyzer: Resolves the queries of views. The emulator takes the types of their columns from
            DuckDB, where a sum of integers is no integer.
    """

    def __init__(self, catalog: Any, analyzer: Analyzer) -> None:  # noqa: ANN401
        self._catalog = catalog
        self._analyzer = analyzer
        self._views: dict[str, Columns] = {}

    def named_by(
        self, paths: Iterable[tuple[str, ...]], project: str, default: Mapping[str, str]
    ) -> dict[tuple[str, ...], Columns]:
        """Return the columns of those tables that paths of a statement name, by these paths.

        Args:
            paths: The paths.
            project: The project of names without one.
            default: The dataset of names without one (REST API: DatasetReference).
        """
        found = {path: self._columns(path, project, default) for path in paths}
        return {path: columns for path, columns in found.items() if columns}

    def _columns(self, path: tuple[str, ...], project: str, default: Mapping[str, str]) -> Columns:
        *above, name = ".".join(path).split(".")
        if above and above[-1].upper() == "INFORMATION_SCHEMA":
            return tuple(INFORMATION_SCHEMA.get(name.upper(), {}).items())
        if not above:
            above = [default.get("projectId", project), default.get("datasetId", "")]
        *of_project, dataset = above
        table = self._catalog.get_table(".".join(of_project) or project, dataset, name)
        if table and table.view_query:
            return self._columns_of_view(table)
        fields = table.schema_.fields if table else ()
        return tuple((field.name, _of_field(field)) for field in fields)

    def _columns_of_view(self, view: Any) -> Columns:  # noqa: ANN401
        if view.etag not in self._views:
            (query,) = self._analyzer.parse(view.view_query)
            tables = self.named_by(query.paths, view.project_id, {})
            self._views[view.etag] = self._analyzer.resolve(query, tables)
        return self._views[view.etag]


def _query_job(body: bytes) -> dict[str, Any] | None:
    """Return the configuration of a query; None if the request is another kind of job."""
    try:
        given = json.loads(gzip.decompress(body) if body.startswith(GZIP_MAGIC) else body)
    except (ValueError, OSError):
        return None  # The emulator answers it.
    given = given.get("configuration", {}).get("query", {}) if "query" not in given else given
    return given if given.get("query") else None


def _parameters(given: Iterable[dict[str, Any]]) -> Parameters:
    """Read the parameters of a job (REST API: QueryParameter)."""
    types = [_of_parameter(parameter["parameterType"]) for parameter in given]
    return Parameters(types, [parameter["name"] for parameter in given if parameter.get("name")])


def _of_parameter(given: dict[str, Any]) -> Any:  # noqa: ANN401
    """Read a type (REST API: QueryParameterType)."""
    if given["type"] == "ARRAY":
        return array_of(_of_parameter(given["arrayType"]))
    if given["type"] == "STRUCT":
        fields = given["structTypes"]
        return struct_of(tuple((f.get("name", ""), _of_parameter(f["type"])) for f in fields))
    return type_named(given["type"])


def _of_field(field: Any) -> Any:  # noqa: ANN401
    """Read the type of a column (bqemulator: TableFieldSchema)."""
    if field.type.upper() in {"RECORD", "STRUCT"}:
        found = struct_of(tuple((part.name, _of_field(part)) for part in field.fields))
    else:
        found = type_named(field.type)
    return array_of(found) if field.mode == "REPEATED" else found


def _received(body: bytes, receive: Any) -> Any:  # noqa: ANN401
    """Return an ASGI channel that gives a body which was read already, and then the rest."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:  # noqa: ANN401
        return messages.pop() if messages else await receive()

    return replay


def _answer(project: str, message: str) -> JSONResponse:
    """Return Google's answer to SQL that it refuses."""
    code, reason, status = 400, "invalidQuery", "INVALID_ARGUMENT"
    if missing := NOT_FOUND.match(message):
        code, reason, status = 404, "notFound", "NOT_FOUND"
        *above, dataset, table = [project, *missing["table"].split(".")][-3:]
        message = f"Not found: Table {':'.join(above)}:{dataset}.{table} was not found"
    error = {"message": message, "domain": "global", "reason": reason}
    error |= {"location": "q", "locationType": "parameter"}
    content = {"code": code, "message": message, "errors": [error], "status": status}
    return JSONResponse({"error": content}, status_code=code)
