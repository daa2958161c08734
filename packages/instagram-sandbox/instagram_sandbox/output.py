"""The output of the commands `query` and `report`, which read from the two servers."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

from instagram_sandbox import lifecycle
from instagram_sandbox.errors import SandboxError
from instagram_sandbox.tables import escape, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from instagram_sandbox.bigquery.warehouse import Warehouse

STATS_PATH = "/_sandbox/stats"


def query(data_dir: Path, sql: str, *, as_json: bool) -> Iterator[str]:
    """Run a query in the local BigQuery.

    Args:
        data_dir: The directory of the sandbox.
        sql: The query, in GoogleSQL.
        as_json: Whether to return one JSON object per row instead of a table.

    Yields:
        The lines of the result; one item may hold several lines.

    Raises:
        SandboxError: If the local BigQuery does not run or refuses the query.
    """
    rows = list(_warehouse(data_dir).rows(sql))
    if as_json:
        yield from (escape(json.dumps(row, default=str, ensure_ascii=False)) for row in rows)
    else:
        yield text_table(rows)


def report(data_dir: Path) -> Iterator[str]:
    """Show what was loaded, and the number of requests to the Graph API.

    Args:
        data_dir: The directory of the sandbox.

    Yields:
        The lines of the report.

    Raises:
        SandboxError: If the local BigQuery does not run.
    """
    warehouse = _warehouse(data_dir)
    from instagram_sandbox.bigquery.report import report as loaded  # noqa: PLC0415

    yield from loaded(warehouse)
    yield f"Graph API: {_requests(data_dir)}"


def _warehouse(data_dir: Path) -> Warehouse:
    server = lifecycle.bigquery(data_dir).running()
    if server is None:
        message = "The local BigQuery does not run: start it with `up`."
        raise SandboxError(message)
    # Python 3.10 has no local BigQuery and no client for it.
    from instagram_sandbox.bigquery.warehouse import Warehouse  # noqa: PLC0415

    return Warehouse(server.url, lifecycle.BIGQUERY_PROJECT)


def _requests(data_dir: Path) -> str:
    server = lifecycle.graph_api(data_dir).running()
    if server is None:
        return "down"
    try:
        with urllib.request.urlopen(server.url + STATS_PATH, timeout=10) as answer:  # noqa: S310
            stats: dict[str, Any] = json.load(answer)
    except (OSError, ValueError) as error:
        return f"no answer ({error})"
    return f"{stats['http_requests']:,} requests with {stats['calls']:,} calls since it was started"
