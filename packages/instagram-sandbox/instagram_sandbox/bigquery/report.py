"""The report on what a pipeline has loaded, in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instagram_sandbox.bigquery.warehouse import DATASET
from instagram_sandbox.tables import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instagram_sandbox.bigquery.warehouse import Warehouse

ACCOUNTS = f"SELECT username, followers_count FROM {DATASET}.accounts ORDER BY username"  # noqa: S608


def report(warehouse: Warehouse) -> Iterator[str]:
    """Show the accounts that were loaded, and what each dataset holds.

    Args:
        warehouse: The local BigQuery.

    Yields:
        The lines of the report.
    """
    datasets = warehouse.datasets()
    if not datasets.get(DATASET):
        yield f"The dataset {DATASET} has no tables yet: run the pipeline first."
        return
    if "accounts" in datasets[DATASET]:
        for row in warehouse.rows(ACCOUNTS):
            yield f"Account {escape(row['username'])}: {row['followers_count']:,} followers"
    for dataset, tables in datasets.items():
        names = [name for name, kind in tables.items() if kind == "TABLE"]
        if names:
            rows = _rows(warehouse, dataset, names)
            yield f"Dataset {dataset}: {len(names)} tables with {rows:,} rows"
        if views := len(tables) - len(names):
            yield f"Dataset {dataset}: {views} views"


def _rows(warehouse: Warehouse, dataset: str, tables: list[str]) -> int:
    counts = " + ".join(f"(SELECT COUNT(*) FROM `{dataset}`.`{table}`)" for table in tables)  # noqa: S608
    return sum(row["number"] for row in warehouse.rows(f"SELECT {counts} AS number"))
