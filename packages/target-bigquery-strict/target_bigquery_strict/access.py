"""Looks whether BigQuery can be used before anything is loaded, and tells in a sentence why not."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NoReturn

from google.api_core.exceptions import BadRequest, Forbidden, GoogleAPIError, NotFound
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.cloud.bigquery import Client, Dataset, SchemaField, Table
from google.cloud.bigquery.retry import DEFAULT_RETRY

from target_bigquery_strict.jobs import Jobs
from target_bigquery_strict.refusals import (
    GOOGLE_ERRORS,
    LOG_IN,
    ROLES,
    Unusable,
    line,
    told,
)
from target_bigquery_strict.tables import staging_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    import click

RETRY_SECONDS = 30.0
"""How long a first request that fails is tried again; the client's own default is ten minutes."""
DISCARD_SECONDS = 60.0
"""How long the rest of the input is read and discarded after a failure under Meltano."""
CHECK_TABLE = "dml_check"
CHECK_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class Opened:
    """A dataset that can be used.

    Attributes:
        jobs: What runs jobs.
        dataset: The dataset.
        is_new: Whether it was just created.
    """

    jobs: Jobs
    dataset: Dataset
    is_new: bool


def open_dataset(config: Mapping[str, Any]) -> Opened:
    """Open the dataset, or create it without expiration if it is not there.

    Args:
        config: The settings of the target.

    Raises:
        Unusable: The credentials, the project or the dataset cannot be used, or the dataset is in
            another location than the settings say.
    """
    client = _client(config)
    jobs = Jobs(client, float(config.get("timeout") or 600))
    project, name = config["project"], config.get("dataset") or ""
    location = config.get("location") or "US"
    try:
        found = _find(client, f"{project}.{name}")
        dataset = found or _create(client, f"{project}.{name}", location)
    except NotFound:
        raise Unusable(_no_project(project)) from None
    except Forbidden as error:
        message = (
            f"Google does not let these credentials use the dataset {name} of project {project}"
            f" ({line(error.message)}): {ROLES}."
        )
        raise Unusable(message) from None
    except (BadRequest, ValueError) as error:
        message = f"BigQuery refuses the dataset ({line(error)}): check TARGET_BIGQUERY_DATASET."
        raise Unusable(message) from None
    except GOOGLE_ERRORS as error:
        raise told(error) from None
    _check_location(dataset, location)
    return Opened(jobs, dataset, is_new=found is None)


def _find(client: Client, name: str) -> Dataset | None:
    try:
        return client.get_dataset(
            name, retry=DEFAULT_RETRY.with_deadline(RETRY_SECONDS), timeout=60
        )
    except NotFound as error:
        if "Not found: Project" in error.message:
            raise
        return None


def _create(client: Client, name: str, location: str) -> Dataset:
    dataset = Dataset(name)
    dataset.location = location
    return client.create_dataset(dataset, exists_ok=True)


def _check_location(dataset: Dataset, location: str) -> None:
    if str(dataset.location).upper() != location.upper():
        message = (
            f"The dataset {dataset.dataset_id} is in the location {dataset.location}, and the"
            f" settings say {location}: set TARGET_BIGQUERY_LOCATION to {dataset.location}, or name"
            " another dataset."
        )
        raise Unusable(message)


@contextmanager
def dml_check(opened: Opened) -> Iterator[None]:
    """Run a DELETE on an empty table of the dataset, which is deleted at the end.

    Without billing, Google loads rows and refuses DML, so that they could never be merged. A new
    dataset is then deleted again: it has an expiration, which stays when billing is enabled later.

    Args:
        opened: The dataset.

    Raises:
        GoogleAPIError: Google refuses the table or the DELETE.
    """
    jobs, dataset = opened.jobs, opened.dataset
    name = f"{dataset.project}.{dataset.dataset_id}.{staging_name(CHECK_TABLE)}"
    table = Table(name, schema=[SchemaField("id", "STRING", description="Always empty.")])
    table.description = "An empty table that shows whether rows can be changed."
    table.expires = datetime.now(timezone.utc) + CHECK_LIFETIME
    try:
        jobs.client.create_table(table)
        try:
            jobs.query(f"DELETE FROM `{name}` WHERE TRUE", CHECK_TABLE)  # noqa: S608
            yield
        finally:
            jobs.client.delete_table(name, not_found_ok=True)
    except GoogleAPIError:
        if opened.is_new:
            with suppress(GoogleAPIError):  # It has tables meanwhile.
                jobs.client.delete_dataset(dataset)
        raise


def _no_project(project: str) -> str:
    return (
        f"There is no Google Cloud project {project}, or these credentials cannot see it: check"
        " TARGET_BIGQUERY_PROJECT, which must be the id of the project and not its name."
    )


def _client(config: Mapping[str, Any]) -> Client:
    """Return a client with the credentials of the settings, else with those of the environment."""
    project = config["project"]
    path, text = config.get("credentials_path"), config.get("credentials_json")
    logging.getLogger("google.auth").setLevel(logging.ERROR)  # what it warns of is told below
    try:
        if path:
            return Client.from_service_account_json(path, project=project)
        if text:
            return Client.from_service_account_info(json.loads(text), project=project)
        return Client(project=project)
    except DefaultCredentialsError:
        raise Unusable(_no_credentials()) from None
    except OSError as error:
        message = (
            f"The key file {path} cannot be read ({error.strerror}): check"
            " TARGET_BIGQUERY_CREDENTIALS_PATH."
        )
        raise Unusable(message) from None
    except (ValueError, KeyError, AttributeError, GoogleAuthError):
        source = f"The file {path}" if path else "The setting `credentials_json`"
        message = (
            f"{source} holds no key of a service account: make a new key at Google, as JSON, or"
            " leave the setting out and log in with gcloud."
        )
        raise Unusable(message) from None


def _no_credentials() -> str:
    path = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if path:
        return (
            f"The file {path}, which GOOGLE_APPLICATION_CREDENTIALS names, is not there or holds no"
            f" credentials of Google: {LOG_IN}."
        )
    return f"There are no credentials of Google: {LOG_IN}."


def end(failure: click.ClickException, source: TextIO = sys.stdin) -> NoReturn:
    """Tell a failure in one sentence, and end with the exit code of a failure.

    Meltano shows two long tracebacks of its own if a loader ends while there is input for it. So
    under Meltano, the rest of the input is discarded first.

    Args:
        failure: What has failed.
        source: The input.
    """
    if "MELTANO_RUN_ID" in os.environ or "MELTANO_PROJECT_ROOT" in os.environ:
        reader = threading.Thread(target=_discard, args=(source,), daemon=True)
        reader.start()
        reader.join(DISCARD_SECONDS)
    failure.show()
    sys.stderr.flush()
    # The reader may still wait for input.
    os._exit(failure.exit_code)


def _discard(source: TextIO) -> None:
    for _line_of_input in source:
        pass
