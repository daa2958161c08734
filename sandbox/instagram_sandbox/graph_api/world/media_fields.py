"""A media's fields as they are at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.catalogue import MEDIA_FIELDS
from instagram_sandbox.graph_api.world.posts import Media, fixed_fields

if TYPE_CHECKING:
    from datetime import datetime

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.settings import WorldSettings
    from instagram_sandbox.graph_api.world.media_insights import MediaInsights

_SHOWN_LIKES = ("like_count", "total_like_count", "total_comments_count", "total_views_count")


class MediaFields:
    """Gives the fields of posts, reels and stories. Graph API reference: IG Media."""

    def __init__(self, settings: WorldSettings, dice: Dice, insights: MediaInsights) -> None:
        self._known_names = MEDIA_FIELDS[settings.login]
        self._dice, self._insights = dice, insights
        self._fixed: dict[str, dict[str, Any]] = {}

    def read(self, media: Media, now: datetime, *, indirectly: bool) -> dict[str, Any]:
        """Give every field that applies and that this world's login has.

        Args:
            media: Whose fields.
            now: When they are read.
            indirectly: Whether they are read through an edge, where hidden counts stay hidden.
        """
        fields = self._fixed.get(media.id)
        if fields is None:
            drawn = fixed_fields(media, self._dice)
            fields = {name: value for name, value in drawn.items() if name in self._known_names}
            self._fixed[media.id] = fields
        counts = self._counts(media, now)
        if media.hides_likes:
            hidden = _SHOWN_LIKES if indirectly else _SHOWN_LIKES[1:]
            counts = {name: value for name, value in counts.items() if name not in hidden}
        return {**fields, **counts}

    def _counts(self, media: Media, now: datetime) -> dict[str, Any]:
        figures = self._insights.figures(media, now)
        counts: dict[str, Any] = {
            "like_count": figures["likes"],
            "comments_count": figures["comments"],
        }
        if media.product != "STORY":
            counts |= {
                "reposts_count": figures["reposts"],
                "shares_count": figures["shares"],
                "total_like_count": figures["total_likes"],
                "total_comments_count": figures["total_comments"],
            }
        if media.product != "STORY" and media.media_type == "VIDEO":
            counts["total_views_count"] = figures["total_views"]
        return {name: value for name, value in counts.items() if name in self._known_names}
