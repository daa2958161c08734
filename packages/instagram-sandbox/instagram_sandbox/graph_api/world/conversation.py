"""What other people publish: comments, replies, and posts in which an account is tagged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.pacific import graph_time
from instagram_sandbox.graph_api.world.captions import draw_caption, draw_comment, draw_person
from instagram_sandbox.graph_api.world.growth import POST_GROWTH
from instagram_sandbox.graph_api.world.ids import Ids, Key, Kind
from instagram_sandbox.graph_api.world.posts import Timeline

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.settings import WorldSettings
    from instagram_sandbox.graph_api.world.accounts import Account
    from instagram_sandbox.graph_api.world.final_figures import MediaDraw
    from instagram_sandbox.graph_api.world.posts import Media

_TAG_INTERVAL = timedelta(days=9)


@dataclass(frozen=True)
class Comment:
    """A comment, or a reply to one.

    Attributes:
        id: Its id, `178…`.
        media: The media that it belongs to.
        number: Its position among the comments and replies of the media, from 1.
        parent: Number of the comment that it replies to, or None.
    """

    id: str
    media: Media
    number: int
    parent: int | None


@dataclass(frozen=True)
class TaggedMedia:
    """A post of another account in which an account is tagged.

    Attributes:
        id: Its id, `179…`.
        account: The account that is tagged.
        number: Its position among the posts in which the account is tagged, from 0.
        published: Moment at which it was published.
    """

    id: str
    account: Account
    number: int
    published: datetime


class Conversation:
    """The comments on all media, and all tagged media.

    Args:
        settings: Settings of the world.
        dice: Random numbers.
        ids: The ids of the world.
        draw: The final numbers of media, which tell the number of comments.
    """

    def __init__(self, settings: WorldSettings, dice: Dice, ids: Ids, draw: MediaDraw) -> None:
        self._dice, self._ids, self._draw = dice, ids, draw
        origin = settings.start - timedelta(days=settings.days)
        self._tag_times = Timeline(origin, _TAG_INTERVAL, dice, "tag time")

    def comments(self, media: Media, now: datetime) -> list[Comment]:
        """Return the comments and replies on a media at a moment, newest first."""
        count = self._draw.counts(media, now).comments
        return [self.comment(media, number) for number in range(count, 0, -1)]

    def comment(self, media: Media, number: int) -> Comment:
        """Return a comment or reply by its number, from 1."""
        key = Key(Kind.COMMENT, media.account.index, media.number, number)
        parent = number
        while self._is_reply(media, parent):
            parent -= 1
        return Comment(self._ids.encode(key), media, number, parent if parent < number else None)

    def comment_fields(self, comment: Comment) -> dict[str, Any]:
        """Return the fields of a comment. Graph API reference: IG Comment."""
        media, dice = comment.media, self._dice
        key = ("comment", media.account.index, media.number, comment.number)
        final = self._draw.final_figures(media).counts.comments
        when = POST_GROWTH.time_of_value(media.published, comment.number, final)
        person = draw_person(dice, *key)
        fields: dict[str, Any] = {
            "id": comment.id,
            "text": draw_comment(dice, *key),
            "timestamp": graph_time(when),
            "username": person,
            "like_count": dice.between(0, 9, *key, "likes"),
            "hidden": dice.chance(0.03, *key, "hidden"),
            "from": {"id": f"178{dice.between(0, 10**13, *key, 'from'):013d}", "username": person},
            "media": {"id": media.id},
        }
        if comment.parent is not None:
            parent = Key(Kind.COMMENT, media.account.index, media.number, comment.parent)
            fields["parent_id"] = self._ids.encode(parent)
        return fields

    def tagged(self, account: Account, now: datetime) -> list[TaggedMedia]:
        """Return the media in which an account is tagged at a moment, newest first."""
        count = self._tag_times.count(account.index, now)
        return [self.tagged_media(account, number) for number in range(count - 1, -1, -1)]

    def tagged_media(self, account: Account, number: int) -> TaggedMedia:
        """Return a media in which an account is tagged by its number; the oldest has 0."""
        identifier = self._ids.encode(Key(Kind.TAGGED, account.index, number))
        return TaggedMedia(
            identifier, account, number, self._tag_times.moment(account.index, number)
        )

    def tagged_fields(self, tagged: TaggedMedia) -> dict[str, Any]:
        """Return the fields of a tagged media, without its owner, which is another account."""
        dice, key = self._dice, ("tagged", tagged.account.index, tagged.number)
        code = f"T{int(tagged.id) % 36**9:x}"
        fields: dict[str, Any] = {
            "id": tagged.id,
            "media_type": dice.pick(("IMAGE", "VIDEO"), *key, "type"),
            "media_product_type": "FEED",
            "permalink": f"https://www.instagram.com/p/{code}/",
            "shortcode": code,
            "timestamp": graph_time(tagged.published),
            "username": draw_person(dice, *key),
            "like_count": dice.between(0, 900, *key, "likes"),
            "comments_count": dice.between(0, 40, *key, "comments"),
            "media_url": f"https://scontent.cdninstagram.com/v/t51/{tagged.id}.jpg",
        }
        caption = draw_caption(dice, *key)
        return {**fields, "caption": caption} if caption else fields

    def _is_reply(self, media: Media, number: int) -> bool:
        return number > 1 and self._dice.chance(
            0.3, "reply", media.account.index, media.number, number
        )
