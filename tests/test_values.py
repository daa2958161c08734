"""How single values are read: a column gets a value of its own type, or none."""

from __future__ import annotations

import datetime as dt

import pytest

from tap_instagram_business.values import (
    read_boolean,
    read_digits,
    read_id,
    read_number,
    read_text,
    read_time,
    read_whole_number,
)

UTC = dt.timezone.utc


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-10-01T12:34:56+0000", dt.datetime(2026, 10, 1, 12, 34, 56, tzinfo=UTC)),
        ("2026-10-01T00:00:00-0700", dt.datetime(2026, 10, 1, 7, tzinfo=UTC)),
        ("2026-10-01T00:00:00-07:00", dt.datetime(2026, 10, 1, 7, tzinfo=UTC)),
        ("2026-10-01T12:34:56.789+0000", dt.datetime(2026, 10, 1, 12, 34, 56, tzinfo=UTC)),
        ("2026-10-01T12:34:56Z", dt.datetime(2026, 10, 1, 12, 34, 56, tzinfo=UTC)),
        (1790858096, dt.datetime(2026, 10, 1, 12, 34, 56, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_with_its_offset(written: object, moment: dt.datetime) -> None:
    assert read_time(written) == moment


@pytest.mark.parametrize(
    "written",
    ["", "2026-10-01", "2026-10-01T12:34:56", "1790858096", 7, True, None, "2026-13-01T00:00:00Z"],
)
def test_what_is_no_moment_is_not_read(written: object) -> None:
    assert read_time(written) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *((0, 0), (7, 7), (-3, -3), (7.25, 7.25), (7.0, 7), ("7", 7), ("7.25", 7.25)),
        *((None, None), (True, None), ("", None), ("1,234", None), ("seven", None)),
        *(([7], None), ({"value": 7}, None), (float("nan"), None), (2**64, None)),
        *((2**63 - 1, 2**63 - 1), (2**63, None), (1 - 2**63, 1 - 2**63), (1e18, 10**18)),
    ],
)
def test_a_number_is_read_however_it_is_written(value: object, number: float | None) -> None:
    assert read_number(value) == number
    assert type(read_number(value)) is type(number)
    assert read_whole_number(value) == (number if isinstance(number, int) else None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a caption", "a caption"),
        ("😀", "😀"),
        ("half \ud83d of a pair", "half \ufffd of a pair"),
        ("nothing\0here", "nothing\ufffdhere"),
        (7, None),
        (["a"], None),
        (None, None),
    ],
)
def test_a_text_can_be_stored(value: object, text: str | None) -> None:
    assert read_text(value) == text


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("17841400000000001", "17841400000000001"),
        (17841400000000001, "17841400000000001"),
        *((7, None), ("7", None), ("me", None), (True, None), (None, None), ({"id": "1"}, None)),
    ],
)
def test_an_id_is_many_digits(value: object, read: str | None) -> None:
    assert read_id(value) == read


def test_an_older_id_may_be_short() -> None:
    assert read_digits(1234) == "1234"
    assert read_digits("x") is None


def test_a_boolean_is_no_number() -> None:
    assert [read_boolean(value) for value in (False, 1, "true", None)] == [False, None, None, None]
