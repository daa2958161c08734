"""Compute what Google would bill for the queries that a local BigQuery has run.

    python benchmarks/bigquery_bytes.py http://127.0.0.1:9050

The local BigQuery lists each query as it was sent. This script finds the columns of the loaded
tables that a query reads, through all views, and counts their bytes in the rows that are there, by
Google's size rules: 8 for a number, a date or a time, 1 for a BOOL, 2 and the UTF-8 bytes for a
STRING, the sum of its elements for an ARRAY, nothing for NULL. Google bills a query for at least 10
MB of each table that it refers to. Load jobs and CREATE VIEW are free.

A MERGE is counted with all columns of the whole table, twice: for the table and for the batch. The
dates in its condition let Google read less, so the figures are upper bounds. The bytes of more
accounts are those of an account of this world, multiplied.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

if TYPE_CHECKING:
    from collections.abc import Iterable

PROJECT = "sandbox"
LOADED = "instagram"
MEBIBYTE = 1024**2
LEAST = 10 * MEBIBYTE
ACCOUNTS = (1, 100, 10_000)
FIXED = {"integer": 8, "float": 8, "numeric": 16, "date": 8, "timestamp": 8, "boolean": 1}
OF_STORIES = {"stories", "story_insights", "insight_gaps"}
VIEW = re.compile(
    r"create or replace view `\w+`\.`(\w+)`\.`(\w+)`.*?\n *\)\s+as (.*?);?\s*$", re.DOTALL
)
NODE = re.compile(r'"node_id": "test\.\w+\.(\w+)')
ROWS = f"SELECT COUNT(*) FROM {LOADED}.media"
Columns = dict[str, set[str]]
"""Columns by the name of their table."""


@dataclass
class LocalBigQuery:
    """A local BigQuery in which the tables, the views and the page were made.

    Attributes:
        url: Its address.
        types: Type of each column, by table and view.
        sizes: Bytes of each column, by table.
        accounts: Number of accounts in the tables.
    """

    url: str
    types: dict[str, dict[str, str]] = field(default_factory=dict)
    sizes: dict[str, dict[str, int]] = field(default_factory=dict)
    accounts: int = 0

    def ask(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        """Send a request to its API."""
        request = urllib.request.Request(
            f"{self.url}/bigquery/v2/projects/{PROJECT}/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)

    def first_row(self, sql: str) -> list[Any]:
        """Run a query, and return its first row."""
        answer = self.ask("queries", {"query": sql, "useLegacySql": False, "timeoutMs": 600_000})
        return [cell["v"] for cell in answer["rows"][0]["f"]]

    @cached_property
    def queries(self) -> list[str]:
        """Every different query that was sent, without those of this script."""
        jobs = self.ask("jobs?projection=full&maxResults=10000")["jobs"]
        sent = (job["configuration"].get("query", {}).get("query", "") for job in jobs)
        # The dates in the condition of a MERGE differ from run to run.
        return [
            *{sql.split(" AS ")[0] if is_merge(sql) else sql: sql for sql in sent if sql}.values()
        ]

    @cached_property
    def views(self) -> dict[str, exp.Expression]:
        """The query of each view, by the name of the view."""
        found = (VIEW.search(sql) for sql in self.queries)
        return {
            f"{match[1]}.{match[2]}": sqlglot.parse_one(match[3], dialect="bigquery")
            for match in found
            if match
        }

    def measure(self) -> None:
        """Read the size of each column of each loaded table."""
        for entry in self.ask(f"datasets/{LOADED}/tables?maxResults=1000")["tables"]:
            name = entry["tableReference"]["tableId"]
            fields = self.ask(f"datasets/{LOADED}/tables/{name}")["schema"]["fields"]
            table = f"{LOADED}.{name}"
            self.types[table] = {each["name"]: each["type"] for each in fields}
            sums = ", ".join(f"SUM({bytes_of(each)})" for each in fields)
            sizes = self.first_row(f"SELECT {sums} FROM {table}")
            self.sizes[table] = {
                each["name"]: int(size or 0) for each, size in zip(fields, sizes, strict=True)
            }
        self.accounts = int(self.first_row(f"SELECT COUNT(*) FROM {LOADED}.accounts")[0])

    def read_by(self, sql: str) -> Columns:
        """Return what a query reads of the loaded tables."""
        if is_merge(sql):
            table = f"{LOADED}.{merged(sql)}"
            return {table: {*self.sizes[table]}, f"{table} (batch)": {*self.sizes[table]}}
        tree = sqlglot.parse_one(sql, dialect="bigquery")
        while self._put_in_views(tree):
            pass
        tree = qualify(tree, dialect="bigquery", schema=self._schema(), quote_identifiers=False)
        found: Columns = defaultdict(set)
        for scope in traverse_scope(pushdown_projections(tree, schema=self._schema())):
            for alias, source in scope.sources.items():
                if isinstance(source, exp.Table) and source.db == LOADED:
                    columns = {each.name for each in scope.columns if each.table == alias}
                    found[f"{LOADED}.{source.name}"] |= columns
        return found

    def _put_in_views(self, tree: exp.Expression) -> bool:
        tables = [
            each for each in tree.find_all(exp.Table) if f"{each.db}.{each.name}" in self.views
        ]
        for table in tables:
            view = self.views[f"{table.db}.{table.name}"].copy()
            table.replace(view.subquery(table.alias or table.name))
        return bool(tables)

    def _schema(self) -> dict[str, Any]:
        tables = {name.split(".")[1]: columns for name, columns in self.types.items()}
        return {PROJECT: {LOADED: tables}}

    def billed(self, read: Columns, accounts: int) -> float:
        """Return the bytes that a query is billed for, with this number of accounts."""
        total = 0.0
        for table, columns in read.items():
            sizes = self.sizes[table.removesuffix(" (batch)")]
            measured = sum(sizes[column] for column in columns)
            total += max(LEAST, measured * accounts / self.accounts)
        return total


def bytes_of(column: dict[str, str]) -> str:
    """Return the SQL for the size of one value of a column."""
    name, type_ = f"`{column['name']}`", column["type"].lower()
    if column.get("mode") == "REPEATED":
        return f"COALESCE(BYTE_LENGTH(ARRAY_TO_STRING({name}, '--')), 0)"
    if type_ in FIXED:
        return f"IF({name} IS NULL, 0, {FIXED[type_]})"
    return f"IF({name} IS NULL, 0, 2 + BYTE_LENGTH({name}))"


def is_merge(sql: str) -> bool:
    """Whether the loader brings a batch into a table with this query."""
    return sql.startswith("MERGE")


def merged(sql: str) -> str:
    """Return the table of a MERGE."""
    found = re.match(rf"MERGE `{PROJECT}\.{LOADED}\.(\w+)`", sql)
    assert found, sql
    return found[1]


def steps_of(sql: str, *, is_dated: bool) -> list[str]:
    """Return the steps of a day that send a query; none for one that is free or something else."""
    if is_merge(sql):
        return ["load, all tables", *["load, stories only"] * (merged(sql) in OF_STORIES)]
    if '"node_id": "test.' in sql:
        bounded, whole = "checks of 35 days", "checks of all rows"
        return [bounded] if "INTERVAL 35 DAY" in sql else [whole, *[bounded] * (not is_dated)]
    is_page = "instagram_reports" in sql and "/*" not in sql
    return ["page"] * is_page


def lines_of(bigquery: LocalBigQuery) -> Iterable[str]:
    """Yield the lines of the table for the documentation."""
    tests = [NODE.search(sql) for sql in bigquery.queries if "INTERVAL 35 DAY" in sql]
    dated = {match[1] for match in tests if match}
    steps: dict[str, list[Columns]] = defaultdict(list)
    for sql in bigquery.queries:
        node = NODE.search(sql)
        names = steps_of(sql, is_dated=bool(node and node[1] in dated))
        read = bigquery.read_by(sql) if names else {}
        for name in names:
            steps[name].append(read)
    yield "| step | queries | " + " | ".join(f"MB, accounts: {n:,}" for n in ACCOUNTS) + " |"
    yield "| --- | ---: |" + " ---: |" * len(ACCOUNTS)
    for step, reads in sorted(steps.items()):
        totals = (sum(bigquery.billed(read, n) for read in reads) / MEBIBYTE for n in ACCOUNTS)
        yield f"| {step} | {len(reads)} | " + " | ".join(f"{n:,.0f}" for n in totals) + " |"


def main() -> None:
    """Print the table."""
    bigquery = LocalBigQuery(sys.argv[1].rstrip("/"))
    # The queries that measure are none of those that are counted.
    assert bigquery.queries
    bigquery.measure()
    rows = bigquery.first_row(ROWS)[0]
    print(f"{bigquery.accounts} accounts were measured, with {rows} media.")
    for line in lines_of(bigquery):
        print(line)


if __name__ == "__main__":
    main()
