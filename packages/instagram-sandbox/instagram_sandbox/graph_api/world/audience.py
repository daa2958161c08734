"""Demographics of followers and of engaged people, and the hours when followers are online."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.pacific import ONE_DAY, day_of, end_of, midnight
from instagram_sandbox.graph_api.world.account_days import estimate_people
from instagram_sandbox.graph_api.world.places import COUNTRIES
from instagram_sandbox.graph_api.world.shares import split_total

if TYPE_CHECKING:
    from datetime import date, datetime

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.world.account_days import AccountDays
    from instagram_sandbox.graph_api.world.accounts import Account
    from instagram_sandbox.graph_api.world.followers import Followers

MAX_PARTS = 45
"""Maximum number of parts in an answer with demographics; these are the largest."""
MIN_ENGAGED = 100
"""Meta withholds the demographics of fewer engaged people in the time frame."""
TIMEFRAMES = {"this_week": 7, "this_month": 30}
"""The values of the parameter `timeframe`, in days. Graph API: account insights, since v20."""

_AGES = {
    "13-17": 0.085,
    "18-24": 0.301,
    "25-34": 0.315,
    "35-44": 0.161,
    "45-54": 0.080,
    "55-64": 0.036,
    "65+": 0.021,
}
"""Share of Instagram's users by age. We Are Social and Hootsuite, "Digital 2022"."""
_GENDERS = {"F": 0.475, "M": 0.485, "U": 0.04}
"""Share of Instagram's users by gender in the same report; `U` is a guess."""
_HOMES = ("US", "GB", "DE", "FR", "ES", "IT", "BR", "SE", "NL", "AU", "CA", "MX", "JP", "IN")
_KNOWN = 0.97
"""Share of the people whose country, age and gender Meta tells."""
_IN_CITIES = 0.4
"""Share of a country's people who live in its listed cities."""
_ONLINE = (
    *(0.10, 0.06, 0.04, 0.03, 0.03, 0.05, 0.10, 0.17, 0.21, 0.22, 0.23, 0.24),
    *(0.27, 0.26, 0.25, 0.25, 0.26, 0.28, 0.31, 0.34, 0.36, 0.35, 0.29, 0.19),
)
"""Share of the followers who are online, by hour of their own day."""
_LIE_IN = timedelta(hours=1)
"""How much later the day of followers begins on Saturday and Sunday."""

Split = dict[tuple[str, ...], int]


