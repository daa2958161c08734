"""What the sandbox's commands read from its two servers."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

from instagram_sandbox import lifecycle
from instagram_sandbox.failure import SandboxError
from instagram_sandbox.text_table import heading, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from instagram_sandbox.bigquery.warehouse import Warehouse

STATS_PATH = "/_sandbox/stats"


def query(data_dir: Path, sql: str, *, as_json: bool) -> Iterator[str]:
    """Ask the local BigQuery.

    Args:
        data_dir: The sandbox's data directory.
        sql: GoogleSQL.
        as_json: Whether to give one JSON object a row instead of a table.

    Yields:
        The answer's lines, or several at a time.
    """
    rows = list(_warehouse(data_dir).rows(sql))
    if as_json:
        yield from (json.dumps(row, default=str, ensure_ascii=False) for row in rows)
    else:
        yield text_table(rows)


def report(data_dir: Path) -> Iterator[str]:
    """Show what arrived, and what the Graph API was asked for it.

    Args:
        data_dir: The sandbox's data directory.

    Yields:
        The report's lines, or several at a time.
    """
    from instagram_sandbox.bigquery.report import report as tables  # noqa: PLC0415

    yield from tables(_warehouse(data_dir))
    yield heading("What the Graph API was asked since it is up")
    yield _asked(data_dir)


def _warehouse(data_dir: Path) -> Warehouse:
    from instagram_sandbox.bigquery.warehouse import Warehouse  # noqa: PLC0415

    server = lifecycle.bigquery(data_dir).running()
    if server is None:
        message = "The local BigQuery is not up: start it with `up`."
        raise SandboxError(message)
    return Warehouse(server.url, lifecycle.BIGQUERY_PROJECT)


def _asked(data_dir: Path) -> str:
    server = lifecycle.graph_api(data_dir).running()
    if server is None:
        return "It is not up."
    try:
        with urllib.request.urlopen(server.url + STATS_PATH, timeout=10) as answer:  # noqa: S310
            stats: dict[str, Any] = json.load(answer)
    except (OSError, ValueError) as error:
        return f"It does not tell: {error}"
    plain = {name: value for name, value in stats.items() if not isinstance(value, (dict, list))}
    return text_table(
        [{"what": name, "number": value} for name, value in plain.items()], thousands=True
    )
