"""An account's rows in BigQuery: in every table of a dataset that has a column `account_id`."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from tap_instagram_business.credentials.failure import CredentialsError

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


def dataset_name(project: str, dataset: str) -> str:
    """Return the full name of a dataset.

    Raises:
        CredentialsError: a part is missing, or is no name.
    """
    if not (NAME.fullmatch(project or "") and NAME.fullmatch(dataset or "")):
        message = (
            "Which BigQuery dataset? Give --project and --dataset, or set TARGET_BIGQUERY_PROJECT "
            "and TARGET_BIGQUERY_DATASET, or leave BigQuery out with --no-bigquery"
        )
        raise CredentialsError(message)
    return f"{project}.{dataset}"


def script(dataset: str, account_ids: Collection[str]) -> str:
    """Return GoogleSQL that deletes accounts, for BigQuery's console or `bq query`."""
    quoted = ", ".join(f"'{account_id}'" for account_id in account_ids)
    return SCRIPT.format(dataset=dataset, quoted=quoted)


class Warehouse:
    """A BigQuery dataset, through Google's client."""

    def __init__(self, project: str, dataset: str) -> None:
        self._dataset = dataset_name(project, dataset)
        try:
            from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - an extra
            from google.cloud import bigquery  # noqa: PLC0415 - an extra
        except ImportError:
            message = (
                "Google's BigQuery client is not installed: pip install "
                "'tap-instagram-business[bigquery]', or write the statements with --sql and leave "
                "BigQuery out with --no-bigquery"
            )
            raise CredentialsError(message) from None
        self._bigquery = bigquery
        local = os.environ.get("BIGQUERY_EMULATOR_HOST", "").startswith("http://")
        key_file = os.environ.get("TARGET_BIGQUERY_CREDENTIALS_PATH")
        try:
            if key_file and not local:
                self._client = bigquery.Client.from_service_account_json(key_file, project=project)
            else:
                credentials = AnonymousCredentials() if local else None
                self._client = bigquery.Client(project=project, credentials=credentials)
            self._client.get_dataset(self._dataset)
        except Exception as error:  # noqa: BLE001 - whatever Google's client meets
            raise _failure(error, "opened") from None

    def rows(self, account_ids: Collection[str]) -> dict[str, int]:
        """Count the rows of accounts in each table that has some.

        Raises:
            CredentialsError: BigQuery refuses.
        """
        tables = [row["table_name"] for row in self._ask(TABLES, account_ids)]
        counts = {
            table: next(iter(self._ask(COUNT, account_ids, table=table)))["found"]
            for table in tables
        }
        return {table: found for table, found in counts.items() if found}

    def delete(self, table: str, account_ids: Collection[str]) -> None:
        """Delete the rows of accounts from a table.

        Raises:
            CredentialsError: BigQuery refuses.
        """
        self._ask(DELETE, account_ids, table=table)

    def _ask(self, sql: str, account_ids: Collection[str], **names: str) -> Any:  # noqa: ANN401
        ids = self._bigquery.ArrayQueryParameter("ids", "STRING", list(account_ids))
        config = self._bigquery.QueryJobConfig(query_parameters=[ids])
        try:
            asked = sql.format(dataset=self._dataset, **names)
            return self._client.query(asked, job_config=config).result()
        except Exception as error:  # noqa: BLE001 - whatever Google's client meets
            raise _failure(error, "asked") from None


def _failure(error: Exception, done: str) -> CredentialsError:
    said = str(getattr(error, "message", "") or error).strip().splitlines()
    why = said[0] if said else type(error).__name__
    return CredentialsError(f"BigQuery could not be {done} ({why}): nothing more was erased")
