"""What Google limits or refuses costs a pause, or ends the run with one sentence."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.loader.messages import Message, record, schema, state

if TYPE_CHECKING:
    from tests.loader.conftest import Loader

pytestmark = pytest.mark.e2e

QUIET = {"TARGET_BIGQUERY_LOGLEVEL": "WARNING"}
DATE: Message = {"type": ["string", "null"], "format": "date"}
SENTENCES = """
import json, sys
from google.api_core.exceptions import RetryError, from_http_status
from target_bigquery_strict.refusals import told
for code, reason, message in json.load(sys.stdin):
    errors = [{"reason": reason, "message": message}]
    error = from_http_status(code, f"POST https://x/y: {message}\\n\\nLocation: US", errors=errors)
    print(json.dumps([told(error).message, told(RetryError("too late", error)).message]))
"""
REFUSALS = [
    (403, "billingNotEnabled", "Billing has not", "Google changes no rows in a project without"),
    (403, "accessDenied", "Access Denied: Table", "Google does not let these credentials do this"),
    (404, "notFound", "Dataset d was not found in location EU", "BigQuery does not find a dataset"),
    (404, "notFound", "Not found: Table t", "Something is not in BigQuery any more"),
    (403, "quotaExceeded", "Quota exceeded", "A quota of the Google Cloud project is used up"),
    (429, "rateLimitExceeded", "Exceeded rate limits", "BigQuery was busy for minutes"),
    (500, "jobRateLimitExceeded", "Exceeded rate limits", "BigQuery was busy for minutes"),
    (503, "backendError", "Error encountered", "BigQuery was busy for minutes"),
    (400, "invalidQuery", "t due to concurrent update", "BigQuery was busy for minutes"),
    (400, "resourcesExceeded", "Too many DML statements outstanding", "BigQuery was busy"),
    (400, "resourcesExceeded", "Out of memory", "BigQuery refuses a request"),
    (400, "invalidQuery", "Syntax error", "BigQuery refuses a request"),
    (400, "invalid", "Could not convert", "BigQuery cannot read the rows"),
    (403, "", "Access Denied", "Google does not let these credentials do this"),
]


def test_each_refusal_is_one_sentence_with_a_remedy(loader: Loader) -> None:
    run = subprocess.run(
        [str(loader.python), "-c", SENTENCES],
        input=json.dumps([refusal[:3] for refusal in REFUSALS]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = [json.loads(line) for line in run.stdout.splitlines()]
    for (_, _, message, beginning), (sentence, after_retries) in zip(REFUSALS, found, strict=True):
        assert sentence == after_retries
        assert sentence.startswith(beginning)
        assert f"({message}): " in sentence
        assert "\n" not in sentence
        assert sentence.endswith(".")


def datasets_url(loader: Loader) -> str:
    return f"{loader.sandbox.bigquery_url}/bigquery/v2/projects/sandbox/datasets"


def datasets(loader: Loader) -> list[str]:
    found = requests.get(datasets_url(loader), timeout=30).json()["datasets"]
    return [dataset["datasetReference"]["datasetId"] for dataset in found]


def test_without_billing_the_run_ends_before_a_row_is_loaded(loader: Loader) -> None:
    loader.sandbox.limit(billing=False)
    messages = [schema(), *(record(key, key) for key in range(50)), state(1)]
    fails = replace(loader, environment=QUIET)

    new = fails.run(messages)
    left = datasets(loader)
    loader.sandbox.limit()
    reference = {"datasetReference": {"projectId": "sandbox", "datasetId": loader.dataset}}
    requests.post(datasets_url(loader), json=reference, timeout=30).raise_for_status()
    loader.sandbox.limit(billing=False)
    existing = fails.run(messages)

    for result in (new, existing):
        assert result.returncode == 1
        assert result.stdout == ""
        (sentence,) = result.stderr.splitlines()
        assert sentence.startswith("Error: Google changes no rows in a project without billing (")
        assert sentence.endswith("at https://console.cloud.google.com/billing, and run this again.")
    assert loader.dataset not in left  # It would have an expiration that stays.
    assert loader.dataset in datasets(loader)  # Whoever made it may have given it access rights.
    assert loader.tables() == []
    assert not [job for job in loader.jobs() if "load" in job]


def test_an_expiration_is_reported_in_one_warning(loader: Loader) -> None:
    loader.sandbox.limit(billing=False)
    url = f"{loader.sandbox.bigquery_url}/bigquery/v2/projects/sandbox/datasets"
    body = {"datasetReference": {"datasetId": loader.dataset}, "location": "US"}
    requests.post(url, json=body, timeout=30).raise_for_status()
    loader.sandbox.limit()

    result = replace(loader, environment=QUIET).run([schema(), schema("stories"), state(1)])

    assert result.returncode == 0
    (warning,) = [line for line in result.stderr.splitlines() if "WARNING" in line]
    expected = (
        "BigQuery will delete rows, because there is an expiration for new tables of the dataset "
        f"{loader.dataset}, the table media, the table stories: "
    )
    assert expected in warning
    assert "expirationTime" in loader.table("media")


def test_a_new_dataset_and_its_tables_do_not_expire(loader: Loader) -> None:
    result = loader.run([schema(date=DATE), record(1, 1), state(1)])
    assert result.returncode == 0
    assert "WARNING" not in result.stderr
    assert "expirationTime" not in loader.table("media")


def test_a_dataset_in_another_location_and_a_column_of_another_type_are_told(
    loader: Loader,
) -> None:
    loader.run([schema(), record(1, 1), state(1)])
    quiet = replace(loader, environment=QUIET)
    elsewhere = replace(quiet, options={"location": "EU"}).run([schema(), record(1, 2), state(1)])
    number = schema(likes={"type": ["string", "null"]})
    other_type = quiet.run([number, record(1, "many"), state(1)])
    loader.sandbox.limit(missing_permissions=["bigquery.tables.create"])
    not_allowed = quiet.run([schema(), record(1, 3), state(1)])

    assert elsewhere.stderr == (
        f"Error: The dataset {loader.dataset} is in the location US, and the settings say EU: set"
        " TARGET_BIGQUERY_LOCATION to US, or name another dataset.\n"
    )
    assert other_type.stderr == (
        f"Error: The column likes of the table sandbox.{loader.dataset}.media has the type INTEGER,"
        " and the tap sends STRING: load into another dataset, or rename the column in BigQuery.\n"
    )
    assert not_allowed.stderr.startswith(
        "Error: Google does not let these credentials do this (Access Denied: Table"
    )
    for result in (elsewhere, other_type, not_allowed):
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert loader.tables() == ["media"]
    assert loader.rows("SELECT likes FROM {}.media") == [{"likes": 1}]


def table_rows(loader: Loader) -> list[dict[str, Any]]:
    return loader.rows("SELECT id, likes, date FROM {}.media ORDER BY id, date")


@pytest.mark.long
@pytest.mark.parametrize("upsert", [True, False])
def test_eight_loaders_load_into_one_dataset_within_five_updates_in_ten_seconds(
    loader: Loader, *, upsert: bool
) -> None:
    options = {"upsert": upsert, "batch_size": 3}
    many = replace(loader, dataset=f"eight_{upsert}".lower(), options=options)
    single = replace(loader, dataset=f"{many.dataset}_single", options=options)
    columns = schema(date=DATE)
    rows = [[record(10 * part + key, key, date=None) for key in range(10)] for part in range(8)]

    loader.sandbox.limit(table_updates=5)
    results = many.run_at_once([columns, *part, state(1)] for part in rows)
    refused = loader.sandbox.limits()["refused"]
    loader.sandbox.limit()
    single.run([columns, *(row for part in rows for row in part), state(1)])

    assert [result.returncode for result in results] == [0] * 8
    assert upsert or refused["rateLimitExceeded"] > 0
    assert table_rows(many) == table_rows(single)
    assert many.tables() == ["media"]


@pytest.mark.long
def test_four_loaders_merge_the_same_month_through_conflicts(loader: Loader) -> None:
    columns = {**schema(date=DATE), "key_properties": ["id", "date"]}
    single = replace(loader, dataset=f"{loader.dataset}_single")
    days = [f"2026-11-{day:02d}" for day in range(1, 21)]
    rows = [[record(key, key, date=day) for day in days] for key in range(4)]

    loader.sandbox.limit(conflicts=0.5, seed=3)
    results = loader.run_at_once([columns, *part, state(1)] for part in rows)
    refused = loader.sandbox.limits()["refused"]
    loader.sandbox.limit()
    single.run([columns, *(row for part in rows for row in part), state(1)])

    assert [result.returncode for result in results] == [0] * 4
    assert sum(refused.values()) > 0
    assert table_rows(loader) == table_rows(single)
    assert len(table_rows(loader)) == 80