class Audience:
    """Demographics and online followers of all accounts. Graph API: account insights.

    Args:
        dice: Random numbers.
        account_days: The account insights by day.
        followers: The numbers of followers.
    """

    def __init__(self, dice: Dice, account_days: AccountDays, followers: Followers) -> None:
        self._dice, self._account_days, self._followers = dice, account_days, followers
        self._countries = lru_cache(maxsize=1024)(self._draw_countries)

    def demographics(
        self, account: Account, metric: str, dimensions: tuple[str, ...], people: int
    ) -> Split:
        """Split a number of people, without those whose values Meta does not know.

        Args:
            account: The account.
            metric: Name of the insight.
            dimensions: One of `age`, `gender`, `country` and `city`, or `age` and `gender`.
            people: The number to split.

        Returns:
            The number of people by the values of the dimensions: the 45 largest, largest first.
        """
        known = int(people * _KNOWN)
        if dimensions == ("country",):
            parts: Split = {(name,): n for name, n in self._by_country(account, known).items()}
        elif dimensions == ("city",):
            parts = self._by_city(account, known)
        else:
            parts = self._by_age_and_gender(account, metric, known, dimensions)
        return dict(sorted(parts.items(), key=lambda part: (-part[1], part[0]))[:MAX_PARTS])

    def engaged(self, account: Account, timeframe: str, now: datetime) -> int:
        """Return the number of engaged accounts in a time frame, or 0 if there are too few."""
        today = day_of(now)
        days = [today - ONE_DAY * back for back in range(1, TIMEFRAMES[timeframe] + 1)]
        figures = [self._account_days.figures(account, day, now) for day in days]
        total = estimate_people([each.get("accounts_engaged", 0) for each in figures])
        return total if total >= MIN_ENGAGED else 0

    def online(self, account: Account, day: date, now: datetime) -> dict[str, int] | None:
        """Return the number of followers online by hour, or None if Meta has no value for the day.

        Followers are online at the hours of their own time zones. The value is often empty, and for
        some days it is empty at first and filled a day later.
        """
        if account.small or now < end_of(day) or day < day_of(now) - ONE_DAY * 30:
            return None
        key = ("online", account.index, day.toordinal())
        fresh = now < end_of(day) + timedelta(hours=24)
        if self._dice.chance(0.15, *key, "empty") or (
            fresh and self._dice.chance(0.4, *key, "late")
        ):
            return {}
        followers = self._followers.at_midnight(account, day)
        begin = midnight(day) - (_LIE_IN if day.weekday() >= 5 else timedelta())
        weights = self._countries(account)
        return {
            str(hour): int(
                followers
                * _share_online(weights, begin.hour + hour)
                * self._dice.scale(0.93, 1.07, *key, hour)
            )
            for hour in range(24)
        }

    def _draw_countries(self, account: Account) -> dict[str, float]:
        """Draw the share of each country: half or more of the people are from one country."""
        dice, key = self._dice, ("audience", account.index)
        home = dice.pick(_HOMES, *key, "home")
        weights = {
            name: country.users * dice.scale(0.2, 1.8, *key, name)
            for name, country in COUNTRIES.items()
            if name != home
        }
        abroad = dice.scale(0.25, 0.5, *key, "abroad") / sum(weights.values())
        weights = {name: weight * abroad for name, weight in weights.items()}
        return {home: 1 - sum(weights.values()), **weights}

    def _by_country(self, account: Account, people: int) -> dict[str, int]:
        return split_total(people, self._countries(account))

    def _by_city(self, account: Account, people: int) -> Split:
        parts: Split = {}
        largest = sorted(self._by_country(account, people).items(), key=lambda part: -part[1])
        for name, residents in largest[:MAX_PARTS]:
            cities = COUNTRIES[name].cities
            weights = {
                city: self._dice.scale(0.7, 1.3, "audience", account.index, city) / (place + 1)
                for place, city in enumerate(cities)
            }
            share = _IN_CITIES * len(cities) / (len(cities) + 1)
            split = split_total(int(residents * share), weights) if cities else {}
            parts |= {(city,): number for city, number in split.items()}
        return parts

    def _by_age_and_gender(
        self, account: Account, metric: str, people: int, dimensions: tuple[str, ...]
    ) -> Split:
        dice, key = self._dice, ("audience", account.index)
        women = dice.scale(0.5, 1.5, *key, "women")
        tilt = {"F": women, "M": 2 - women, "U": 1.0}
        weights = {
            f"{age}\t{gender}": _AGES[age]
            * _GENDERS[gender]
            * tilt[gender]
            * dice.scale(0.6, 1.4, *key, age)
            * dice.scale(0.9, 1.1, *key, metric, age, gender)
            for age in _AGES
            for gender in _GENDERS
        }
        parts: Split = {}
        for label, number in split_total(people, weights).items():
            values = dict(zip(("age", "gender"), label.split("\t"), strict=True))
            names = tuple(values[dimension] for dimension in dimensions)
            parts[names] = parts.get(names, 0) + number
        return parts


def _share_online(countries: dict[str, float], utc_hour: int) -> float:
    """Return the share of people from several countries who are online at an hour of UTC."""
    return sum(
        weight * _ONLINE[int(utc_hour + COUNTRIES[name].utc_offset) % 24]
        for name, weight in countries.items()
    )
