"""The rows of accounts in BigQuery, in each table of a dataset that has a column `account_id`."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_instagram_business.tokens.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

KEY_FILE = "TARGET_BIGQUERY_CREDENTIALS_PATH"
"""The environment variable that names a key file of a service account, as for the loader."""
NAME = re.compile(r"[A-Za-z0-9_:.-]+")
STAGING = re.compile(r".+__[0-9]{14}__[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Names of the tables into which the loader puts rows before they are merged into their table."""
WAITING = "ready"
"""Label of a staging table that waits for the loader's `merge-staging`, after its run has ended."""
COLUMNS = """
SELECT table_name, table_type, column_name, data_type
FROM `{dataset}`.INFORMATION_SCHEMA.COLUMNS
JOIN `{dataset}`.INFORMATION_SCHEMA.TABLES USING (table_name)
WHERE LOWER(column_name) = 'account_id'
ORDER BY table_name
"""
NAMES = "SELECT table_name FROM `{dataset}`.INFORMATION_SCHEMA.TABLES ORDER BY table_name"
COMPARABLE = frozenset({"STRING", "INT64", "NUMERIC", "BIGNUMERIC"})
"""The types in which an id can be found; a FLOAT64 has too few digits for one."""
CHANGEABLE = frozenset({"BASE TABLE", "CLONE"})
DERIVED = frozenset({"VIEW", "MATERIALIZED VIEW"})
"""Kinds of tables that have no rows of their own."""
WHERE = "FROM `{dataset}.{table}` WHERE CAST(`{column}` AS STRING) IN UNNEST(@ids)"
COUNT = f"SELECT '{{table}}' AS name, COUNT(*) AS found {WHERE}"
DELETE = f"DELETE {WHERE}"
SCRIPT = """\
FOR found IN (
  SELECT table_name, column_name
  FROM `{dataset}`.INFORMATION_SCHEMA.COLUMNS
  JOIN `{dataset}`.INFORMATION_SCHEMA.TABLES USING (table_name)
  WHERE LOWER(column_name) = 'account_id' AND table_type IN ('BASE TABLE', 'CLONE')
)
DO
  EXECUTE IMMEDIATE FORMAT(
    "DELETE FROM `{dataset}.%s` WHERE CAST(`%s` AS STRING) IN ({quoted})",
    found.table_name, found.column_name
  );
END FOR;
"""


@dataclass(frozen=True)
class Table:
    """A table with a column for the account id.

    Attributes:
        name: The name of the table.
        kind: Its type in INFORMATION_SCHEMA.TABLES, such as `BASE TABLE`.
        column: The name of the column, in its own case.
        data_type: The type of the column in GoogleSQL.
    """

    name: str
    kind: str
    column: str
    data_type: str

    @property
    def is_countable(self) -> bool:
        """Whether rows of an account can be found in it."""
        return self.data_type.partition("(")[0] in COMPARABLE

    @property
    def is_changeable(self) -> bool:
        """Whether its rows can be deleted."""
        return self.kind in CHANGEABLE and self.is_countable


def full_name(project: str, dataset: str) -> str:
    """Return the name of a dataset with its project.

    Raises:
        CredentialsError: The project or the dataset is missing, or is not a valid name.
    """
    if not (NAME.fullmatch(project or "") and NAME.fullmatch(dataset or "")):
        raise CredentialsError(
            "The BigQuery dataset is not known: give --project and --dataset, or set "
            "TARGET_BIGQUERY_PROJECT and TARGET_BIGQUERY_DATASET, or skip BigQuery with "
            "--no-bigquery"
        )
    return f"{project}.{dataset}"


def deletion_script(dataset: str, account_ids: Collection[str]) -> str:
    """Return GoogleSQL that deletes the rows of accounts, for the console or `bq query`."""
    quoted = ", ".join(f"'{account_id}'" for account_id in account_ids)
    return SCRIPT.format(dataset=dataset, quoted=quoted)


def open_client(project: str) -> tuple[Any, Any]:
    """Return Google's module `bigquery` and a client of it, with the loader's credentials.

    Raises:
        CredentialsError: The module is not installed, or the credentials cannot be read.
    """
    try:
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - an extra
        from google.cloud import bigquery  # noqa: PLC0415 - an extra
    except ImportError:
        raise CredentialsError(
            "Google's BigQuery client is not installed: run pip install "
            "'tap-instagram-business[bigquery]', or write the statements with --sql and skip "
            "BigQuery with --no-bigquery"
        ) from None
    is_emulator = os.environ.get("BIGQUERY_EMULATOR_HOST", "").startswith("http://")
    key_file = "" if is_emulator else os.environ.get(KEY_FILE, "")
    with _readable_errors(
        f"opened with key file {key_file} ({KEY_FILE})" if key_file else "opened"
    ):
        if key_file:
            return bigquery, bigquery.Client.from_service_account_json(key_file, project=project)
        credentials = AnonymousCredentials() if is_emulator else None
        return bigquery, bigquery.Client(project=project, credentials=credentials)


