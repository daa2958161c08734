"""Reads what docs/tables.md says of each table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class DocumentedTable:
    """A table as docs/tables.md describes it.

    Attributes:
        name: Its name.
        bookmark: What is kept of each account in the state; '' for nothing.
        columns: The BigQuery type of each column.
        queries: The SQL of its examples.
    """

    name: str
    bookmark: str
    columns: dict[str, str]
    queries: list[str]


def documented_tables() -> dict[str, DocumentedTable]:
    """Return the tables by name."""
    page = (ROOT / "docs" / "tables.md").read_text("utf-8")
    parts = re.split(r"^## `(\w+)`$", page, flags=re.MULTILINE)[1:]
    return {name: _table(name, part) for name, part in zip(parts[::2], parts[1::2], strict=True)}


def _table(name: str, part: str) -> DocumentedTable:
    kept = re.search(r"^- \*\*Bookmark:\*\* (?:`(\w+)`|none)", part, re.MULTILINE)
    queries = re.findall(r"^```sql\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    assert kept, f"{name} has no bookmark"
    assert queries, f"{name} has no query"
    columns = re.findall(r"^\| `(\w+)` \| (\S+) \|", part, re.MULTILINE)
    return DocumentedTable(name, kept[1] or "", dict(columns), queries)
