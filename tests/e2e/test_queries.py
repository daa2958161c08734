"""docs/tables.md: its queries find rows in the local BigQuery, its types are the columns' types."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.meltano_project import TAP
from tests.tables_page import documented_tables

if TYPE_CHECKING:
    from tests.meltano_project import MeltanoProject

pytestmark = pytest.mark.e2e

TABLES = documented_tables()


def select_every_table(project: MeltanoProject) -> None:
    path = project.directory / "meltano.yml"
    content = yaml.safe_load(path.read_text())
    extractor = next(p for p in content["plugins"]["extractors"] if p["name"] == TAP)
    extractor["config"] = {"include_others": True, "extra_metrics": ["account:likes"]}
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def column_types(project: MeltanoProject) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in project.sandbox.rows(
        "SELECT table_name, column_name, data_type FROM instagram.INFORMATION_SCHEMA.COLUMNS"
    ):
        if not row["column_name"].startswith("_sdc_"):
            found[row["table_name"]][row["column_name"]] = row["data_type"]
    return found


@pytest.mark.long
def test_queries_and_types_are_those_of_bigquery(project: MeltanoProject) -> None:
    select_every_table(project)
    project.sync()

    assert column_types(project) == {name: table.columns for name, table in TABLES.items()}
    queries = {
        f"{name}_{number}": sql
        for name, table in TABLES.items()
        for number, sql in enumerate(table.queries)
    }
    counts = (f"(SELECT COUNT(*) FROM ({sql})) AS {name}" for name, sql in queries.items())
    (found,) = project.sandbox.rows(f"SELECT {', '.join(counts)}")
    assert found.keys() == queries.keys()
    assert all(found.values()), found
