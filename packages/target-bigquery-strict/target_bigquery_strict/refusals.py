"""Tells in one sentence why Google refuses something, and what to do."""

from __future__ import annotations

import re

import click
from google.api_core.exceptions import Forbidden, GoogleAPIError, RetryError
from google.auth.exceptions import GoogleAuthError, TransportError
from requests.exceptions import RequestException

from target_bigquery_strict.jobs import is_temporary, reason_of

GOOGLE_ERRORS = (GoogleAPIError, GoogleAuthError, RequestException)
REQUEST = re.compile("^([0-9]+ )?((GET|POST|PUT|PATCH|DELETE) [^ ]+: )?")
DETAILS = re.compile(r"; reason: \w+, message: .*")
"""What Google's client appends to the message of a job: the same once more."""
LOG_IN = (
    "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to the "
    "path of a service account's key file"
)
ROLES = "grant them the roles BigQuery Data Editor and BigQuery Job User, or check the project"
BILLING = (
    "Google changes no rows in a project without billing ({}): link a billing account to the"
    " project at https://console.cloud.google.com/billing, and run this again."
)
LOCATION = (
    "BigQuery does not find a dataset in the location of this job ({}): all datasets of a run must"
    " be in one location, which TARGET_BIGQUERY_LOCATION names."
)
SENTENCES = {
    "billingNotEnabled": BILLING,
    "accessDenied": f"Google does not let these credentials do this ({{}}): {ROLES}.",
    "notFound": "Something is not in BigQuery any more ({}): run this again.",
    "quotaExceeded": (
        "A quota of the Google Cloud project is used up ({}): wait until it is renewed, or raise it"
        " at https://console.cloud.google.com/iam-admin/quotas."
    ),
    "invalid": (
        "BigQuery cannot read the rows ({}): compare the type of the column with what the tap"
        " sends."
    ),
}
"""One sentence for each reason of Google, with room for its message."""
BUSY = (
    "BigQuery was busy for minutes ({}): run this again later, and let fewer programs load into the"
    " dataset at once."
)
OTHER = (
    "BigQuery refuses a request ({}): https://cloud.google.com/bigquery/docs/error-messages lists"
    " the reasons and what to do."
)


class Unusable(click.ClickException):
    """BigQuery cannot be used; the message says why and what to do, in one sentence."""


def told(error: Exception) -> Unusable:
    """Return the sentence for an error of Google's client.

    Args:
        error: One of `GOOGLE_ERRORS`.
    """
    cause = error.cause if isinstance(error, RetryError) and error.cause else error
    unreachable = (TransportError, RequestException, ConnectionError)
    if isinstance(cause, unreachable) or isinstance(cause.__cause__, unreachable):
        return Unusable(
            "Google cannot be reached: check the network, and the proxy if there is one."
        )
    if isinstance(cause, GoogleAuthError):
        return Unusable(f"Google does not accept the credentials ({line(cause)}): {LOG_IN}.")
    return Unusable(_sentence(cause).format(line(cause)))


def _sentence(error: BaseException) -> str:
    reason = reason_of(error)
    if is_temporary(error):
        return BUSY
    if reason == "notFound" and "in location" in str(error):
        return LOCATION
    if not reason and isinstance(error, Forbidden):
        return SENTENCES["accessDenied"]
    return SENTENCES.get(reason, OTHER)


def line(message: object) -> str:
    """Return a message of Google on one line, without the address of the request."""
    text = " ".join(str(message).partition("\n\nLocation:")[0].split())
    return DETAILS.sub("", REQUEST.sub("", text))[:400].rstrip(".")
