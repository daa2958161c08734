"""What an account gains in a day without its new media: from old posts and the profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.world.final_figures import Counts

if TYPE_CHECKING:
    from datetime import date

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.world.accounts import Account

_FEWEST_PEOPLE = 3
_WEEKEND = 1.2


def draw_rest(dice: Dice, account: Account, day: date, followers: int) -> Counts:
    """Draw the final numbers of a Pacific day.

    Args:
        dice: Random numbers.
        account: The account.
        day: The Pacific day.
        followers: Number of followers at the beginning of the day.
    """
    key = ("rest", account.index, day.toordinal())
    weekend = _WEEKEND if day.weekday() >= 5 else 1.0
    reach = int(followers * dice.scale(0.03, 0.09, *key, "reach") * weekend)
    reach = max(reach, _FEWEST_PEOPLE)

    def part(low: float, high: float, name: str) -> int:
        return dice.whole(reach * dice.scale(low, high, *key, name), *key, name)

    visits = part(0.08, 0.25, "profile views")
    return Counts(
        reach=reach,
        repeats=part(0.1, 0.6, "repeats"),
        likes=part(0.005, 0.02, "likes"),
        comments=part(0.0, 0.001, "comments"),
        saved=part(0.0, 0.004, "saves"),
        shares=part(0.0, 0.003, "shares"),
        reposts=part(0.0, 0.001, "reposts"),
        follows=part(0.004, 0.02, "follows"),
        profile_visits=visits,
        profile_activity=dice.whole(visits * dice.scale(0.04, 0.16, *key, "activity"), *key),
        replies=0,
        link_clicks=0,
        navigation=0,
    )


def runs_ads(dice: Dice, account: Account, day: date) -> bool:
    """Return whether the numbers of a day without new media come from advertising."""
    return dice.chance(0.2, "ads", account.index, day.toordinal())
