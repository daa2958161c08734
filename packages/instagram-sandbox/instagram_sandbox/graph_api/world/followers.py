"""The numbers of followers, from which follows and unfollows of a day follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.pacific import ONE_DAY, day_of, end_of, midnight

if TYPE_CHECKING:
    from datetime import date, datetime

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.settings import WorldSettings
    from instagram_sandbox.graph_api.world.accounts import Account

_FLUCTUATION = 0.0006
"""How far a midnight's number may be from the trend, per follower."""


class Followers:
    """The followers of all accounts: a steady trend with a small fluctuation from day to day.

    Args:
        settings: Settings of the world.
        dice: Random numbers.
    """

    def __init__(self, settings: WorldSettings, dice: Dice) -> None:
        self._start, self._dice = settings.start, dice

    def trend(self, account: Account, moment: datetime) -> float:
        """Return the number without fluctuation; never less than a tenth of that at the start."""
        gained = account.followers_per_day * ((moment - self._start) / ONE_DAY)
        return max(account.followers_at_start / 10, account.followers_at_start + gained)

    def at_midnight(self, account: Account, day: date) -> int:
        """Return the number at the beginning of a Pacific day."""
        if account.small:
            return account.followers_at_start
        key = ("followers", account.index, day.toordinal())
        fluctuation = self._dice.scale(-_FLUCTUATION, _FLUCTUATION, *key)
        return int(self.trend(account, midnight(day)) * (1 + fluctuation))

    def net(self, account: Account, day: date) -> int:
        """Return the follows minus the unfollows of a Pacific day."""
        return self.at_midnight(account, day + ONE_DAY) - self.at_midnight(account, day)

    def at(self, account: Account, now: datetime) -> int:
        """Return the number at a moment."""
        day = day_of(now)
        begin, end = midnight(day), end_of(day)
        passed = (now - begin) / (end - begin)
        return self.at_midnight(account, day) + int(self.net(account, day) * passed)
