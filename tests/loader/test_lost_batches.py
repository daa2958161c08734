"""A batch that cannot be loaded ends the run, and no state is written past it."""

from __future__ import annotations

from dataclasses import replace
from typing import IO, TYPE_CHECKING

import pytest

from tests.loader.messages import feed, record, schema, state

if TYPE_CHECKING:
    from tests.loader.conftest import Loader

pytestmark = pytest.mark.e2e

NO_NUMBER = "not a number"
MARK_FAILED_LOADS = """
import sys
from target_bigquery_strict.jobs import Jobs
original = Jobs.load
def load(*arguments):
    try:
        original(*arguments)
    except Exception:
        print("A LOAD HAS FAILED", file=sys.stderr, flush=True)
        raise
Jobs.load = load
"""
FIRST_JOB_FAILS_AFTER_ITS_UPLOAD = """
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.bigquery import LoadJob
original, failures = LoadJob.result, [{"reason": "backendError"}]
def result(job, *arguments, **options):
    if failures:
        raise ServiceUnavailable("Retrying may solve the problem.", errors=[failures.pop()])
    return original(job, *arguments, **options)
LoadJob.result = result
"""


def wait_for_line(stream: IO[str], beginning: str) -> None:
    assert any(line.startswith(beginning) for line in stream)


def test_a_failed_last_batch_fails_the_run(loader: Loader) -> None:
    result = loader.run([schema(), record(1, 10), state(1), record(2, NO_NUMBER), state(2)])

    assert result.returncode == 1
    assert result.stdout == ""
    assert "A batch could not be loaded, no state is written" in result.stderr
    assert NO_NUMBER in result.stderr
    assert loader.rows("SELECT COUNT(*) AS `rows` FROM {}.media") == [{"rows": 0}]


def test_a_batch_that_google_fails_to_load_for_a_moment_is_uploaded_again(loader: Loader) -> None:
    messages = [schema(), record(1, 10), record(2, 20), state(1)]
    result = loader.run(messages, set_up=FIRST_JOB_FAILS_AFTER_ITS_UPLOAD)

    assert result.returncode == 0, result.stderr
    assert "BigQuery is busy, the job is repeated" in result.stderr
    assert loader.rows("SELECT likes FROM {}.media ORDER BY 1") == [{"likes": 10}, {"likes": 20}]
    assert len([job for job in loader.jobs() if "load" in job]) == 2


def test_a_batch_that_failed_before_the_end_fails_the_run(loader: Loader) -> None:
    small_batches = replace(loader, options={"batch_size": 2})
    with small_batches.started(set_up=MARK_FAILED_LOADS) as process:
        feed(process.stdin, [schema(), state(1), record(1, NO_NUMBER), record(2, 20)])
        assert process.stderr
        wait_for_line(process.stderr, "A LOAD HAS FAILED")
        feed(process.stdin, [record(3, 30), record(4, 40), state(2)])
        stdout, stderr = process.communicate()

    assert process.returncode == 1
    assert stdout == ""
    assert "A batch could not be loaded, no state is written" in stderr


def test_the_run_after_a_failed_one_heals_it(loader: Loader) -> None:
    assert loader.run([schema(), record(1, NO_NUMBER), state(1)]).returncode == 1

    result = loader.run([schema(), record(1, 10), state(1)])

    assert result.returncode == 0
    assert loader.rows("SELECT id, likes FROM {}.media") == [{"id": "00001", "likes": 10}]


def test_another_method_is_refused(loader: Loader) -> None:
    result = replace(loader, options={"method": "storage_write_api"}).run([schema()])

    assert result.returncode == 1
    assert "needs `method: batch_job` and `denormalized: true`" in result.stderr
