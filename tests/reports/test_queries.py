"""Every block of SQL in the documents runs, and Google's analyzer accepts it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tables_page import documented_tables

if TYPE_CHECKING:
    from tests.reports.conftest import Tables
    from tests.reports.warehouse import LocalBigQuery, Views

ROOT = Path(__file__).parents[2]
HIDDEN = re.compile(r"/(?:\.[^/]+|node_modules|build|dist|site)/")
BLOCK = re.compile(r"^[ >]*```\s*\w*sql\b[^\n]*\n(.*?)^[ >]*```", re.MULTILINE | re.DOTALL)


def blocks() -> dict[str, str]:
    """The SQL of all documents, by the file and the line where it begins."""
    found = {}
    for path in sorted(ROOT.rglob("*.md")):
        name = path.relative_to(ROOT).as_posix()
        if HIDDEN.search(f"/{name}"):
            continue
        text = path.read_text("utf-8")
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            found[f"{name}:{line}"] = block[1]
    return found


BLOCKS = blocks()


@pytest.fixture(scope="module")
def all_tables(bigquery: LocalBigQuery, tables: Tables, views: Views) -> LocalBigQuery:
    """The views of the small world, and all tables that the tap can fill."""
    others = documented_tables().keys() - tables.keys()
    bigquery.load(views.dataset.removesuffix("_reports"), {name: [] for name in others})
    return bigquery


@pytest.mark.parametrize("place", BLOCKS)
def test_sql_in_the_documents_runs(all_tables: LocalBigQuery, place: str) -> None:
    all_tables.rows(BLOCKS[place])


def test_every_example_is_in_a_document() -> None:
    shown = tuple(block.strip() for block in BLOCKS.values())
    examples = (ROOT / "docs" / "examples").glob("*.sql")
    assert [
        path.name for path in examples if not path.read_text("utf-8").strip().endswith(shown)
    ] == []
    assert {place.partition(":")[0] for place in BLOCKS} >= {"docs/tables.md", "docs/schedule.md"}
