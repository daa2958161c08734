"""The account insights of each Pacific day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from instagram_sandbox.graph_api.pacific import end_of, midnight
from instagram_sandbox.graph_api.world.account_rest import draw_rest, runs_ads
from instagram_sandbox.graph_api.world.final_figures import Counts
from instagram_sandbox.graph_api.world.shares import split_total

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.settings import WorldSettings
    from instagram_sandbox.graph_api.world.accounts import Account
    from instagram_sandbox.graph_api.world.day_gains import Gains, MediaGains
    from instagram_sandbox.graph_api.world.followers import Followers

FINAL_AFTER = timedelta(hours=48)
"""Time after the end of a day until its numbers are final."""

INTERACTIONS = ("likes", "comments", "shares", "saves", "replies", "reposts")
FOLLOWER_MOVES = frozenset({"follows", "unfollows"})
_CONTACTS = {"EMAIL": 0.5, "CALL": 0.25, "DIRECTION": 0.15, "TEXT": 0.1}
_SEEN_BY_OTHERS = 0.5
"""Of the people whom a media reaches, the share that the largest media of the day does not."""
_SEEN_BY_OTHERS_IN_A_PERIOD = 0.15
"""The same for a period of several days, in which the media reach the same people again."""
_WEBSITE = 0.6
"""Share of the taps on a profile that open the website; the others are contacts."""


class Parts(NamedTuple):
    """What an account's day consists of, at a moment: the sum is Meta's number.

    Attributes:
        media: What the media gain.
        rest: What comes from old posts and the profile.
    """

    media: Gains
    rest: Counts


class AccountDays:
    """The account insights of all accounts by Pacific day.

    Graph API: account insights. A day is the sum of what the posts, reels and stories gain in it,
    and of a rest from old posts and the profile. People are counted once, so that reach is lower
    than the sum and not lower than the reach that one media gains. The rest is final 48 hours after
    the end of the day, and lower before. `follows` and `unfollows` are the two parts of
    follows_and_unfollows; their difference is the change of followers_count.

    Args:
        settings: Settings of the world.
        dice: Random numbers.
        gains: What the media gain.
        followers: The numbers of followers.
    """

    def __init__(
        self, settings: WorldSettings, dice: Dice, gains: MediaGains, followers: Followers
    ) -> None:
        self._settings, self._dice = settings, dice
        self._media, self._followers = gains, followers
        self._days: dict[tuple[int, date], Parts] = {}
        self._shown: dict[tuple[int, date, float], dict[str, int]] = {}
        self._periods: dict[tuple[int, date, date], int] = {}

    def figures(self, account: Account, day: date, now: datetime) -> dict[str, int]:
        """Return the insights of an account and a day by metric, as Meta shows them at a moment.

        The result omits numbers that Meta never computed. It is empty before the day, and while the
        account was not yet a professional one.
        """
        share = visible_share(day, now)
        if not share or self._before_conversion(day):
            return {}
        place = (account.index, day, share)
        found = self._shown.get(place)
        if found is None:
            parts = self._parts(account, day, now)
            figures = _figures(parts) | self._follower_moves(account, day, now, parts)
            missing = self._missing(account, day)
            found = {name: value for name, value in figures.items() if name not in missing}
            if now >= end_of(day):
                self._shown[place] = found
        return dict(found)

    def breakdown(
        self, account: Account, day: date, now: datetime, metric: str, breakdown: str
    ) -> dict[str, int]:
        """Split an insight into the parts of a breakdown, without parts of zero.

        Args:
            account: The account.
            day: The Pacific day.
            now: Moment of the call.
            metric: Name of the insight.
            breakdown: follow_type, media_product_type or contact_button_type.
        """
        figures = self.figures(account, day, now)
        if metric == "follows_and_unfollows":
            moves = {"FOLLOWER": "follows", "NON_FOLLOWER": "unfollows"}
            return {name: figures[move] for name, move in moves.items() if figures.get(move)}
        total = figures.get(metric, 0)
        if not total:
            return {}
        if breakdown == "contact_button_type":
            return split_total(total, _CONTACTS)
        if breakdown == "media_product_type":
            products = self._by_product(account, day, now)
            values = {name: _metrics(counts)[metric] for name, counts in products.items()}
            return split_total(total, {name: value for name, value in values.items() if value})
        return split_total(total, self._follow_types(account, day, metric, total))

    def people_reached(self, account: Account, days: Sequence[date], now: datetime) -> int:
        """Return the number of accounts reached in consecutive days, each counted once.

        It is at least the reach of each day and what each media gains in the period, and at most
        the sum of the days.
        """
        days = [day for day in days if visible_share(day, now) and not self._before_conversion(day)]
        if not days:
            return 0
        parts = [self._people(account, day, now) for day in days]
        media = sum(gains.total.reach for gains, _ in parts)
        most = self._most_people(account, min(days), max(days), now)
        people = most + int((media - most) * _SEEN_BY_OTHERS_IN_A_PERIOD)
        people += estimate_people([rest for _, rest in parts])
        daily = [_reach(gains) + rest for gains, rest in parts]
        return min(sum(daily), max(people, *daily))

    def _people(self, account: Account, day: date, now: datetime) -> tuple[Gains, int]:
        """Return what a day's media gain, and the number of people that the rest reaches."""
        media, rest = self._whole(account, day)
        if now < end_of(day):
            media = self._media.between(account, midnight(day), now)
        return media, int(rest.reach * visible_share(day, now))

    def _most_people(self, account: Account, first: date, last: date, now: datetime) -> int:
        """Return the highest reach that one media gains in a period."""
        place, end = (account.index, first, last), end_of(last)
        found = self._periods.get(place)
        if found is None:
            found = self._media.most_people(account, midnight(first), min(end, now))
            if now >= end:
                self._periods[place] = found
        return found

    def _parts(self, account: Account, day: date, now: datetime) -> Parts:
        """Return the parts of a day at a moment."""
        whole = self._whole(account, day)
        share, begin = visible_share(day, now), midnight(day)
        media = whole.media if now >= end_of(day) else self._media.between(account, begin, now)
        return Parts(media, Counts._make(int(count * share) for count in whole.rest))

    def _whole(self, account: Account, day: date) -> Parts:
        """Return the final parts of a day."""
        place = (account.index, day)
        found = self._days.get(place)
        if found is None:
            begin, end = midnight(day), end_of(day)
            people = self._followers.at_midnight(account, day)
            found = self._days[place] = Parts(
                self._media.between(account, begin, end),
                draw_rest(self._dice, account, day, people),
            )
        return found

    def _follower_moves(
        self, account: Account, day: date, now: datetime, parts: Parts
    ) -> dict[str, int]:
        """Return follows and unfollows; when the day is over, they do not change any more."""
        whole, people = self._whole(account, day), self._followers.at_midnight(account, day)
        net = self._followers.net(account, day)
        lost = self._dice.scale(0.0002, 0.0008, "unfollows", account.index, day.toordinal())
        follows = whole.media.total.follows + whole.rest.follows
        follows = max(follows, net + int(people * lost))
        unfollows = follows - net
        begin, end = midnight(day), end_of(day)
        passed = min(1.0, (now - begin) / (end - begin))
        so_far = parts.media.total.follows
        return {
            "follows": max(so_far, int(follows * passed)),
            "unfollows": int(unfollows * passed),
        }

    def _by_product(self, account: Account, day: date, now: datetime) -> dict[str, Counts]:
        media, rest = self._parts(account, day, now)
        product = "AD" if runs_ads(self._dice, account, day) else "POST"
        return {**media.by_product, product: _add(media.by_product.get(product), rest)}

    def _follow_types(
        self, account: Account, day: date, metric: str, total: int
    ) -> dict[str, float]:
        dice, key = self._dice, ("split", account.index, day.toordinal())
        share = dice.scale(0.35, 0.9, *key)
        if metric == "reach":
            share = min(share, 0.8 * self._followers.at_midnight(account, day) / total)
        unknown = {"UNKNOWN": 0.02} if metric == "views" and dice.chance(0.3, *key, "?") else {}
        return {"NON_FOLLOWER": 1 - share, "FOLLOWER": share, **unknown}

    def _before_conversion(self, day: date) -> bool:
        days = self._settings.converted_days_ago
        return days is not None and end_of(day) <= self._settings.start - timedelta(days=days)

    def _missing(self, account: Account, day: date) -> frozenset[str]:
        dice, key = self._dice, ("missing", account.index, day.toordinal())
        share = self._settings.empty_day_share
        moves = FOLLOWER_MOVES if account.small else frozenset()
        if not share:
            return moves
        if dice.chance(share, *key):
            return frozenset(_NAMES)
        missing = {name for name in _NAMES if dice.chance(share, *key, name)} - FOLLOWER_MOVES
        return frozenset(missing) | moves


