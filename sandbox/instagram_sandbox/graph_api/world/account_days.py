"""What Meta counts for an account on a Pacific day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.pacific import ONE_DAY, end_of, midnight
from instagram_sandbox.graph_api.world.shares import apportion

if TYPE_CHECKING:
    from datetime import date

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.settings import WorldSettings
    from instagram_sandbox.graph_api.world.accounts import Account

SETTLES_AFTER = timedelta(hours=48)
"""Until then after its end Meta restates a day's figures."""

INTERACTIONS = ("likes", "comments", "shares", "saves", "replies", "reposts")
FOLLOWER_MOVES = frozenset({"follows", "unfollows"})
_PRODUCTS = {"POST": 0.4, "REEL": 0.3, "STORY": 0.2, "CAROUSEL_CONTAINER": 0.1}
_CONTACTS = {"EMAIL": 0.5, "CALL": 0.25, "DIRECTION": 0.15, "TEXT": 0.1}


class AccountDays:
    """The account insights of all accounts, by Pacific day, as they stand at a moment.

    Graph API: account insights. A figure is whole 48 hours after its day ended; seen before it is
    lower. `follows` and `unfollows` are the two buckets of follows_and_unfollows.
    """

    def __init__(self, settings: WorldSettings, dice: Dice) -> None:
        self._settings, self._dice = settings, dice
        self._known: dict[tuple[int, date], tuple[dict[str, int], frozenset[str]]] = {}

    def figures(self, account: Account, day: date, now: datetime) -> dict[str, int]:
        """Give what there is for an account and a day; nothing before its time.

        A figure Meta never computed is left out.
        """
        seen = seen_share(day, now)
        if not seen or self._before_conversion(day):
            return {}
        whole, missing = self._whole(account, day)
        figures = {name: int(value * seen) for name, value in whole.items()}
        figures["total_interactions"] = sum(figures[name] for name in INTERACTIONS)
        return {name: value for name, value in figures.items() if name not in missing}

    def breakdown(
        self, account: Account, day: date, now: datetime, metric: str, breakdown: str
    ) -> dict[str, int]:
        """Split a figure; buckets of zero are left out, as Meta leaves them out."""
        figures = self.figures(account, day, now)
        if metric == "follows_and_unfollows":
            buckets = {"FOLLOWER": "follows", "NON_FOLLOWER": "unfollows"}
            return {name: figures[of] for name, of in buckets.items() if figures.get(of)}
        total = figures.get(metric, 0)
        if not total:
            return {}
        return apportion(total, self._weights(account, day, metric, breakdown))

    def rolling_reach(self, account: Account, last: date, days: int, now: datetime) -> int:
        """Give the accounts reached in some days up to and with `last`.

        People come back, so it is fewer than the days' reach added up.
        """
        if not seen_share(last, now):
            return 0
        span = [last - ONE_DAY * back for back in range(days)]
        reach = [self.figures(account, day, now).get("reach", 0) for day in span]
        return unique(reach)

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
        gone = {name for name in _NAMES if dice.chance(share, *key, name)} - FOLLOWER_MOVES
        return frozenset(gone) | (FOLLOWER_MOVES if account.small else frozenset())

    def _whole(self, account: Account, day: date) -> tuple[dict[str, int], frozenset[str]]:
        """Give all figures of a day, and which of them were never computed."""
        place = (account.index, day)
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = self._draw(account, day), self._missing(account, day)
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
    *("reach", "views", "accounts_engaged", "total_interactions", *INTERACTIONS),
    *("profile_links_taps", "profile_views", "website_clicks", "follows", "unfollows"),
)


def seen_share(day: date, now: datetime) -> float:
    """Give the share of a day's figures that Meta shows at a moment."""
    begin, end = midnight(day), end_of(day)
    if now <= begin:
        return 0.0
    if now < end:
        return 0.9 * ((now - begin) / (end - begin))
    if now < end + SETTLES_AFTER:
        return 0.93 if now < end + SETTLES_AFTER / 2 else 0.97
    return 1.0


def unique(counts: list[int]) -> int:
    """Estimate how many different people are behind the counts of some days."""
    if len(counts) < 2:
        return sum(counts)
    return max(*counts, int(sum(counts) * (0.3 + 0.7 / len(counts))))
