from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_instagram_business import days

UTC = dt.timezone.utc


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "begins"),
    [
        ("2026-01-15", "2026-01-15T08:00"),
        ("2026-07-15", "2026-07-15T07:00"),
        ("2026-03-08", "2026-03-08T08:00"),
        ("2026-03-09", "2026-03-09T07:00"),
        ("2026-11-01", "2026-11-01T07:00"),
        ("2026-11-02", "2026-11-02T08:00"),
    ],
)
def test_a_day_begins_at_pacific_midnight(day: str, begins: str) -> None:
    assert days.start_of(dt.date.fromisoformat(day)) == at(begins)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-01", 24)]
)
def test_a_window_of_a_day_is_the_day_less_a_second(day: str, hours: int) -> None:
    date = dt.date.fromisoformat(day)
    asked = days.window(date, date)
    assert int(asked["until"]) - int(asked["since"]) == hours * 3600 - 1


def test_yesterday_is_complete_in_california() -> None:
    assert days.yesterday(at("2026-11-23T07:59")) == dt.date(2026, 11, 21)
    assert days.yesterday(at("2026-11-23T08:00")) == dt.date(2026, 11, 22)


def test_a_day_is_final_two_days_after_its_end() -> None:
    day = dt.date(2026, 11, 1)
    assert not days.is_final(day, at("2026-11-04T07:59:59"))
    assert days.is_final(day, at("2026-11-04T08:00"))


def test_windows_stay_within_thirty_days_of_seconds() -> None:
    every = days.days_between(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    cut = list(days.windows(every))
    assert [day for first, last in cut for day in days.days_between(first, last)] == every
    for first, last in cut:
        asked = days.window(first, last)
        assert int(asked["until"]) - int(asked["since"]) < 30 * 86400
    assert len(cut) == 13


def test_no_days_make_no_window() -> None:
    assert list(days.windows([])) == []
    assert days.days_between(dt.date(2026, 1, 2), dt.date(2026, 1, 1)) == []


FIRST, LAST = dt.date(2026, 10, 30), dt.date(2026, 11, 3)


def placed(
    labels: days.DayLabels,
    buckets: list[tuple[dt.datetime, Any]],
    first: dt.date,
    last: dt.date,
) -> dict[dt.date, Any]:
    labels.learn_from_window(buckets, first, last)
    return labels.place(buckets, first, last)


def series(*labels: str) -> list[tuple[dt.datetime, float]]:
    return [(days.start_of(dt.date.fromisoformat(label)), n) for n, label in enumerate(labels)]


def test_start_labels_name_the_day_itself() -> None:
    laid = placed(days.DayLabels(), series("2026-10-30", "2026-11-01", "2026-11-03"), FIRST, LAST)
    assert laid == {FIRST: 0, dt.date(2026, 11, 1): 1, LAST: 2}


def test_end_labels_name_the_day_before() -> None:
    laid = placed(days.DayLabels(), series("2026-10-31", "2026-11-02", "2026-11-04"), FIRST, LAST)
    assert laid == {FIRST: 0, dt.date(2026, 11, 1): 1, LAST: 2}


@pytest.mark.parametrize(("known", "day"), [("2026-11-04", 31), ("2026-10-30", 1)])
def test_a_series_that_says_neither_takes_the_word_of_others(known: str, day: int) -> None:
    labels, unsure = days.DayLabels(), series("2026-11-01")
    assert placed(labels, unsure, FIRST, LAST) == {}
    placed(labels, series(known), FIRST, LAST)
    assert [found.day for found in placed(labels, unsure, FIRST, LAST)] == [day]


@pytest.mark.parametrize("are_ends", [False, True])
def test_figures_of_known_days_say_what_their_labels_mean(*, are_ends: bool) -> None:
    known = {day: number * 7 for number, day in enumerate(days.days_between(FIRST, LAST))}
    buckets = [(days.start_of(day + days.DAY * are_ends), known[day]) for day in (*known,)[1:-1]]
    labels = days.DayLabels()
    assert placed(labels, buckets, FIRST, LAST) == {}
    labels.learn_from_days(buckets, dict.fromkeys(known, 0))
    assert labels.are_ends is None
    labels.learn_from_days(buckets, known)
    assert placed(labels, buckets, FIRST, LAST) == dict([*known.items()][1:-1])


ANY_DAY = st.dates(dt.date(2023, 1, 1), dt.date(2029, 12, 31))
MOST = dt.timedelta(days=30)


def seconds(first: dt.date, last: dt.date) -> dt.timedelta:
    asked = days.window(first, last)
    return dt.timedelta(seconds=int(asked["until"]) - int(asked["since"]) + 1)


@given(first=ANY_DAY, pattern=st.lists(st.booleans(), max_size=200))
@example(dt.date(2026, 10, 10), [True] * 31)
def test_windows_hold_just_the_days_and_are_as_long_as_they_may(
    first: dt.date, pattern: list[bool]
) -> None:
    wanted = [first + days.DAY * number for number, there in enumerate(pattern) if there]
    cut = list(days.windows(wanted))
    assert [day for ends in cut for day in days.days_between(*ends)] == wanted
    assert all(seconds(*ends) <= MOST for ends in cut)
    for (begin, end), (following, _) in pairwise(cut):
        assert following > end + days.DAY or seconds(begin, following) > MOST


@given(day=ANY_DAY)
def test_the_windows_of_days_leave_no_second_out_and_hold_none_twice(day: dt.date) -> None:
    one, other = days.window(day, day), days.window(day + days.DAY, day + days.DAY)
    assert int(other["since"]) == int(one["until"]) + 1
    begin, end = (dt.datetime.fromtimestamp(int(one[name]), UTC) for name in ("since", "until"))
    assert {days.pacific_date(begin), days.pacific_date(end)} == {day}


@given(
    are_ends=st.booleans(),
    windows=st.lists(st.tuples(ANY_DAY, st.lists(st.booleans(), min_size=1, max_size=30))),
)
def test_days_are_never_laid_out_wrongly_however_meta_labels_them(
    *, are_ends: bool, windows: list[tuple[dt.date, list[bool]]]
) -> None:
    labels, known = days.DayLabels(), False
    for first, pattern in windows:
        last = first + days.DAY * (len(pattern) - 1)
        given_days = [first + days.DAY * number for number, there in enumerate(pattern) if there]
        known = known or (pattern[-1] if are_ends else pattern[0])
        buckets = [(days.start_of(day + days.DAY * are_ends), str(day)) for day in given_days]
        laid = placed(labels, buckets, first, last)
        assert laid == ({day: str(day) for day in given_days} if known else {})
