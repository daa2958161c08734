"""Looks whether BigQuery can be used before anything is loaded, and tells in a sentence why not."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from typing import TYPE_CHECKING, Any, NoReturn

import click
from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

RETRY_SECONDS = 30.0
"""How long a first request that fails is tried again; the client's own default is ten minutes."""
DISCARD_SECONDS = 60.0
"""How long the rest of the input is read and discarded after a failure under Meltano."""
REQUEST = re.compile("^([0-9]+ )?(GET|POST) [^ ]+: ")
LOG_IN = (
    "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to the "
    "path of a service account's key file"
)
ROLES = "grant them the roles BigQuery Data Editor and BigQuery Job User, or check the project"


class Unusable(click.ClickException):
    """BigQuery cannot be used; the message says why and what to do, in one sentence."""


def check_access(config: Mapping[str, Any]) -> None:
    """Ask BigQuery for the dataset, so that a wrong setting is told before anything is read.

    A dataset that is not there is no error: it will be made.

    Args:
        config: The settings of the target.

    Raises:
        Unusable: The credentials, the project or the dataset cannot be used.
    """
    client = _client(config)
    project, dataset = config["project"], config.get("dataset") or ""
    try:
        client.get_dataset(
            f"{project}.{dataset}", retry=DEFAULT_RETRY.with_deadline(RETRY_SECONDS), timeout=60
        )
    except NotFound as error:
        if "Not found: Project" in error.message:
            raise Unusable(_no_project(project)) from None
    except Forbidden as error:
        message = (
            f"Google does not let these credentials use the dataset {dataset} of project {project}"
            f" ({_line(error.message)}): {ROLES}."
        )
        raise Unusable(message) from None
    except (GoogleAPIError, GoogleAuthError, RequestException, ValueError) as error:
        raise Unusable(_told(error)) from None


def _no_project(project: str) -> str:
    return (
        f"There is no Google Cloud project {project}, or these credentials cannot see it: check"
        " TARGET_BIGQUERY_PROJECT, which must be the id of the project and not its name."
    )


def _told(error: Exception) -> str:
    unreachable = (TransportError, RequestException)
    if isinstance(error, unreachable) or isinstance(error.__cause__, unreachable):
        return "Google cannot be reached: check the network, and the proxy if there is one."
    if isinstance(error, GoogleAuthError):
        return f"Google does not accept the credentials ({_line(error)}): {LOG_IN}."
    return f"BigQuery refuses the dataset ({_line(error)}): check TARGET_BIGQUERY_DATASET."


def _client(config: Mapping[str, Any]) -> bigquery.Client:
    """Return a client with the credentials of the settings, else with those of the environment."""
    project = config["project"]
    path, text = config.get("credentials_path"), config.get("credentials_json")
    logging.getLogger("google.auth").setLevel(logging.ERROR)  # what it warns of is told below
    try:
        if path:
            return bigquery.Client.from_service_account_json(path, project=project)
        if text:
            return bigquery.Client.from_service_account_info(json.loads(text), project=project)
        return bigquery.Client(project=project)
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


def _line(message: object) -> str:
    """Return a message of Google on one line, without the address that was asked."""
    return REQUEST.sub("", " ".join(str(message).split()))[:300].rstrip(".")


def end(failure: click.ClickException, source: TextIO = sys.stdin) -> NoReturn:
    """Tell a failure in one sentence, and end with the exit code of a failure.

    Meltano shows two long tracebacks of its own if a loader ends while there is input for it. So
    under Meltano, the rest of the input is discarded first, and the sentence then comes again.

    Args:
        failure: What has failed.
        source: The input.
    """
    failure.show()
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
