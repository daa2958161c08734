"""Reading the local BigQuery."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from instagram_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator

DATASET = "instagram"
STAGING_TABLE = re.compile(r"__\d{14}__[0-9a-f-]{36}$")

Row = dict[str, Any]


class Warehouse:
    """Reads from the local BigQuery.

    Args:
        url: Address of the emulator.
        project: Google Cloud project that holds the dataset.
    """

    def __init__(self, url: str, project: str) -> None:
        self._client = bigquery.Client(
            project=project,
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": url},
        )

    def rows(self, sql: str) -> Iterator[Row]:
        """Run a query.

        Args:
            sql: The query, in GoogleSQL.

        Yields:
            The rows of the result.

        Raises:
            SandboxError: If BigQuery refuses the query.
        """
        try:
            for row in self._client.query(sql).result():
                yield dict(row)
        except GoogleAPICallError as error:
            raise SandboxError(_first_line(error)) from None

    def datasets(self) -> dict[str, dict[str, str]]:
        """Return the tables of each dataset: their names, and `TABLE` or `VIEW`.

        Staging tables that a failed load left behind are not among them.
        """
        return {
            dataset.dataset_id: {
                table.table_id: table.table_type
                for table in self._client.list_tables(dataset.dataset_id)
                if not STAGING_TABLE.search(table.table_id)
            }
            for dataset in self._client.list_datasets()
        }


def _first_line(error: GoogleAPICallError) -> str:
    message, _, _ = str(error.message).strip().partition("; reason:")
    return message.splitlines()[0]
