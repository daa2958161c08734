from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_instagram_business import days
from tap_instagram_business.graph.day_labels import labels_of

UTC = dt.timezone.utc
START, END = days.DayLabels(are_ends=False), days.DayLabels(are_ends=True)


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
    asked = START.window(date, date)
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
        asked = START.window(first, last)
        assert int(asked["until"]) - int(asked["since"]) < 30 * 86400
    assert len(cut) == 13


def test_no_days_make_no_window() -> None:
    assert list(days.windows([])) == []
    assert days.days_between(dt.date(2026, 1, 2), dt.date(2026, 1, 1)) == []


FIRST, LAST = dt.date(2026, 10, 30), dt.date(2026, 11, 3)


def series(*labels: str) -> list[tuple[dt.datetime, int]]:
    return [(days.start_of(dt.date.fromisoformat(label)), n) for n, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("labels", "first"),
    [(START, "2026-10-30"), (END, "2026-10-31")],
)
def test_a_label_names_a_day_as_meta_uses_it(labels: days.DayLabels, first: str) -> None:
    shift = days.DAY * (dt.date.fromisoformat(first) - FIRST).days
    named = [(FIRST + shift + days.DAY * number).isoformat() for number in (-1, 0, 2, 4, 5)]
    laid = labels.place(series(*named), FIRST, LAST)
    assert laid == {FIRST: 1, dt.date(2026, 11, 1): 2, LAST: 3}


@pytest.mark.parametrize(
    ("now", "figures", "found"),
    [
        ("2026-11-20T20:00", {"2026-11-20": 5}, START),
        ("2026-11-20T20:00", {"2026-11-20": 700, "2026-11-21": 5}, END),
        ("2026-11-20T20:00", {"2026-11-21": 5}, END),
        # Today has no figures yet, so that yesterday's could be taken for them.
        ("2026-11-20T08:14", {"2026-11-20": 700}, None),
        ("2026-11-20T08:14", {"2026-11-20": 700, "2026-11-21": 5}, END),
        # A zero that is to come may be today's, or may stand for nothing.
        ("2026-11-20T20:00", {"2026-11-20": 5, "2026-11-21": 0}, None),
        ("2026-11-20T20:00", {"2026-11-20": 0}, None),
        ("2026-11-20T20:00", {}, None),
    ],
)
def test_figures_of_today_tell_how_meta_labels_days(
    now: str, figures: dict[str, int], found: days.DayLabels | None
) -> None:
    buckets = [(days.start_of(dt.date.fromisoformat(day)), n) for day, n in figures.items()]
    assert labels_of(buckets, at(now)) == found


ANY_DAY = st.dates(dt.date(2023, 1, 1), dt.date(2029, 12, 31))
MOST = dt.timedelta(days=30)


def seconds(first: dt.date, last: dt.date) -> dt.timedelta:
    asked = START.window(first, last)
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
    one, other = START.window(day, day), START.window(day + days.DAY, day + days.DAY)
    assert int(other["since"]) == int(one["until"]) + 1
    begin, end = (dt.datetime.fromtimestamp(int(one[name]), UTC) for name in ("since", "until"))
    assert {days.pacific_date(begin), days.pacific_date(end)} == {day}


@given(are_ends=st.booleans(), first=ANY_DAY, number=st.integers(0, 29))
def test_a_window_selects_the_figures_of_its_days_and_no_others(
    *, are_ends: bool, first: dt.date, number: int
) -> None:
    labels, last = days.DayLabels(are_ends=are_ends), first + days.DAY * number
    asked = {name: int(value) for name, value in labels.window(first, last).items()}
    around = days.days_between(first - days.DAY * 2, last + days.DAY * 2)
    selected = [
        day for day in around if asked["since"] <= labels.of(day).timestamp() <= asked["until"]
    ]
    assert selected == days.days_between(first, last)
    buckets = [(labels.of(day), str(day)) for day in around]
    assert labels.place(buckets, first, last) == {day: str(day) for day in selected}
