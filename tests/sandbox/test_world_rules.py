"""The numbers of a world agree with each other, whatever its seed is: read by HTTP alone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from statistics import mean
from zoneinfo import ZoneInfo

import pytest

from tests.sandbox.graph_api.client import PACIFIC, midnight
from tests.sandbox.observation import DAY, DAYS, Account, Media, Observer

SEEDS = range(1, 11)
KINDS = {"REEL": "VIDEO", "CAROUSEL_CONTAINER": "CAROUSEL_ALBUM"}
NAMES = {"views": "views", "likes": "likes", "comments": "comments", "shares": "shares"}
NAMES |= {"saves": "saved", "total_interactions": "total_interactions"}
"""The insights of a media by those of an account."""
INTERACTIONS = ("likes", "comments", "saves", "shares", "replies", "reposts")
HOMES = {
    "US": "America/Chicago",
    "GB": "Europe/London",
    "DE": "Europe/Berlin",
    "FR": "Europe/Paris",
    "ES": "Europe/Madrid",
    "IT": "Europe/Rome",
    "BR": "America/Sao_Paulo",
    "SE": "Europe/Stockholm",
    "NL": "Europe/Amsterdam",
    "AU": "Australia/Sydney",
    "CA": "America/Toronto",
    "MX": "America/Mexico_City",
    "JP": "Asia/Tokyo",
    "IN": "Asia/Kolkata",
}
CITIES = {
    "US": "New York|Los Angeles|Chicago|Houston|Springfield|Miami",
    "GB": "London|Manchester|Birmingham|Glasgow",
    "DE": "Berlin|Hamburg|München|Köln",
    "IN": "Mumbai|Delhi|Bangalore|Kolkata",
    "BR": "São Paulo|Rio de Janeiro",
    "JP": "東京|Osaka",
    "IT": "Rome|Milan|Naples",
    "FR": "Paris|Lyon|Marseille",
}


@lru_cache(maxsize=1)
def observe(seed: int) -> list[Account]:
    return Observer(seed).observe()


@pytest.fixture(scope="module", params=SEEDS)
def accounts(request: pytest.FixtureRequest) -> list[Account]:
    return observe(request.param)


@pytest.fixture
def account(accounts: list[Account]) -> Account:
    return accounts[0]


def span(day: date) -> tuple[datetime, datetime]:
    return midnight(day), midnight(day + DAY)


def read_days(account: Account) -> list[date]:
    """The days at whose beginning and end each media that was published had insights."""
    days = [
        day
        for day in DAYS
        if not any(media.unread_at(end) for media in account.media.values() for end in span(day))
    ]
    assert days
    return days


def gained(media: list[Media], day: date, metric: str) -> int:
    return sum(each.gain(*span(day)).get(metric, 0) for each in media)


def test_an_account_day_is_the_sum_of_the_days_of_its_media(accounts: list[Account]) -> None:
    for account in accounts:
        for day in read_days(account):
            for metric, name in NAMES.items():
                parts = account.parts[day].get(metric, {})
                assert sum(parts.values()) == account.days[day][metric]
                for part, kind in KINDS.items():
                    assert parts.get(part, 0) == gained(account.of_kinds(kind), day, name)
                images = gained(account.of_kinds("IMAGE"), day, name)
                rest = parts.get("POST", 0) + parts.get("AD", 0) - images
                assert 0 <= rest <= account.days[day]["reach"]
                assert parts.get("STORY", 0) >= gained(account.of_kinds("STORY"), day, name)


def test_what_is_not_split_is_at_least_what_the_media_gain(accounts: list[Account]) -> None:
    for account in accounts:
        everything = list(account.media.values())
        for day in read_days(account):
            figures = account.days[day]
            assert figures["total_interactions"] == sum(figures[name] for name in INTERACTIONS)
            for metric in ("replies", "reposts"):
                assert figures[metric] >= gained(everything, day, metric)
            assert figures["profile_views"] >= gained(everything, day, "profile_visits")


def test_people_of_a_day(accounts: list[Account]) -> None:
    for account in accounts:
        for day, figures in account.days.items():
            reached = [media.gain(*span(day)) for media in account.media.values()]
            assert figures["reach"] >= max(gain.get("reach", 0) for gain in reached)
            assert figures["reach"] <= figures["views"]
            engaged = figures["accounts_engaged"]
            assert max(gain.get("likes", 0) for gain in reached) <= engaged
            assert engaged <= min(figures["reach"], figures["total_interactions"])


def test_people_of_a_period_are_between_those_of_its_days(accounts: list[Account]) -> None:
    for account in accounts:
        daily = account.reach["day"]
        assert len(daily) == 28
        for period, length in (("week", 7), ("days_28", 28)):
            for last in list(daily)[length - 1 :]:
                first = date.fromisoformat(last) - DAY * (length - 1)
                days = [daily[str(first + DAY * number)] for number in range(length)]
                reach = account.reach[period][last]
                assert max(days) <= reach <= sum(days)
                assert reach <= account.reach["days_28"][last]


def test_people_of_a_period_are_at_least_those_of_each_media(accounts: list[Account]) -> None:
    for account in accounts:
        for day in DAYS:
            for period, length in (("week", 7), ("days_28", 28)):
                begin, end = midnight(day - DAY * (length - 1)), midnight(day + DAY)
                recent = [each for each in account.media.values() if each.published >= begin]
                most = max(each.at(end).get("reach", 0) for each in recent)
                assert most <= account.reach[period][str(day)]


def test_media_grow_most_in_their_first_days(account: Account) -> None:
    young = 0
    for media in account.of_kinds("IMAGE", "CAROUSEL_ALBUM", "VIDEO"):
        readings = [media.readings[moment] for moment in sorted(media.readings)]
        for earlier, later in pairwise(readings):
            assert all(value <= later[name] for name, value in earlier.items())
        assert all(each["reach"] <= each["views"] for each in readings)
        final = max(media.readings)
        for moment, figures in media.readings.items():
            if DAY * 3 <= moment - media.published < DAY * 5:
                assert figures["views"] > 0.6 * media.readings[final]["views"]
                young += final - media.published > DAY * 28
    assert young


def test_stories_fade_within_a_day_and_end(account: Account) -> None:
    complete = 0
    for story in account.of_kinds("STORY"):
        moments = sorted(story.readings)
        assert max(moments) - story.published < DAY
        if len(moments) < 5:
            continue
        complete += 1
        views = [story.readings[moment]["views"] for moment in moments]
        assert views == sorted(views)
        # Twelve hours of readings gain less than the first hours did.
        assert views[-1] - views[-4] < views[-4]
    assert complete


def test_followers_change_by_follows_and_unfollows(account: Account) -> None:
    for day in DAYS:
        begin, end = span(day)
        change = account.followers[end] - account.followers[begin]
        moves = account.moves[day]
        assert change == moves["FOLLOWER"] - moves["NON_FOLLOWER"]
        assert account.new_followers[str(day)] == moves["FOLLOWER"]
        follows = gained(account.of_kinds("STORY"), day, "follows")
        assert follows <= moves["FOLLOWER"] <= account.followers[begin] / 50


def test_followers_sleep_at_night_and_later_on_weekends(account: Account) -> None:
    ((home,), _), *_ = account.demographics["country"].items()
    zone = ZoneInfo(HOMES[home])
    by_hour: dict[tuple[bool, int], list[int]] = {}
    for day, hours in account.online.items():
        begin = datetime.combine(date.fromisoformat(day), datetime.min.time(), PACIFIC)
        for hour, online in hours.items():
            local = (begin + timedelta(hours=int(hour))).astimezone(zone).hour
            weekend = begin.weekday() >= 5
            by_hour.setdefault((weekend, local), []).append(online)
            assert 0 < online <= min(account.followers.values())
    night = [mean(by_hour[False, hour]) for hour in (2, 3, 4)]
    evening = [mean(by_hour[False, hour]) for hour in (19, 20, 21)]
    assert max(night) < 0.6 * min(evening)
    morning = (5, 6, 7)
    at_weekends, in_the_week = (
        sum(mean(by_hour[free, hour]) for hour in morning) for free in (True, False)
    )
    assert at_weekends < 0.95 * in_the_week


@pytest.mark.parametrize(
    ("kind", "metric", "low", "high"),
    [
        ("IMAGE", "likes", 0.015, 0.1),
        ("CAROUSEL_ALBUM", "likes", 0.015, 0.1),
        ("VIDEO", "likes", 0.015, 0.1),
        ("IMAGE", "saved", 0.0008, 0.007),
        ("CAROUSEL_ALBUM", "saved", 0.0018, 0.015),
        ("VIDEO", "saved", 0.0018, 0.015),
        ("VIDEO", "shares", 0.002, 0.018),
        ("IMAGE", "comments", 0.00005, 0.008),
        ("VIDEO", "comments", 0.00005, 0.008),
        ("STORY", "replies", 0.0003, 0.004),
    ],
)
def test_interactions_per_view(
    account: Account, kind: str, metric: str, low: float, high: float
) -> None:
    final = [media.readings[max(media.readings)] for media in account.of_kinds(kind)]
    views = sum(each["views"] for each in final)
    assert low * views - 6 < sum(each[metric] for each in final) < high * views + 6


def test_profile_visits_per_person_reached(account: Account) -> None:
    for figures in account.days.values():
        assert 0.01 < figures["profile_views"] / figures["reach"] < 0.15
        for taps in (figures["website_clicks"], figures["profile_links_taps"]):
            assert 0 <= taps < 0.2 * figures["profile_views"] + 6
    assert any(figures["website_clicks"] for figures in account.days.values())


def test_demographics_agree(account: Account) -> None:
    by = account.demographics
    fewest = min(account.followers.values())
    for parts in by.values():
        assert len(parts) <= 45
        assert 0 < sum(parts.values()) <= fewest
    for place, name in enumerate(("age", "gender")):
        sums: dict[str, int] = {}
        for values, number in by["age,gender"].items():
            sums[values[place]] = sums.get(values[place], 0) + number
        assert {(value,): number for value, number in sums.items()} == by[name]
    young = by["age"]["18-24",] + by["age"]["25-34",]
    assert 0.35 < young / sum(by["age"].values()) < 0.85
    assert sum(account.engaged.values()) <= account.reach["days_28"][str(DAYS[-1])]


def test_cities_lie_in_the_listed_countries(account: Account) -> None:
    countries, cities = account.demographics["country"], account.demographics["city"]
    home = max(countries.values())
    assert home > 0.4 * sum(countries.values())
    assert max(cities.values()) < home
    for country, names in CITIES.items():
        inside = [n for (city,), n in cities.items() if city.split(", ")[0] in names.split("|")]
        assert sum(inside) <= countries.get((country,), 0)


def test_meta_withholds_the_people_of_small_accounts(accounts: list[Account]) -> None:
    small = accounts[1]
    assert max(small.followers.values()) < 100
    assert not any(small.demographics.values())
    for withheld in (small.moves, small.new_followers, small.online, small.engaged):
        assert not withheld
    assert len(set(small.followers.values())) == 1