def _add(one: Counts | None, other: Counts) -> Counts:
    return Counts._make(map(sum, zip(one, other, strict=True))) if one else other


def _reach(media: Gains) -> int:
    others = media.total.reach - media.most_people
    return media.most_people + int(others * _SEEN_BY_OTHERS)


def _metrics(counts: Counts) -> dict[str, int]:
    """Return the insights that are sums over the media, by the names that accounts have."""
    figures = {
        "reach": counts.reach,
        "views": counts.reach + counts.repeats,
        "likes": counts.likes,
        "comments": counts.comments,
        "shares": counts.shares,
        "saves": counts.saved,
        "replies": counts.replies,
        "reposts": counts.reposts,
    }
    return figures | {"total_interactions": sum(figures[name] for name in INTERACTIONS)}


def _figures(parts: Parts) -> dict[str, int]:
    counts = _add(parts.media.total, parts.rest)
    figures = _metrics(counts) | {"reach": _reach(parts.media) + parts.rest.reach}
    likes, interactions = parts.media.most_likes, figures["total_interactions"]
    engaged = likes + int((interactions - likes) * 0.7)
    website = int(counts.profile_activity * _WEBSITE)
    return {
        **figures,
        "accounts_engaged": min(figures["reach"], engaged),
        "profile_links_taps": counts.profile_activity - website,
        "profile_views": counts.profile_visits,
        "website_clicks": website,
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
    """Return the share of a day's rest that Meta shows at a moment, from 0 to 1."""
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
