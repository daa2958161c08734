"""The fields of media at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.catalogue import MEDIA_FIELDS
from instagram_sandbox.graph_api.world.posts import Media, fixed_fields

if TYPE_CHECKING:
    from datetime import datetime

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.settings import WorldSettings
    from instagram_sandbox.graph_api.world.media_insights import MediaInsights

_HIDDEN_COUNTS = ("like_count", "total_like_count", "total_comments_count", "total_views_count")


class MediaFields:
    """The fields of posts, reels and stories. Graph API reference: IG Media.

    Args:
        settings: Settings of the world.
        dice: Random numbers.
        insights: The media insights, from which the counts are taken.
    """

    def __init__(self, settings: WorldSettings, dice: Dice, insights: MediaInsights) -> None:
        self._known_names = MEDIA_FIELDS[settings.login]
        self._dice, self._insights = dice, insights
        self._fixed: dict[str, dict[str, Any]] = {}

    def read(self, media: Media, now: datetime, *, indirectly: bool) -> dict[str, Any]:
        """Return all fields that apply to a media and that the login of the world has.

        Args:
            media: The media.
            now: Moment of the call.
            indirectly: Whether the media is read through an edge, which hides hidden like counts.
        """
        fields = self._fixed.get(media.id)
        if fields is None:
            drawn = fixed_fields(media, self._dice)
            fields = {name: value for name, value in drawn.items() if name in self._known_names}
            self._fixed[media.id] = fields
        counts = self._counts(media, now)
        if media.hides_likes:
            hidden = _HIDDEN_COUNTS if indirectly else _HIDDEN_COUNTS[1:]
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
