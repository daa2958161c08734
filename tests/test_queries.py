"""Queries and names of columns fit BigQuery; sqlglot comes with the local BigQuery."""

from __future__ import annotations

import pytest
import yaml

from tests.tables_page import ROOT, documented_tables

sqlglot = pytest.importorskip("sqlglot")
qualify = pytest.importorskip("sqlglot.optimizer.qualify").qualify
bigquery = pytest.importorskip("sqlglot.dialects.bigquery").BigQuery

RESERVED = frozenset(bigquery.Generator.RESERVED_KEYWORDS)
"""Reserved keywords of GoogleSQL: as a name of a column, every user must quote them."""
TABLES = documented_tables()
SCHEMA = {"instagram": {table.name: table.columns for table in TABLES.values()}}


QUERIES = [(table.name, query) for table in TABLES.values() for query in table.queries]


@pytest.mark.parametrize(("name", "sql"), QUERIES, ids=[name for name, _ in QUERIES])
def test_a_query_reads_its_table_and_names_no_column_that_is_not_there(name: str, sql: str) -> None:
    query = sqlglot.parse_one(sql, dialect="bigquery")
    qualify(query.copy(), schema=SCHEMA, dialect="bigquery")

    assert name in {table.name for table in query.find_all(sqlglot.exp.Table)}


def columns_of_views() -> dict[str, list[str]]:
    path = ROOT / "reports" / "models" / "instagram" / "schema.yml"
    models = yaml.safe_load(path.read_text("utf-8"))["models"]
    return {model["name"]: [column["name"] for column in model["columns"]] for model in models}


def test_no_column_is_a_reserved_word_or_has_the_name_of_its_table() -> None:
    columns = {name: list(table.columns) for name, table in TABLES.items()} | columns_of_views()

    assert {"following", "rows"} <= RESERVED
    # `SELECT name FROM name` is the whole row, not its column of that name.
    assert not [
        f"{table}.{name}"
        for table, names in columns.items()
        for name in names
        if name.lower() in RESERVED | {table}
    ]
