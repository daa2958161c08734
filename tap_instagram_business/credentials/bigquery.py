"""The rows of accounts in BigQuery, in each table of a dataset that has a column `account_id`."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from tap_instagram_business.credentials.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Collection

NAME = re.compile(r"[A-Za-z0-9_:.-]+")
TABLES = """
SELECT table_name
FROM `{dataset}`.INFORMATION_SCHEMA.COLUMNS
JOIN `{dataset}`.INFORMATION_SCHEMA.TABLES USING (table_name)
WHERE column_name = 'account_id' AND table_type = 'BASE TABLE'
ORDER BY table_name
"""
COUNT = "SELECT COUNT(*) AS found FROM `{dataset}.{table}` WHERE account_id IN UNNEST(@ids)"
DELETE = "DELETE FROM `{dataset}.{table}` WHERE account_id IN UNNEST(@ids)"
SCRIPT = """\
FOR found IN (
  SELECT table_name
  FROM `{dataset}`.INFORMATION_SCHEMA.COLUMNS
  JOIN `{dataset}`.INFORMATION_SCHEMA.TABLES USING (table_name)
  WHERE column_name = 'account_id' AND table_type = 'BASE TABLE'
)
DO
  EXECUTE IMMEDIATE FORMAT(
    "DELETE FROM `{dataset}.%s` WHERE account_id IN ({quoted})", found.table_name
  );
END FOR;
"""


def full_name(project: str, dataset: str) -> str:
    """Return the name of a dataset with its project.

    Raises:
        CredentialsError: The project or the dataset is missing, or is not a valid name.
    """
    if not (NAME.fullmatch(project or "") and NAME.fullmatch(dataset or "")):
        message = (
            "The BigQuery dataset is not known: give --project and --dataset, or set "
            "TARGET_BIGQUERY_PROJECT and TARGET_BIGQUERY_DATASET, or skip BigQuery with "
            "--no-bigquery"
        )
        raise CredentialsError(message)
    return f"{project}.{dataset}"


def deletion_script(dataset: str, account_ids: Collection[str]) -> str:
    """Return GoogleSQL that deletes the rows of accounts, for the console or `bq query`."""
    quoted = ", ".join(f"'{account_id}'" for account_id in account_ids)
    return SCRIPT.format(dataset=dataset, quoted=quoted)


class BigQueryDataset:
    """A BigQuery dataset, accessed with Google's client."""

    def __init__(self, project: str, dataset: str) -> None:
        self._dataset = full_name(project, dataset)
        try:
            from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - an extra
            from google.cloud import bigquery  # noqa: PLC0415 - an extra
        except ImportError:
            message = (
                "Google's BigQuery client is not installed: run pip install "
                "'tap-instagram-business[bigquery]', or write the statements with --sql and skip "
                "BigQuery with --no-bigquery"
            )
            raise CredentialsError(message) from None
        self._bigquery = bigquery
        is_emulator = os.environ.get("BIGQUERY_EMULATOR_HOST", "").startswith("http://")
        key_file = os.environ.get("TARGET_BIGQUERY_CREDENTIALS_PATH")
        try:
            if key_file and not is_emulator:
                self._client = bigquery.Client.from_service_account_json(key_file, project=project)
            else:
                credentials = AnonymousCredentials() if is_emulator else None
                self._client = bigquery.Client(project=project, credentials=credentials)
            self._client.get_dataset(self._dataset)
        except Exception as error:  # noqa: BLE001 - Google's client raises many kinds of errors
            raise _error(error, "opened") from None

    def count_rows(self, account_ids: Collection[str]) -> dict[str, int]:
        """Return the number of rows of the accounts in each table that has any.

        Raises:
            CredentialsError: BigQuery refuses the query.
        """
        tables = [row["table_name"] for row in self._query(TABLES, account_ids)]
        counts = {
            table: next(iter(self._query(COUNT, account_ids, table=table)))["found"]
            for table in tables
        }
        return {table: count for table, count in counts.items() if count}

    def delete_rows(self, table: str, account_ids: Collection[str]) -> None:
        """Delete the rows of the accounts from a table.

        Raises:
            CredentialsError: BigQuery refuses the statement.
        """
        self._query(DELETE, account_ids, table=table)

    def _query(self, sql: str, account_ids: Collection[str], **names: str) -> Any:  # noqa: ANN401
        ids = self._bigquery.ArrayQueryParameter("ids", "STRING", list(account_ids))
        config = self._bigquery.QueryJobConfig(query_parameters=[ids])
        try:
            statement = sql.format(dataset=self._dataset, **names)
            return self._client.query(statement, job_config=config).result()
        except Exception as error:  # noqa: BLE001 - Google's client raises many kinds of errors
            raise _error(error, "queried") from None


def _error(error: Exception, participle: str) -> CredentialsError:
    """Return the error that says what could not be done with BigQuery, such as `opened`."""
    lines = str(getattr(error, "message", "") or error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    return CredentialsError(
        f"BigQuery could not be {participle} ({reason}): nothing more was erased; check the names "
        "of the project and the dataset, and your permissions"
    )
