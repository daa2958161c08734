"""Posts, carousels and reels: their moments, types and fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from instagram_sandbox.graph_api.pacific import graph_time
from instagram_sandbox.graph_api.world.captions import draw_caption
from instagram_sandbox.graph_api.world.ids import Ids, Key, Kind

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.settings import WorldSettings
    from instagram_sandbox.graph_api.world.accounts import Account

Product = Literal["FEED", "REELS", "STORY"]
MediaType = Literal["IMAGE", "CAROUSEL_ALBUM", "VIDEO"]


ALT_TEXT = 'A cup, seen from "above"'


@dataclass(frozen=True)
class Media:
    """The properties of a post, carousel, reel or story that do not change.

    Attributes:
        id: Its id, `179…`.
        account: The account that published it.
        number: Its position among the posts, or the stories, of the account; the oldest has 0.
        published: Moment at which it was published, to the second.
        product: Meta's media_product_type.
        media_type: Meta's media_type.
        slides: Number of slides of a carousel, otherwise 0.
        hides_likes: Whether its owner hides the like count.
        has_url: Whether the API gives its `media_url`.
        crossposted: Whether it was shared to Facebook.
        boosted: Whether it was advertised, which only the total_… metrics show.
    """

    id: str
    account: Account
    number: int
    published: datetime
    product: Product
    media_type: MediaType
    slides: int = 0
    hides_likes: bool = False
    has_url: bool = True
    crossposted: bool = False
    boosted: bool = False

    @property
    def legacy_video(self) -> bool:
        """Whether it is a FEED video, as all videos were before they became reels."""
        return self.product == "FEED" and self.media_type == "VIDEO"

    @property
    def shortcode(self) -> str:
        """The code in its link."""
        return f"C{int(self.id) % 36**9:x}"


@dataclass(frozen=True)
class Slide:
    """A slide of a carousel, which is a media with few fields and without insights.

    Attributes:
        id: Its id, `179…`.
        album: The carousel.
        position: Its position in the carousel, from 0.
        media_type: IMAGE or VIDEO.
        has_url: Whether the API gives its `media_url`.
        has_alt_text: Whether its owner has described the image.
    """

    id: str
    album: Media
    position: int
    media_type: MediaType
    has_url: bool
    has_alt_text: bool


class Timeline:
    """An endless sequence of moments at even intervals, each a little late at random.

    Args:
        origin: Beginning of the first interval.
        interval: Length of an interval.
        dice: Random numbers.
        label: Key of the random numbers.
    """

    def __init__(self, origin: datetime, interval: timedelta, dice: Dice, label: str) -> None:
        self._origin, self._interval, self._dice, self._label = origin, interval, dice, label

    def moment(self, account: int, number: int) -> datetime:
        """Return the moment with a number, from 0, for an account; it has whole seconds."""
        late = self._dice.share(self._label, account, number) * 0.9
        return (self._origin + self._interval * (number + late)).replace(microsecond=0)

    def count(self, account: int, until: datetime) -> int:
        """Return the number of moments up to `until`, including it."""
        if until < self._origin:
            return 0
        whole = int((until - self._origin) / self._interval)
        return whole + (self.moment(account, whole) <= until)


class Posts:
    """The posts, carousels and reels of all accounts.

    Args:
        settings: Settings of the world.
        dice: Random numbers.
        ids: The ids of the world.
    """

    def __init__(self, settings: WorldSettings, dice: Dice, ids: Ids) -> None:
        self._settings, self._dice, self._ids = settings, dice, ids
        days = timedelta(days=settings.days)
        interval = days / settings.posts if settings.posts else timedelta.max
        self._timeline = Timeline(settings.start - days, interval, dice, "post time")
        self._cache: dict[tuple[int, int], Media] = {}

    def count(self, account: Account, until: datetime) -> int:
        """Return the number of posts that an account has published up to a moment."""
        return self._timeline.count(account.index, until) if self._settings.posts else 0

    def get(self, account: Account, number: int) -> Media:
        """Return a post by its number; the oldest has the number 0."""
        place = (account.index, number)
        post = self._cache.get(place)
        if post is None:
            post = self._cache[place] = self._draw(account, number)
        return post

    def slides(self, post: Media) -> list[Slide]:
        """Return the slides of a carousel in order; other media have none."""
        return [self.slide(post, position) for position in range(post.slides)]

    def slide(self, post: Media, position: int) -> Slide:
        """Return a slide of a carousel by its position, from 0."""
        key = ("slide", post.account.index, post.number, position)
        is_video = self._dice.chance(0.25, *key, "type")
        return Slide(
            id=self._ids.encode(Key(Kind.SLIDE, post.account.index, post.number, position)),
            album=post,
            position=position,
            media_type="VIDEO" if is_video else "IMAGE",
            has_url=not self._dice.chance(self._settings.missing_url_share, *key, "url"),
            has_alt_text=not is_video and self._dice.chance(0.3, *key, "alt"),
        )

    def _draw(self, account: Account, number: int) -> Media:
        dice, key = self._dice, ("post", account.index, number)
        published = self._timeline.moment(account.index, number)
        product, media_type = self._draw_type(published, account.index, number)
        video = media_type == "VIDEO"
        may_be_shared = product == "REELS" or media_type != "VIDEO"
        return Media(
            id=self._ids.encode(Key(Kind.POST, account.index, number)),
            account=account,
            number=number,
            published=published,
            product=product,
            media_type=media_type,
            slides=dice.between(2, 10, *key, "slides") if media_type == "CAROUSEL_ALBUM" else 0,
            hides_likes=dice.chance(self._settings.hidden_likes_share, *key, "hides likes"),
            has_url=not (video and dice.chance(self._settings.missing_url_share, *key, "url")),
            crossposted=may_be_shared and dice.chance(0.3, *key, "crossposted"),
            boosted=dice.chance(0.06, *key, "boosted"),
        )

    def _draw_type(
        self, published: datetime, account: int, number: int
    ) -> tuple[Product, MediaType]:
        draw = self._dice.share("post", account, number, "type")
        if draw < 0.4:
            return "FEED", "IMAGE"
        if draw < 0.65:
            return "FEED", "CAROUSEL_ALBUM"
        days = self._settings.legacy_videos_days_ago
        old = days is not None and published < self._settings.start - timedelta(days=days)
        return ("FEED" if old and draw < 0.85 else "REELS"), "VIDEO"


def fixed_fields(media: Media, dice: Dice) -> dict[str, Any]:
    """Return the fields of a media that do not change.

    Graph API reference, IG Media: fields that do not apply and empty captions are left out.
    """
    key = ("fields", media.account.index, media.product == "STORY", media.number)
    is_empty = media.product == "STORY" and not dice.chance(0.4, *key, "has a caption")
    caption = "" if is_empty else draw_caption(dice, *key)
    cdn = f"https://scontent.cdninstagram.com/v/t51/{media.id}"
    video = media.media_type == "VIDEO"
    fields: dict[str, Any] = {
        "id": media.id,
        "ig_id": str(10**18 + int(media.id)),
        "media_type": media.media_type,
        "media_product_type": media.product,
        "permalink": _permalink(media),
        "shortcode": media.shortcode,
        "timestamp": graph_time(media.published),
        "username": media.account.username,
        "owner": {"id": media.account.id},
        "is_comment_enabled": not dice.chance(0.03, *key, "closed"),
        "is_ai_generated": dice.chance(0.05, *key, "ai"),
    }
    if caption:
        fields["caption"] = caption
    if media.has_url:
        fields["media_url"] = f"{cdn}.{'mp4' if video else 'jpg'}"
    if video:
        fields["thumbnail_url"] = f"{cdn}_thumb.jpg"
        fields["media_audio_type"] = dice.pick(("MUSIC", "ORIGINAL_SOUND"), *key, "audio")
    if media.media_type == "IMAGE" and dice.chance(0.3, *key, "alt"):
        fields["alt_text"] = ALT_TEXT
    return fields | _fields_by_product(media, dice, *key)


def _fields_by_product(media: Media, dice: Dice, *key: str | int) -> dict[str, Any]:
    if media.product == "STORY":
        return {name: dice.chance(0.15, *key, name) for name in ("has_poll", "has_slider")}
    fields: dict[str, Any] = {"boost_eligibility_info": {"eligible_to_boost": media.has_url}}
    if not media.has_url:
        fields["boost_eligibility_info"]["boost_ineligible_reason"] = "Uses copyrighted music"
    if media.product == "REELS":
        fields["is_shared_to_feed"] = not dice.chance(0.15, *key, "reels tab only")
    return fields


def slide_fields(slide: Slide) -> dict[str, Any]:
    """Return the fields of a slide, which has no caption, permalink, counts or product type."""
    album, cdn = slide.album, f"https://scontent.cdninstagram.com/v/t51/{slide.id}"
    video = slide.media_type == "VIDEO"
    fields: dict[str, Any] = {
        "id": slide.id,
        "ig_id": str(10**18 + int(slide.id)),
        "media_type": slide.media_type,
        "shortcode": f"{album.shortcode}{slide.position}",
        "timestamp": graph_time(album.published),
        "username": album.account.username,
        "owner": {"id": album.account.id},
    }
    if slide.has_url:
        fields["media_url"] = f"{cdn}.{'mp4' if video else 'jpg'}"
    if video:
        fields["thumbnail_url"] = f"{cdn}_thumb.jpg"
    if slide.has_alt_text:
        fields["alt_text"] = ALT_TEXT
    return fields


def _permalink(media: Media) -> str:
    if media.product == "STORY":
        return f"https://www.instagram.com/stories/{media.account.username}/{media.id}"
    place = "reel" if media.product == "REELS" else "p"
    return f"https://www.instagram.com/{place}/{media.shortcode}/"
