"""The insights of posts, reels and stories."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.catalogue import FACEBOOK_ONLY_METRICS
from instagram_sandbox.graph_api.world.growth import POST_HALF_LIFE, STORY_HALF_LIFE, value_at_age
from instagram_sandbox.graph_api.world.shares import split_total

if TYPE_CHECKING:
    from datetime import datetime

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.settings import WorldSettings
    from instagram_sandbox.graph_api.world.posts import Media

FIRST_FIGURES_AFTER = timedelta(minutes=30)
"""In this time after a media is published, the API answers with empty data."""
MIN_VIEWERS = 5
"""Meta refuses the insights of a story with fewer viewers."""
MAX_COMMENTS = 60

_ANY = ("views", "reach", "shares", "total_interactions", "reposts", "total_views")
_POST = (*_ANY, "saved", "likes", "comments", "total_likes", "total_comments")
_PROFILE = ("follows", "profile_visits", "profile_activity")
_WATCHED = ("ig_reels_avg_watch_time", "ig_reels_video_view_total_time", "reels_skip_rate")
_GROWING = (
    "reach",
    "views",
    "likes",
    "comments",
    "saved",
    "shares",
    "reposts",
    "follows",
    "profile_visits",
    "replies",
    "link_clicks",
    "navigation",
)
"""The final numbers that grow with the age of a media; the others are the same at any age."""
_NAVIGATION = {"TAP_FORWARD": 0.62, "TAP_EXIT": 0.17, "SWIPE_FORWARD": 0.14, "TAP_BACK": 0.07}
_ACTIONS = {"BIO_LINK_CLICKED": 0.5, "OTHER": 0.2, "EMAIL": 0.15, "CALL": 0.1, "DIRECTION": 0.05}


@dataclass(frozen=True)
class FinalFigures:
    """The final numbers of a media, from which its insights grow."""

    reach: int
    views: int
    likes: int
    comments: int
    saved: int
    shares: int
    reposts: int
    follows: int
    profile_visits: int
    replies: int
    link_clicks: int
    navigation: int
    watch_time: int
    skip_rate: float


class MediaInsights:
    """The lifetime insights of all media.

    Graph API: media insights. The product and the type of a media decide which insights it has.

    Args:
        settings: Settings of the world.
        dice: Random numbers.
    """

    def __init__(self, settings: WorldSettings, dice: Dice) -> None:
        self._settings, self._dice = settings, dice
        self._cache: dict[str, FinalFigures] = {}

    def supported(self, media: Media) -> frozenset[str]:
        """Return the names of the insights that a media has with the login of the world."""
        names: tuple[str, ...]
        if media.legacy_video:
            names = ("reach", "saved") + (("views",) if media.number % 2 else ())
        elif media.product == "STORY":
            names = (*_ANY, *_PROFILE, "comments", "replies", "navigation", "link_clicks")
        elif media.product == "REELS":
            names = (*_POST, *_WATCHED, *(("crossposted_views",) if media.crossposted else ()))
        else:
            names = (*_POST, *_PROFILE)
        if media.crossposted:
            names = (*names, "facebook_views")
        if self._settings.login == "instagram":
            return frozenset(names) - FACEBOOK_ONLY_METRICS
        return frozenset(names)

    def refusal(self, media: Media, now: datetime) -> str | None:
        """Return the reason why Meta refuses all insights of a media, or None."""
        days = self._settings.converted_days_ago
        if days is not None and media.published < self._settings.start - timedelta(days=days):
            return "before_conversion"
        if media.product == "STORY" and self.figures(media, now)["reach"] < MIN_VIEWERS:
            return "too_few_viewers"
        return None

    def values(self, media: Media, now: datetime) -> dict[str, int | float]:
        """Return the insights of a media by name; in its first half hour there are none."""
        if now - media.published < FIRST_FIGURES_AFTER:
            return {}
        figures = self.figures(media, now)
        return {name: figures[name] for name in sorted(self.supported(media))}

    def breakdown(self, media: Media, now: datetime, metric: str) -> dict[str, int]:
        """Split `navigation` or `profile_activity` into parts; parts of zero are left out."""
        if now - media.published < FIRST_FIGURES_AFTER:
            return {}
        total = int(self.figures(media, now)[metric])
        return split_total(total, _NAVIGATION if metric == "navigation" else _ACTIONS)

    def figures(self, media: Media, now: datetime) -> dict[str, int | float]:
        """Return all numbers of a media, including those that the API does not give for it."""
        final, age = self.final_figures(media), now - media.published
        half = STORY_HALF_LIFE if media.product == "STORY" else POST_HALF_LIFE
        grown = {name: value_at_age(getattr(final, name), age, half) for name in _GROWING}
        views, likes, comments = grown["views"], grown["likes"], grown["comments"]
        social = ("likes", "comments", "saved", "shares", "reposts", "replies")
        on_facebook = views * 2 // 5 if media.crossposted else 0
        paid = 3 if media.boosted else 2
        return {
            **grown,
            "total_interactions": sum(grown[name] for name in social),
            "profile_activity": grown["profile_visits"] // 4,
            "ig_reels_avg_watch_time": final.watch_time,
            "ig_reels_video_view_total_time": final.watch_time * views,
            "reels_skip_rate": final.skip_rate,
            "facebook_views": on_facebook,
            "crossposted_views": views + on_facebook,
            "total_likes": likes * paid // 2 + on_facebook // 50,
            "total_comments": comments * paid // 2,
            "total_views": views * paid // 2 + on_facebook,
        }

    def final_figures(self, media: Media) -> FinalFigures:
        """Return the final numbers of a media."""
        found = self._cache.get(media.id)
        if found is None:
            found = self._cache[media.id] = self._draw(media)
        return found

    def _draw(self, media: Media) -> FinalFigures:
        dice, key = self._dice, ("insights", media.product, media.account.index, media.number)
        story, reel = media.product == "STORY", media.product == "REELS"
        low, high = (0.05, 0.3) if story else (0.5, 4.0) if reel else (0.2, 1.2)
        followers = media.account.followers_at_start
        reach = max(12, int(followers * dice.scale(low, high, *key, "reach")))
        if story and dice.chance(0.12, *key, "unseen"):
            reach = dice.between(0, 4, *key, "unseen reach")

        def part(low: float, high: float, name: str) -> int:
            return int(reach * dice.scale(low, high, *key, name))

        return FinalFigures(
            reach=reach,
            views=part(1.1, 3.0 if reel else 2.0, "views"),
            likes=0 if story else part(0.02, 0.09, "likes"),
            comments=0 if story else dice.between(0, MAX_COMMENTS, *key, "comments"),
            saved=0 if story else part(0.0, 0.02, "saved"),
            shares=part(0.0, 0.015, "shares"),
            reposts=part(0.0, 0.004, "reposts"),
            follows=part(0.0, 0.003, "follows"),
            profile_visits=part(0.005, 0.03, "profile visits"),
            replies=part(0.0, 0.01, "replies") if story else 0,
            link_clicks=part(0.0, 0.03, "link clicks"),
            navigation=part(0.8, 1.5, "navigation"),
            watch_time=dice.between(1_800, 24_000, *key, "watch time"),
            skip_rate=round(dice.scale(15, 75, *key, "skip rate"), 2),
        )
