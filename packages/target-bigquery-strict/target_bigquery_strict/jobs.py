"""Load jobs and query jobs with labels, which are repeated if Google refuses them for a moment.

Google lets a table have five updates in ten seconds (load jobs and ALTER statements among them),
and two DML statements at once. It expects a client that meets these limits to try again, after
pauses that grow and are chosen at random: https://cloud.google.com/bigquery/docs/error-messages
"""

from __future__ import annotations

import logging
import os
import re
import uuid
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from google.api_core.retry import Retry
from google.cloud.bigquery import LoadJobConfig, QueryJobConfig

if TYPE_CHECKING:
    from google.cloud.bigquery import Client
    from google.cloud.bigquery.table import RowIterator, _EmptyRowIterator

logger = logging.getLogger("target_bigquery_strict")

RETRY_SECONDS = 8 * 60.0
"""How long a job is repeated."""
TEMPORARY_REASONS = frozenset(
    {
        "backendError",
        "internalError",
        "jobBackendError",
        "jobInternalError",
        "jobRateLimitExceeded",
        "rateLimitExceeded",
    }
)
TEMPORARY_MESSAGES = ("due to concurrent update", "Too many DML statements outstanding")
"""Parts of messages whose reasons have other meanings too."""
NOT_IN_LABELS = re.compile("[^a-z0-9_-]")
MAX_LABEL = 63


def reason_of(error: BaseException) -> str:
    """Return Google's name of an error, such as `rateLimitExceeded`; '' if it has none."""
    errors = getattr(error, "errors", None)
    return str(errors[0].get("reason", "")) if errors and isinstance(errors[0], dict) else ""


def is_temporary(error: BaseException) -> bool:
    """Return whether the same job may succeed a little later."""
    if reason_of(error) in TEMPORARY_REASONS:
        return True
    return any(part in str(error) for part in TEMPORARY_MESSAGES)


def _log(error: BaseException) -> None:
    logger.info("BigQuery is busy, the job is repeated: %s", str(error).partition("\n")[0])


PATIENTLY = Retry(
    predicate=is_temporary,
    initial=1.0,
    maximum=60.0,
    multiplier=2.0,
    timeout=RETRY_SECONDS,
    on_error=_log,
)


def label(text: str) -> str:
    """Return a text with the characters and the length that Google lets a label have."""
    return NOT_IN_LABELS.sub("_", text.lower())[:MAX_LABEL]


@dataclass(frozen=True)
class Jobs:
    """Runs jobs and waits for them. Each has the labels `table` and `run`.

    Attributes:
        client: Google's client.
        upload_seconds: How long one request of an upload may take.
        run: The id of the run; Meltano's if there is one.
    """

    client: Client
    upload_seconds: float = 600.0
    run: str = field(default_factory=lambda: os.environ.get("MELTANO_RUN_ID") or str(uuid.uuid4()))

    def _labels(self, table: str) -> dict[str, str]:
        return {"table": label(table), "run": label(self.run)}

    def query(self, sql: str, table: str) -> RowIterator | _EmptyRowIterator:
        """Run a statement and return its rows.

        Args:
            sql: A statement that may be repeated.
            table: The name of the table that it changes, for a label.

        Raises:
            GoogleAPIError: Google refuses it, or has refused it for `RETRY_SECONDS`.
        """
        config = QueryJobConfig(labels=self._labels(table))

        def submit() -> RowIterator | _EmptyRowIterator:
            job = self.client.query(sql, job_config=config, job_retry=None)
            return job.result(job_retry=None)

        return PATIENTLY(submit)()

    def load(self, rows: IO[bytes], destination: str, table: str) -> None:
        """Append rows to a table.

        Args:
            rows: JSON lines, compressed with gzip.
            destination: The full name of the table, which exists.
            table: The name of the stream's table, for a label.

        Raises:
            GoogleAPIError: Google refuses them, or has refused them for `RETRY_SECONDS`.
        """
        options: dict[str, Any] = {
            "source_format": "NEWLINE_DELIMITED_JSON",
            "write_disposition": "WRITE_APPEND",
            "create_disposition": "CREATE_NEVER",
            "ignore_unknown_values": True,
            "labels": self._labels(table),
        }

        def submit() -> None:
            job = self.client.load_table_from_file(
                rows,
                destination,
                rewind=True,
                job_config=LoadJobConfig(**options),
                timeout=self.upload_seconds,
            )
            job.result()

        PATIENTLY(submit)()
