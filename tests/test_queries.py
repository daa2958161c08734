"""The queries of docs/tables.md fit their tables; sqlglot comes with the local BigQuery."""

from __future__ import annotations

import pytest

from tests.tables_page import documented_tables

sqlglot = pytest.importorskip("sqlglot")
qualify = pytest.importorskip("sqlglot.optimizer.qualify").qualify

TABLES = documented_tables()
SCHEMA = {"instagram": {table.name: table.columns for table in TABLES.values()}}


@pytest.mark.parametrize("name", TABLES)
def test_a_query_reads_its_table_and_names_no_column_that_is_not_there(name: str) -> None:
    query = sqlglot.parse_one(TABLES[name].query, dialect="bigquery")
    qualify(query.copy(), schema=SCHEMA, dialect="bigquery")

    assert name in {table.name for table in query.find_all(sqlglot.exp.Table)}
