"""Demographics of followers and of engaged people, and the hours when followers are online."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.catalogue import COUNTRIES
from instagram_sandbox.graph_api.pacific import ONE_DAY, day_of, end_of
from instagram_sandbox.graph_api.world.shares import split_total

if TYPE_CHECKING:
    from datetime import date, datetime

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.world.account_days import AccountDays
    from instagram_sandbox.graph_api.world.accounts import Account

MAX_PARTS = 45
"""Maximum number of parts in an answer with demographics; these are the largest."""
MIN_ENGAGED = 100
"""Meta withholds the demographics of fewer engaged people in the time frame."""
TIMEFRAMES = {"this_week": 7, "this_month": 30}
"""The values of the parameter `timeframe`, in days. Graph API: account insights, since v20."""

_AGES = ("13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")
_GENDERS = ("F", "M", "U")
_CITIES = tuple(
    f"{city}, {region}"
    for city, region in product(
        ("London", "São Paulo", "St. John's", "Köln", "Springfield", "Malmö", "東京", "Córdoba"),
        ("England", "North", "South", "Skåne County", 'The "Valley"', "Coast"),
    )
)
_DIMENSIONS = {"age": _AGES, "gender": _GENDERS, "country": COUNTRIES, "city": _CITIES}


class Audience:
    """Demographics and online followers of all accounts. Graph API: account insights.

    Args:
        dice: Random numbers.
        account_days: The account insights by day.
    """

    def __init__(self, dice: Dice, account_days: AccountDays) -> None:
        self._dice, self._account_days = dice, account_days

    def demographics(
        self, account: Account, metric: str, dimensions: tuple[str, ...], people: int
    ) -> dict[tuple[str, ...], int]:
        """Split a number of people.

        Args:
            account: The account.
            metric: Name of the insight.
            dimensions: One of `age`, `gender`, `country` and `city`, or `age` and `gender`.
            people: The number to split.

        Returns:
            The number of people by the values of the dimensions: the 45 largest, largest first.
        """
        names = product(*(_DIMENSIONS[dimension] for dimension in dimensions))
        labels = {"\t".join(name): name for name in names}
        weights = {
            label: self._dice.share("audience", account.index, metric, label) ** 3 + 0.001
            for label in labels
        }
        parts = sorted(split_total(people, weights).items(), key=lambda part: (-part[1], part[0]))
        return {labels[label]: people for label, people in parts[:MAX_PARTS]}

    def engaged(self, account: Account, timeframe: str, now: datetime) -> int:
        """Return the number of engaged accounts in a time frame, or 0 if there are too few."""
        today = day_of(now)
        days = [today - ONE_DAY * back for back in range(1, TIMEFRAMES[timeframe] + 1)]
        total = sum(
            self._account_days.figures(account, day, now).get("accounts_engaged", 0) for day in days
        )
        return total if total >= MIN_ENGAGED else 0

    def online(self, account: Account, day: date, now: datetime) -> dict[str, int] | None:
        """Return the number of followers online by hour, or None if Meta has no value for the day.

        The value is often empty, and for some days it is empty at first and filled a day later.
        """
        if account.small or now < end_of(day) or day < day_of(now) - ONE_DAY * 30:
            return None
        key = ("online", account.index, day.toordinal())
        fresh = now < end_of(day) + timedelta(hours=24)
        if self._dice.chance(0.15, *key, "empty") or (
            fresh and self._dice.chance(0.4, *key, "late")
        ):
            return {}
        followers = account.followers_at_start
        return {
            str(hour): int(followers * self._dice.scale(0.02, 0.4, *key, hour))
            for hour in range(24)
        }
