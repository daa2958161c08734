"""All rows of a dataset, so that two datasets can be compared."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from tap_instagram_business.erasure.bigquery import STAGING
from tests.truth import comparable

if TYPE_CHECKING:
    from tests.local_sandbox import LocalSandbox

Tables = dict[str, Counter[str]]
"""The rows of each table, and how often each is there."""
LOAD_TIMES = "_sdc_"
"""The columns in which the loader keeps when it has loaded a row begin so."""


def read_tables(sandbox: LocalSandbox, dataset: str) -> Tables:
    """Read all rows, without the load times, in a form in which those of two runs are equal.

    Staging tables are left out: a loader that was killed leaves them, and they expire.
    """
    sql = f"SELECT table_name FROM {dataset}.INFORMATION_SCHEMA.TABLES"
    names = [str(row["table_name"]) for row in sandbox.rows(sql)]
    return {
        name: Counter(read_rows(sandbox, f"{dataset}.{name}"))
        for name in names
        if not STAGING.fullmatch(name)
    }


def read_rows(sandbox: LocalSandbox, table: str) -> list[str]:
    """Read the rows of a table, each as JSON."""
    return [
        json.dumps(
            comparable({name: row[name] for name in sorted(row) if not name.startswith(LOAD_TIMES)})
        )
        for row in sandbox.rows(f"SELECT * FROM {table}")
    ]


def rows(tables: Tables) -> int:
    """Count the rows of all tables."""
    return sum(table.total() for table in tables.values())


def differences(first: Tables, second: Tables) -> dict[str, int]:
    """Count the rows of each table that only one of the datasets has."""
    counts = {
        name: ((a := first.get(name, Counter())) - (b := second.get(name, Counter()))).total()
        + (b - a).total()
        for name in first.keys() | second.keys()
    }
    return {name: count for name, count in counts.items() if count}
