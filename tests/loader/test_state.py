"""State stands only for rows that are in their tables, whenever a run ends and however."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.loader.messages import feed, record, schema, state

if TYPE_CHECKING:
    from tests.loader.conftest import Loader

pytestmark = pytest.mark.e2e

KILL = """
import os, signal
from target_bigquery_strict import StrictSink
original = {moment}
def kill(*arguments):
    if {after}:
        original(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
{moment} = kill
"""
WRITE_STATE_AT_ONCE = "Target._MAX_RECORD_AGE_IN_MINUTES = 0"
COUNT = "SELECT COUNT(*) AS `rows`, COUNT(DISTINCT id) AS ids, SUM(likes) AS likes FROM {}.media"


def test_in_a_long_run_rows_are_merged_before_their_state(loader: Loader) -> None:
    with loader.started(set_up=WRITE_STATE_AT_ONCE) as process:
        feed(process.stdin, [schema(), record(1, 10), record(2, 20), state(1)])
        assert process.stdout
        assert json.loads(process.stdout.readline()) == state(1)["value"]
        assert loader.rows(COUNT) == [{"rows": 2, "ids": 2, "likes": 30}]

        feed(process.stdin, [record(2, 25), record(3, 30), state(2)])
        assert json.loads(process.stdout.readline()) == state(2)["value"]
        assert loader.rows(COUNT) == [{"rows": 3, "ids": 3, "likes": 65}]


def test_rows_after_the_last_state_of_a_tap_that_died_are_kept_too(loader: Loader) -> None:
    result = loader.run([schema(), record(1, 10), state(1), record(2, 20)])

    assert json.loads(result.stdout) == state(1)["value"]
    assert loader.rows(COUNT) == [{"rows": 2, "ids": 2, "likes": 30}]


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("StrictSink.process_batch", marks=pytest.mark.long),
        pytest.param("Target._await_loads", marks=pytest.mark.long),
        "StrictSink.clean_up",
    ],
)
@pytest.mark.parametrize("after", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_killed_run_and_a_second_one_end_in_the_same_table(
    loader: Loader, moment: str, *, after: bool
) -> None:
    messages = [schema(), *(record(key, key) for key in range(300)), state(1)]

    killed = loader.run(messages, set_up=KILL.format(moment=moment, after=after))
    result = loader.run(messages)

    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout == ""
    assert result.returncode == 0
    assert loader.rows(COUNT) == [{"rows": 300, "ids": 300, "likes": 44850}]


def test_the_latest_reading_of_a_key_wins(loader: Loader) -> None:
    later = {**record(1, 11), "time_extracted": "2026-01-01T00:00:01+00:00"}

    loader.run([schema(), record(1, 10), later, record(2, 20), state(1)])

    assert loader.rows(COUNT) == [{"rows": 2, "ids": 2, "likes": 31}]
