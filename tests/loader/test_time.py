"""The loader has tables for all streams, and leaves nothing else behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.loader.messages import record, schema, state

if TYPE_CHECKING:
    from tests.loader.conftest import Loader

pytestmark = pytest.mark.e2e

# The original sleeps for seconds, and for each stream.
NOTE_SLEEPS = """
import sys, time
sleep = time.sleep
def note(seconds):
    print(f"slept {seconds} s", file=sys.stderr)
    sleep(seconds)
time.sleep = note
"""
STREAMS = [f"stream_{letter}" for letter in "abcdef"]


def test_streams_are_loaded_and_nothing_is_left_behind(loader: Loader) -> None:
    messages = [m for name in STREAMS for m in (schema(name), record(1, 10, name))]

    result = loader.run([*messages, state(1)], set_up=NOTE_SLEEPS)

    assert result.returncode == 0
    slept = [float(seconds) for seconds in re.findall(r"slept (\S+) s", result.stderr)]
    assert max(slept, default=0) < 1
    assert loader.tables() == STREAMS
    for name in STREAMS:
        assert f"{name}: 1 rows arrived" in result.stderr


def test_a_stream_without_rows_has_its_table_and_nothing_to_merge(loader: Loader) -> None:
    result = loader.run([schema(), state(1)])

    assert result.returncode == 0
    assert loader.tables() == ["media"]
