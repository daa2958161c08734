"""ALTER TABLE with several ADD COLUMN clauses, and the descriptions of these columns.

DuckDB adds one column in a statement, and knows no descriptions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    ExecuteQuery = Callable[..., Awaitable[Any]]

TABLE_PARTS = 3


def adding_columns(execute: ExecuteQuery) -> ExecuteQuery:
    """Return bqemulator's `execute_query_job`, which also adds several columns at once.

    Args:
        execute: The function of bqemulator.
    """

    async def executed(
        project: str,
        job_id: str,
        sql: str,
        parameters: Any,  # noqa: ANN401
        ctx: Any,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        statement = _addition(sql)
        if statement is None:
            return await execute(project, job_id, sql, parameters, ctx, **options)
        before = _table(statement, project, ctx)
        for column in statement.args["actions"]:
            single = statement.copy()
            single.set("actions", [_without_options(column)])
            text = single.sql(dialect="bigquery")
            job = await execute(project, job_id, text, parameters, ctx, **options)
        after = _table(statement, project, ctx)
        if before and after:
            _describe(statement, before, after, ctx)
        return job

    return executed


def _addition(sql: str) -> exp.Alter | None:
    """Return a statement if it adds columns and nothing else."""
    try:
        (statement,) = sqlglot.parse(sql, read="bigquery")
    except (SqlglotError, ValueError):
        return None
    if not isinstance(statement, exp.Alter):
        return None
    actions = statement.args.get("actions") or []
    is_addition = bool(actions) and all(isinstance(item, exp.ColumnDef) for item in actions)
    return statement if is_addition else None


def _without_options(column: exp.ColumnDef) -> exp.ColumnDef:
    bare = column.copy()
    bare.set("constraints", [])
    return bare


def _description(column: exp.ColumnDef) -> str | None:
    options = column.find_all(exp.Property)
    return next((item.text("value") for item in options if item.name == "description"), None)


def _table(statement: exp.Alter, project: str, ctx: Any) -> Any:  # noqa: ANN401
    """Return the catalog's entry of the table that a statement alters; None without one."""
    names = [part.name for part in statement.this.parts]
    names = [project, *names][-TABLE_PARTS:]
    return ctx.catalog.get_table(*names) if len(names) == TABLE_PARTS else None


def _describe(statement: exp.Alter, before: Any, after: Any, ctx: Any) -> None:  # noqa: ANN401
    """Write the descriptions of the new columns into the catalog."""
    known = {column.name for column in before.schema_.fields}
    descriptions = {item.name: _description(item) for item in statement.args["actions"]}
    columns = tuple(
        column
        if column.name in known
        else column.model_copy(update={"description": descriptions.get(column.name)})
        for column in after.schema_.fields
    )
    schema = after.schema_.model_copy(update={"fields": columns})
    ctx.catalog.update_table(after.model_copy(update={"schema_": schema}))
