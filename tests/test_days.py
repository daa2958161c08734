from __future__ import annotations

import datetime as dt

import pytest

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


def series(*labels: str) -> list[tuple[dt.datetime, float]]:
    return [(days.start_of(dt.date.fromisoformat(label)), n) for n, label in enumerate(labels)]


def test_start_labels_name_the_day_itself() -> None:
    laid = days.DayLabels().lay_out(series("2026-10-30", "2026-11-01", "2026-11-03"), FIRST, LAST)
    assert laid == {FIRST: 0, dt.date(2026, 11, 1): 1, LAST: 2}


def test_end_labels_name_the_day_before() -> None:
    laid = days.DayLabels().lay_out(series("2026-10-31", "2026-11-02", "2026-11-04"), FIRST, LAST)
    assert laid == {FIRST: 0, dt.date(2026, 11, 1): 1, LAST: 2}


@pytest.mark.parametrize(("known", "day"), [("2026-11-04", 31), ("2026-10-30", 1)])
def test_a_series_that_says_neither_takes_the_word_of_others(known: str, day: int) -> None:
    labels, unsure = days.DayLabels(), series("2026-11-01")
    assert labels.lay_out(unsure, FIRST, LAST) == {}
    labels.lay_out(series(known), FIRST, LAST)
    assert [found.day for found in labels.lay_out(unsure, FIRST, LAST)] == [day]
