"""The account insights of each Pacific day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.pacific import ONE_DAY, end_of, midnight
from instagram_sandbox.graph_api.world.shares import split_total

if TYPE_CHECKING:
    from datetime import date

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.settings import WorldSettings
    from instagram_sandbox.graph_api.world.accounts import Account

FINAL_AFTER = timedelta(hours=48)
"""Time after the end of a day until its numbers are final."""

INTERACTIONS = ("likes", "comments", "shares", "saves", "replies", "reposts")
FOLLOWER_MOVES = frozenset({"follows", "unfollows"})
_PRODUCTS = {"POST": 0.4, "REEL": 0.3, "STORY": 0.2, "CAROUSEL_CONTAINER": 0.1}
_CONTACTS = {"EMAIL": 0.5, "CALL": 0.25, "DIRECTION": 0.15, "TEXT": 0.1}


class AccountDays:
    """The account insights of all accounts by Pacific day.

    Graph API: account insights. A number is final 48 hours after the end of its day, and lower
    before. `follows` and `unfollows` are the two parts of follows_and_unfollows.

    Args:
        settings: Settings of the world.
        dice: Random numbers.
    """

    def __init__(self, settings: WorldSettings, dice: Dice) -> None:
        self._settings, self._dice = settings, dice
        self._cache: dict[tuple[int, date], tuple[dict[str, int], frozenset[str]]] = {}

    def figures(self, account: Account, day: date, now: datetime) -> dict[str, int]:
        """Return the insights of an account and a day by metric, as Meta shows them at a moment.

        Numbers that Meta never computed are left out. Before the day, and before the account became
        a professional account, there are none.
        """
        share = visible_share(day, now)
        if not share or self._before_conversion(day):
            return {}
        final, missing = self._final_figures(account, day)
        figures = {name: int(value * share) for name, value in final.items()}
        figures["total_interactions"] = sum(figures[name] for name in INTERACTIONS)
        return {name: value for name, value in figures.items() if name not in missing}

    def breakdown(
        self, account: Account, day: date, now: datetime, metric: str, breakdown: str
    ) -> dict[str, int]:
        """Split an insight into the parts of a breakdown; parts of zero are left out.

        Args:
            account: The account.
            day: The Pacific day.
            now: Moment of the call.
            metric: Name of the insight.
            breakdown: follow_type, media_product_type or contact_button_type.
        """
        figures = self.figures(account, day, now)
        if metric == "follows_and_unfollows":
            parts = {"FOLLOWER": "follows", "NON_FOLLOWER": "unfollows"}
            return {name: figures[move] for name, move in parts.items() if figures.get(move)}
        total = figures.get(metric, 0)
        if not total:
            return {}
        return split_total(total, self._weights(account, day, metric, breakdown))

    def rolling_reach(self, account: Account, last: date, days: int, now: datetime) -> int:
        """Return the number of accounts reached in several days, of which `last` is the last.

        People come back, so the number is lower than the sum of the days' reach.
        """
        if not visible_share(last, now):
            return 0
        period = [last - ONE_DAY * back for back in range(days)]
        return estimate_people([self._reach(account, day, now) for day in period])

    def _reach(self, account: Account, day: date, now: datetime) -> int:
        if self._before_conversion(day):
            return 0
        final, missing = self._final_figures(account, day)
        return 0 if "reach" in missing else int(final["reach"] * visible_share(day, now))

    def _weights(
        self, account: Account, day: date, metric: str, breakdown: str
    ) -> dict[str, float]:
        dice, key = self._dice, ("split", account.index, day.toordinal(), metric, breakdown)
        if breakdown == "contact_button_type":
            return _CONTACTS
        if breakdown == "media_product_type":
            return _PRODUCTS | ({"AD": 0.15} if dice.chance(0.2, *key, "ad") else {})
        followers = dice.scale(0.35, 0.9, *key)
        unknown = {"UNKNOWN": 0.02} if metric == "views" and dice.chance(0.3, *key, "?") else {}
        return {"FOLLOWER": followers, "NON_FOLLOWER": 1 - followers, **unknown}

    def _before_conversion(self, day: date) -> bool:
        days = self._settings.converted_days_ago
        return days is not None and end_of(day) <= self._settings.start - timedelta(days=days)

    def _missing(self, account: Account, day: date) -> frozenset[str]:
        dice, key = self._dice, ("missing", account.index, day.toordinal())
        share = self._settings.empty_day_share
        if dice.chance(share, *key):
            return frozenset(_NAMES)
        missing = {name for name in _NAMES if dice.chance(share, *key, name)} - FOLLOWER_MOVES
        return frozenset(missing) | (FOLLOWER_MOVES if account.small else frozenset())

    def _final_figures(self, account: Account, day: date) -> tuple[dict[str, int], frozenset[str]]:
        """Return all final numbers of a day, and the names of those that were never computed."""
        place = (account.index, day)
        found = self._cache.get(place)
        if found is None:
            found = self._cache[place] = self._draw(account, day), self._missing(account, day)
        return found

    def _draw(self, account: Account, day: date) -> dict[str, int]:
        dice, key = self._dice, ("day", account.index, day.toordinal())
        weekend = 1.2 if day.weekday() >= 5 else 1.0
        reach = int(account.followers_at_start * dice.scale(0.08, 0.5, *key, "reach") * weekend)
        reach = max(reach, 3)

        def part(low: float, high: float, name: str) -> int:
            return int(reach * dice.scale(low, high, *key, name))

        return {
            "reach": reach,
            "views": part(1.2, 3.0, "views"),
            "accounts_engaged": part(0.02, 0.1, "accounts_engaged"),
            "total_interactions": 0,
            "likes": part(0.02, 0.08, "likes"),
            "comments": part(0.0, 0.01, "comments"),
            "shares": part(0.0, 0.01, "shares"),
            "saves": part(0.0, 0.02, "saves"),
            "replies": part(0.0, 0.004, "replies"),
            "reposts": part(0.0, 0.003, "reposts"),
            "profile_links_taps": part(0.0, 0.006, "profile_links_taps"),
            "profile_views": part(0.01, 0.05, "profile_views"),
            "website_clicks": part(0.0, 0.008, "website_clicks"),
            "follows": part(0.001, 0.02, "follows"),
            "unfollows": part(0.001, 0.015, "unfollows"),
        }


_NAMES = (
    "reach",
    "views",
    "accounts_engaged",
    "total_interactions",
    *INTERACTIONS,
    "profile_links_taps",
    "profile_views",
    "website_clicks",
    "follows",
    "unfollows",
)


def visible_share(day: date, now: datetime) -> float:
    """Return the share of a day's final numbers that Meta shows at a moment, from 0 to 1."""
    begin, end = midnight(day), end_of(day)
    if now <= begin:
        return 0.0
    if now < end:
        return 0.9 * ((now - begin) / (end - begin))
    if now < end + FINAL_AFTER:
        return 0.93 if now < end + FINAL_AFTER / 2 else 0.97
    return 1.0


def estimate_people(counts: list[int]) -> int:
    """Estimate the number of different people from the numbers of several days."""
    if len(counts) < 2:
        return sum(counts)
    return max(*counts, int(sum(counts) * (0.3 + 0.7 / len(counts))))
