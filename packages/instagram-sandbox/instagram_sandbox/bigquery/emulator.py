"""Run bqemulator with additions for target-bigquery, confined and without the internet.

1. It is confined (`confinement.py`): its SQL opens no file, and no web page reaches it.
2. DuckDB rejects `UPDATE SET target.col = …` in a MERGE, so a SQL rule removes the qualifier.
3. BigQuery detects gzipped NDJSON in load jobs by itself; DuckDB must be told.
4. An error inside the emulator is answered with 400, because Google's clients retry a 500 for ten
   minutes.
5. ALTER TABLE changes the table in DuckDB, but not what the REST API says of it.
6. SQLGlot copies every subquery of a FROM clause to learn its name. The emulator puts views into a
   query as subqueries, so views over views would be copied again and again.
7. It can have Google's limits (`limits.py`).
8. ALTER TABLE may add several columns with descriptions (`added_columns.py`).
9. BigQuery deletes tables and views with the same request; DuckDB must be told which it is.

Items 1, 3 to 5 and 8 replace private names of bqemulator, and item 6 one of SQLGlot. Therefore
pyproject.toml pins the exact version of bqemulator, and constraints.txt that of SQLGlot.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
from bqemulator import server
from bqemulator.api import errors
from bqemulator.api.routes import jobs
from bqemulator.catalog import ddl_sync
from bqemulator.config import PersistenceMode, Settings
from bqemulator.jobs import executor
from bqemulator.scripting import interpreter
from bqemulator.sql.rules import TranslationRule, register
from sqlglot import exp
from sqlglot.parser import Parser
from typing_extensions import override

from instagram_sandbox import loopback
from instagram_sandbox.bigquery import confinement
from instagram_sandbox.bigquery.added_columns import adding_columns
from instagram_sandbox.bigquery.limits import LimitedRequests, Limits

ALTERED = re.compile(r"\s*ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?([`\w.-]+)", re.IGNORECASE)
GZIP_MAGIC = b"\x1f\x8b"
DROPS_A_VIEW = "is of type View, trying to drop type Table"


def serve(
    port: int, project: str, data_dir: Path, limited: Limits, *, has_analyzer: bool = False
) -> None:
    """Run the emulator until the process is interrupted or terminated.

    No environment variable of bqemulator changes the settings that are given here.

    Args:
        port: Port on 127.0.0.1.
        project: Google Cloud project of requests that name none.
        data_dir: Directory for the database and for uploads.
        limited: What is limited and refused as by Google.
        has_analyzer: Whether Google's analyzer refuses statements, and writes each one to
            `statements.jsonl` in that directory.
    """
    uploads = data_dir.resolve() / "uploads"
    for directory in (data_dir, uploads):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
    settings = Settings(
        rest_host=loopback.ADDRESS,
        rest_port=port,
        persistence_mode=PersistenceMode.PERSISTENT,
        data_dir=data_dir,
        default_project_id=project,
        upload_staging_dir=uploads,
        gcs_local_root=None,
        admin_enabled=False,
        enable_format_extensions=False,  # Avro would be a download.
        time_travel_retention_days=0,  # Otherwise each load leaves a copy of its table.
    )
    extend(limited, data_dir / "statements.jsonl" if has_analyzer else None)
    server.run_forever(settings)


def extend(limited: Limits, statements: Path | None = None) -> None:
    """Replace private parts of bqemulator.

    Args:
        limited: What is limited and refused as by Google.
        statements: The file for the statements that Google's analyzer has seen; None without it.
    """
    for source_format in ("NEWLINE_DELIMITED_JSON", "JSON"):
        executor._LOAD_FORMAT_HANDLERS[source_format] = load_json  # noqa: SLF001
    errors.InternalError = errors.ValidationError
    for runs_statements in (executor, interpreter):
        runs_statements.sync_created_table = sync_table
    jobs.execute_query_job = adding_columns(jobs.execute_query_job)
    executor._resolve_uri = confinement.upload_path  # noqa: SLF001
    server.DuckDBEngine = Engine
    server.build_grpc_server = confinement.no_grpc_server
    create_app = server.create_app

    def application(context: Any) -> confinement.LocalRequests:  # noqa: ANN401
        app = create_app(context)
        if statements:
            from instagram_sandbox.bigquery.analysis import (  # noqa: PLC0415 - an extra
                AnalyzedStatements,
            )

            app = AnalyzedStatements(app, context.catalog, statements)
        return confinement.LocalRequests(LimitedRequests(app, context.catalog, limited))

    server.create_app = application
    Parser._implicit_unnests_to_explicit = explicit_unnests  # noqa: SLF001


class Engine(confinement.ConfinedEngine):
    """Drops a view where bqemulator drops a table, as it does for every request with DELETE."""

    @override
    def execute(self, sql: str, parameters: list[Any] | None = None) -> Any:
        try:
            return super().execute(sql, parameters)
        except duckdb.CatalogException as error:
            if DROPS_A_VIEW not in str(error):
                raise
            return super().execute(sql.replace("DROP TABLE", "DROP VIEW", 1), parameters)


def load_json(path: str, target_ref: str, ctx: Any) -> None:  # noqa: ANN401
    """Copy an uploaded file of JSON lines into a table.

    Args:
        path: The file in which bqemulator keeps the upload.
        target_ref: The quoted name of the table in DuckDB.
        ctx: bqemulator's application context.
    """
    with Path(path).open("rb") as file:
        compression = "gzip" if file.read(2) == GZIP_MAGIC else "uncompressed"
    ctx.engine.execute(
        f"COPY {target_ref} FROM ? (FORMAT JSON, COMPRESSION '{compression}')", [path]
    )


def sync_table(statement: str, project: str, ctx: Any) -> None:  # noqa: ANN401
    """Tell bqemulator's catalog which columns a table has after a statement that has run.

    Args:
        statement: Any statement.
        project: The project of names without one.
        ctx: bqemulator's application context.
    """
    ddl_sync.sync_created_table(statement, project, ctx)
    altered = ALTERED.match(statement)
    name = [project, *altered[1].replace("`", "").split(".")][-3:] if altered else []
    table = ctx.catalog.get_table(*name) if len(name) == 3 else None
    if table:
        known = {field.name: field for field in table.schema_.fields}
        found = ddl_sync._introspect_schema(*name, ctx).fields  # noqa: SLF001
        fields = tuple(known.get(field.name, field) for field in found)
        schema = table.schema_.model_copy(update={"fields": fields})
        ctx.catalog.update_table(table.model_copy(update={"schema_": schema}))


_copying_explicit_unnests = Parser._implicit_unnests_to_explicit  # noqa: SLF001


def explicit_unnests(parser: Parser, query: exp.Expression) -> exp.Expression:
    """Rewrite `FROM t, t.column` to `FROM t, UNNEST(t.column)` where there is such a join.

    Args:
        parser: The parser that has read the query.
        query: A query with a FROM clause.
    """
    for join in query.args.get("joins") or []:
        table = join.this
        if isinstance(table, exp.Table) and len(table.parts) > 1 and not join.args.get("on"):
            return _copying_explicit_unnests(parser, query)
    return query


@register
class MergeSetWithoutQualifier(TranslationRule):  # type: ignore[misc]
    """Rewrites `WHEN MATCHED THEN UPDATE SET t.col = s.col` to `UPDATE SET col = s.col`."""

    name = "MERGE_SET_WITHOUT_QUALIFIER"

    @override
    def applies_to(self, node: exp.Expression) -> bool:
        return isinstance(node, exp.When) and bool(self._qualified(node))

    @override
    def rewrite(self, node: exp.Expression) -> exp.Expression:
        rewritten = node.copy()
        for column in self._qualified(rewritten):
            column.set("table", None)
        return rewritten

    @staticmethod
    def _qualified(when: exp.When) -> list[exp.Column]:
        then = when.args.get("then")
        assignments = then.expressions if isinstance(then, exp.Update) else []
        return [
            assignment.this
            for assignment in assignments
            if isinstance(assignment, exp.EQ)
            and isinstance(assignment.this, exp.Column)
            and assignment.this.table
        ]
