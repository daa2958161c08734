"""The final numbers of posts, reels and stories, from which their insights grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from instagram_sandbox.graph_api.world.growth import POST_GROWTH, STORY_GROWTH

if TYPE_CHECKING:
    from datetime import datetime

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.world.followers import Followers
    from instagram_sandbox.graph_api.world.posts import Media

MAX_COMMENTS = 60
"""The number of comments approaches this number, however many people a post reaches."""
_FEWEST_PEOPLE = 12
_POPULAR = 0.05
"""Share of the reels that reach several times as many people as the others."""


class Counts(NamedTuple):
    """The numbers of a media that grow with its age.

    `repeats` are the views by people who have seen the media before: views are reach + repeats.
    """

    reach: int
    repeats: int
    likes: int
    comments: int
    saved: int
    shares: int
    reposts: int
    follows: int
    profile_visits: int
    profile_activity: int
    replies: int
    link_clicks: int
    navigation: int


@dataclass(frozen=True)
class FinalFigures:
    """The final numbers of a media.

    Attributes:
        counts: The numbers that grow.
        watch_time: Average watch time in milliseconds, the same at any age.
        skip_rate: Percentage of the views that are skipped early, the same at any age.
    """

    counts: Counts
    watch_time: int
    skip_rate: float


@dataclass(frozen=True)
class Rates:
    """The average numbers of a kind of media.

    Attributes:
        reach: Lowest and highest reach per follower.
        repeats: Highest number of repeated views per person reached.
        likes: Likes per view.
        comments: Comments per view.
        saved: Saves per view.
        shares: Shares per view.
    """

    reach: tuple[float, float]
    repeats: float
    likes: float
    comments: float
    saved: float
    shares: float


_RATES = {
    "IMAGE": Rates((0.10, 0.35), 0.5, 0.034, 0.0022, 0.0021, 0.0008),
    "CAROUSEL_ALBUM": Rates((0.12, 0.45), 0.8, 0.030, 0.0011, 0.0042, 0.0020),
    "VIDEO": Rates((0.15, 1.00), 0.9, 0.036, 0.0013, 0.0046, 0.0052),
    "STORY": Rates((0.03, 0.11), 0.2, 0.0, 0.0, 0.0, 0.0012),
}
"""By media_type, and for stories.

Likes, comments and saves per impression are the averages by type of post in the infographic
"Instagram Reels are a Win for Any Business" (2022): 1,009 likes, 65 comments and 62 saves of 29,970
impressions for images, 1,082, 41 and 151 of 36,009 for carousels, 1,541, 54 and 194 of 42,236 for
reels, whose other 220 engagements are taken for shares. Reach per follower is as in the ranges that
reports of 2024 have for accounts of up to 100,000 followers: 15 to 40 % for posts, 5 to 15 % for
stories, up to three times as much for reels. The same reports have up to twice the engagement for
accounts with fewer than 10,000 followers.
"""
_ENGAGED_FOLLOWERS = 20_000
"""Accounts with fewer followers have more interactions per view: up to twice as many."""


class MediaDraw:
    """Draws the final numbers of media.

    Args:
        dice: Random numbers.
        followers: The followers of the accounts, to which reach is proportional.
    """

    def __init__(self, dice: Dice, followers: Followers) -> None:
        self._dice, self._followers = dice, followers
        self._cache: dict[str, FinalFigures] = {}

    def final_figures(self, media: Media) -> FinalFigures:
        """Return the final numbers of a media."""
        found = self._cache.get(media.id)
        if found is None:
            found = self._cache[media.id] = self._draw(media)
        return found

    def counts(self, media: Media, now: datetime) -> Counts:
        """Return the numbers of a media at a moment."""
        share = share_at(media, now)
        return Counts._make(int(final * share) for final in self.final_figures(media).counts)

    def _reach(self, media: Media, rates: Rates, *key: str | int) -> int:
        dice = self._dice
        share = dice.scale(*rates.reach, *key, "reach")
        if media.product == "STORY" and dice.chance(0.12, *key, "unseen"):
            return dice.between(0, 4, *key, "unseen reach")
        if media.product == "REELS" and dice.chance(_POPULAR, *key, "popular"):
            share *= dice.scale(2, 4, *key, "popularity")
        followers = self._followers.trend(media.account, media.published)
        return max(_FEWEST_PEOPLE, int(followers * share))

    def _draw(self, media: Media) -> FinalFigures:
        dice, key = self._dice, ("insights", media.product, media.account.index, media.number)
        story = media.product == "STORY"
        rates = _RATES["STORY" if story else media.media_type]
        reach = self._reach(media, rates, *key)
        views = reach + int(reach * dice.scale(0.1, rates.repeats, *key, "repeats"))

        few = max(self._followers.trend(media.account, media.published), 1)
        keenness = min(2.0, max(1.0, (_ENGAGED_FOLLOWERS / few) ** 0.3))

        def per_view(rate: float, name: str) -> int:
            rate *= keenness
            return dice.whole(views * rate * dice.scale(0.5, 1.5, *key, name), *key, name)

        def per_person(low: float, high: float, name: str) -> int:
            return dice.whole(reach * dice.scale(low, high, *key, name), *key, name)

        comments = per_view(rates.comments, "comments")
        visits = per_person(0.005, 0.03, "profile visits")
        counts = Counts(
            reach=reach,
            repeats=views - reach,
            likes=per_view(rates.likes, "likes"),
            comments=comments * MAX_COMMENTS // (comments + MAX_COMMENTS),
            saved=per_view(rates.saved, "saved"),
            shares=per_view(rates.shares, "shares"),
            reposts=per_view(rates.shares / 5, "reposts"),
            follows=per_person(0.0, 0.0015, "follows"),
            profile_visits=visits,
            profile_activity=dice.whole(visits * dice.scale(0.04, 0.16, *key, "activity"), *key),
            replies=per_person(0.0, 0.004, "replies") if story else 0,
            link_clicks=per_person(0.0, 0.012, "link clicks") if story else 0,
            navigation=per_person(0.8, 1.5, "navigation") if story else 0,
        )
        return FinalFigures(
            counts,
            watch_time=dice.between(1_800, 24_000, *key, "watch time"),
            skip_rate=round(dice.scale(15, 75, *key, "skip rate"), 2),
        )


def share_at(media: Media, now: datetime) -> float:
    """Return the share of its final numbers that a media has at a moment, from 0 to 1."""
    growth = STORY_GROWTH if media.product == "STORY" else POST_GROWTH
    return growth.share_at(now - media.published)
