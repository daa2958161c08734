from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_instagram_business.refresh import DEFAULT_TIERS, LastRefresh, Tiers, is_due

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.timezone.utc)
DAY = dt.timedelta(days=1)
TIERS = Tiers.parse(DEFAULT_TIERS)


def due(media_id: str, age: float, last_days_ago: int | None, tiers: Tiers = TIERS) -> bool:
    date = None if last_days_ago is None else NOW.date() - DAY * last_days_ago
    return is_due(media_id, NOW - DAY * age, last=LastRefresh(date=date), now=NOW, tiers=tiers)


def test_everything_is_due_the_first_time() -> None:
    assert due("1", 5000, None)


@pytest.mark.parametrize("last", [0, 1])
def test_young_media_are_due_at_every_run(last: int) -> None:
    assert due("1", 6.9, last)


@pytest.mark.parametrize(("age", "every"), [(10, 3), (100, 7), (1000, 30)])
def test_each_media_is_due_once_in_its_days_and_they_are_spread(age: int, every: int) -> None:
    on = Counter[int]()
    for media_id in map(str, range(3000)):
        found = []
        for day in range(every):
            now = NOW + DAY * day
            last = LastRefresh(date=now.date() - DAY)
            if is_due(media_id, now - DAY * age, last=last, now=now, tiers=TIERS):
                found.append(day)
        assert len(found) == 1
        on.update(found)
    assert max(on.values()) < 3000 / every * 1.3


def test_no_media_is_due_twice_on_a_day_once_it_is_old() -> None:
    assert not any(due(str(number), 100, 0) for number in range(1000))


@pytest.mark.parametrize(("age", "every"), [(10, 3), (100, 7), (1000, 30)])
def test_days_without_a_run_are_made_good(age: int, every: int) -> None:
    assert all(due(str(number), age, every) for number in range(200))


def test_media_that_an_earlier_start_brings_in_are_due() -> None:
    last = LastRefresh(date=NOW.date(), since=NOW - DAY * 50)
    assert is_due("1", NOW - DAY * 51, last=last, now=NOW, tiers=TIERS)


def test_media_posted_since_the_last_reading_are_due_whatever_the_tiers() -> None:
    assert due("1", 3, 4, Tiers.parse("*:30"))


@pytest.mark.parametrize(("days", "is_read_again"), [(1, False), (0, True), (-1, True)])
def test_media_posted_on_the_day_of_the_last_reading_are_due(
    days: int, *, is_read_again: bool
) -> None:
    last = LastRefresh(date=NOW.date() + DAY * days)
    tiers = Tiers.parse("*:365000")
    assert is_due("1", NOW, last=last, now=NOW + DAY, tiers=tiers) == is_read_again


SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("later", "is_partial"), [(-SECOND, False), (0 * SECOND, False), (SECOND, True)]
)
def test_a_reading_that_was_cut_short_has_read_what_was_posted_after_its_last_media(
    later: dt.timedelta, *, is_partial: bool
) -> None:
    day, before = NOW.date(), NOW.date() - DAY
    last = LastRefresh(date=before, partial_date=day, partial_until=NOW)
    assert last.of(NOW + later) == (day if is_partial else before)


@pytest.mark.parametrize(
    ("later", "is_read"), [(-SECOND, False), (0 * SECOND, True), (SECOND, True)]
)
def test_media_posted_in_the_first_second_of_a_reading_were_read(
    later: dt.timedelta, *, is_read: bool
) -> None:
    last = LastRefresh(date=NOW.date(), since=NOW)
    assert last.of(NOW + later) == (NOW.date() if is_read else None)


def test_slower_tiers_have_longer_steps_but_for_every_run() -> None:
    assert Tiers.parse("7:0 30:3 *:30").slower(4) == Tiers.parse("7:0 30:12 *:120")


def test_always_reads_everything() -> None:
    assert due("1", 1000, 0, Tiers.parse("always"))


STEPS = st.lists(st.tuples(st.integers(1, 500), st.integers(0, 40)), max_size=4)


@given(steps=STEPS, rest=st.integers(0, 60), age=st.floats(0, 2000))
def test_the_first_step_that_an_age_is_below_holds(
    steps: list[tuple[int, int]], rest: int, age: float
) -> None:
    setting = " ".join([*(f"{below}:{every}" for below, every in steps), f"*:{rest}"])
    expected = next((every for below, every in steps if age < below), rest)
    assert Tiers.parse(setting).days_between(DAY * age) == expected


@given(
    media_id=st.integers(10**16, 10**17).map(str),
    steps=STEPS,
    rest=st.integers(0, 60),
    pauses=st.lists(st.integers(0, 45), min_size=1, max_size=60),
)
def test_no_media_waits_longer_than_its_tiers_whenever_the_runs_are(
    media_id: str, steps: list[tuple[int, int]], rest: int, pauses: list[int]
) -> None:
    tiers = Tiers((*((float(below), every) for below, every in steps), (float("inf"), rest)))
    posted, now, run, read, slowest = NOW, NOW, None, NOW.date(), 1
    for pause in pauses:
        now += DAY * pause
        every = max(1, tiers.days_between(now - posted))
        if is_due(media_id, posted, last=LastRefresh(date=run), now=now, tiers=tiers):
            read, slowest = now.date(), every
        run = now.date()
        # Where a media changes its tier it may be about to be read by either.
        assert (run - read).days < every + slowest
        slowest = max(slowest, every)
