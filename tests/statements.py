"""Counts the statements that Google's analyzer saw in the local BigQueries of a test run."""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIES = re.compile(
    r"/\*.*?\*/"  # dbt's comment
    r"|__\d{14}__[0-9a-f-]{36}"  # of the name of a staging table
    r"|'(?:[^'\\]|\\.)*'|\b\d+\b",
    re.DOTALL,
)
DATASET = re.compile(r"(sandbox`?\.`?)\w+")


def counts(folder: Path) -> dict[str, int]:
    """The number of distinct statements with each outcome, in all sandboxes of a folder.

    Statements that differ in literals, in dbt's comments, or in the name of the dataset or of a
    staging table are one.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for statement, outcome in _statements(folder):
        found[outcome].add(" ".join(DATASET.sub(r"\1", VARIES.sub("", statement)).split()))
    return {outcome: len(statements) for outcome, statements in sorted(found.items())}


def _statements(folder: Path) -> Iterator[tuple[str, str]]:
    for directory, _, names in os.walk(folder):
        if "statements.jsonl" in names:
            with (Path(directory) / "statements.jsonl").open(encoding="utf-8") as lines:
                for line in map(json.loads, lines):
                    yield line["statement"], line["outcome"]