class BigQueryDataset:
    """A BigQuery dataset, accessed with Google's client."""

    def __init__(self, project: str, dataset: str) -> None:
        self._dataset = full_name(project, dataset)
        self._bigquery, self._client = open_client(project)
        with _readable_errors("opened"):
            self._client.get_dataset(self._dataset)

    def count_rows(self, account_ids: Collection[str]) -> dict[str, int]:
        """Return the number of rows of the accounts in each table that has any.

        Staging tables count if they wait to be merged. Those of a run under way are left out.

        Raises:
            CredentialsError: BigQuery refuses the query.
        """
        of_runs = set(self.staging_tables())
        tables = [table for table in self._tables() if table.is_changeable]
        return self._counts([table for table in tables if table.name not in of_runs], account_ids)

    def undeletable(self, account_ids: Collection[str]) -> list[str]:
        """Return what holds or may hold rows of the accounts that cannot be deleted one by one.

        Raises:
            CredentialsError: BigQuery refuses the query.
        """
        fixed = [t for t in self._tables() if t.kind not in DERIVED and not t.is_changeable]
        counts = self._counts([table for table in fixed if table.is_countable], account_ids)
        found = []
        for table in fixed:
            what = f"{table.kind.lower()} {table.name}"
            if table.name in counts:
                found.append(f"{counts[table.name]} rows of {what}")
            elif not table.is_countable:
                found.append(f"{what}, whose column {table.column} has type {table.data_type}")
        return found

    def staging_tables(self) -> list[str]:
        """Return the names of the staging tables of runs under way.

        Raises:
            CredentialsError: BigQuery refuses the query.
        """
        found = (row["table_name"] for row in self._query(NAMES, ()))
        staging = [name for name in found if STAGING.fullmatch(name)]
        with _readable_errors("queried"):
            tables = [self._client.get_table(f"{self._dataset}.{name}") for name in staging]
        return [table.table_id for table in tables if WAITING not in table.labels]

    def drop_staging_tables(self) -> None:
        """Delete the staging tables that a run left behind.

        Raises:
            CredentialsError: BigQuery refuses the statement.
        """
        for name in self.staging_tables():
            self._query("DROP TABLE IF EXISTS `{dataset}.{table}`", (), table=name)

    def delete_rows(self, names: Collection[str], account_ids: Collection[str]) -> None:
        """Delete the rows of the accounts from tables.

        Raises:
            CredentialsError: BigQuery refuses a statement.
        """
        for table in self._tables() if names else ():
            if table.name in names and table.is_changeable:
                self._query(DELETE, account_ids, table=table.name, column=table.column)

    def _tables(self) -> list[Table]:
        """Return all tables with a column for the account id, in whatever case."""
        return [Table(*row.values()) for row in self._query(COLUMNS, ())]

    def _counts(self, tables: Iterable[Table], account_ids: Collection[str]) -> dict[str, int]:
        counts = " UNION ALL ".join(
            COUNT.format(dataset=self._dataset, table=table.name, column=table.column)
            for table in tables
        )
        found = self._query("{counts}", account_ids, counts=counts) if counts else ()
        return {str(row["name"]): int(row["found"]) for row in found if row["found"]}

    def _query(self, sql: str, account_ids: Collection[str], **names: str) -> Any:  # noqa: ANN401
        ids = self._bigquery.ArrayQueryParameter("ids", "STRING", list(account_ids))
        config = self._bigquery.QueryJobConfig(query_parameters=[ids])
        statement = sql.format(dataset=self._dataset, **names)
        with _readable_errors("queried"):
            return self._client.query(statement, job_config=config).result()


@contextmanager
def _readable_errors(participle: str) -> Iterator[None]:
    """Turn any error of Google's client into one that says what could not be done."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - Google's client raises many kinds of errors
        lines = str(getattr(error, "message", "") or error).strip().splitlines()
        raise CredentialsError(
            f"BigQuery could not be {participle} ({lines[0] if lines else type(error).__name__}): "
            "nothing more was erased; check the names of the project and the dataset, and your "
            "permissions"
        ) from None
