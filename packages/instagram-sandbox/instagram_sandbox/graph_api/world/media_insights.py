"""The insights of posts, reels and stories."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.catalogue import FACEBOOK_ONLY_METRICS
from instagram_sandbox.graph_api.world.shares import split_total

if TYPE_CHECKING:
    from datetime import datetime

    from instagram_sandbox.graph_api.settings import WorldSettings
    from instagram_sandbox.graph_api.world.final_figures import MediaDraw
    from instagram_sandbox.graph_api.world.posts import Media

FIRST_FIGURES_AFTER = timedelta(minutes=30)
"""In this time after a media is published, the API answers with empty data."""
MIN_VIEWERS = 5
"""Meta refuses the insights of a story with fewer viewers."""

_ANY = ("views", "reach", "shares", "total_interactions", "reposts", "total_views")
_POST = (*_ANY, "saved", "likes", "comments", "total_likes", "total_comments")
_PROFILE = ("follows", "profile_visits", "profile_activity")
_WATCHED = ("ig_reels_avg_watch_time", "ig_reels_video_view_total_time", "reels_skip_rate")
_NAVIGATION = {"TAP_FORWARD": 0.62, "TAP_EXIT": 0.17, "SWIPE_FORWARD": 0.14, "TAP_BACK": 0.07}
_ACTIONS = {"BIO_LINK_CLICKED": 0.5, "OTHER": 0.2, "EMAIL": 0.15, "CALL": 0.1, "DIRECTION": 0.05}


class MediaInsights:
    """The lifetime insights of all media.

    Graph API: media insights. The product and the type of a media decide which insights it has.

    Args:
        settings: Settings of the world.
        draw: The final numbers of media.
    """

    def __init__(self, settings: WorldSettings, draw: MediaDraw) -> None:
        self._settings, self._draw = settings, draw

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
        """Split `navigation` or `profile_activity` into parts, without parts of zero."""
        if now - media.published < FIRST_FIGURES_AFTER:
            return {}
        total = int(self.figures(media, now)[metric])
        return split_total(total, _NAVIGATION if metric == "navigation" else _ACTIONS)

    def figures(self, media: Media, now: datetime) -> dict[str, int | float]:
        """Return all numbers of a media, including those that the API does not give for it."""
        final, counts = self._draw.final_figures(media), self._draw.counts(media, now)
        grown = counts._asdict() | {"views": counts.reach + counts.repeats}
        views, likes, comments = grown["views"], grown["likes"], grown["comments"]
        social = ("likes", "comments", "saved", "shares", "reposts", "replies")
        on_facebook = views * 2 // 5 if media.crossposted else 0
        paid = 3 if media.boosted else 2
        return {
            **grown,
            "total_interactions": sum(grown[name] for name in social),
            "ig_reels_avg_watch_time": final.watch_time,
            "ig_reels_video_view_total_time": final.watch_time * views,
            "reels_skip_rate": final.skip_rate,
            "facebook_views": on_facebook,
            "crossposted_views": views + on_facebook,
            "total_likes": likes * paid // 2 + on_facebook // 50,
            "total_comments": comments * paid // 2,
            "total_views": views * paid // 2 + on_facebook,
        }
