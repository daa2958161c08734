"""Which fields a node has, for which login: data, one row a field.

Graph API reference: IG User, IG Media. Left out on purpose: `view_count`, `shopping_*` and
`copyright_check_information`, whose asking fails a whole node or page; `saved_count`, which comes
back empty; and what is for live video only.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_instagram_business.values import (
    read_boolean,
    read_digits,
    read_id,
    read_number,
    read_text,
    read_time,
    read_whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FACEBOOK = frozenset({"facebook"})
INSTAGRAM = frozenset({"instagram"})
BOTH = FACEBOOK | INSTAGRAM


@dataclass(frozen=True)
class Field:
    """One field of a node.

    Attributes:
        name: the column.
        type: `string`, `id` and `digits` (strings of digits), `integer`, `number`, `boolean` or
            `date-time`.
        description: what it says, with its unit.
        logins: the logins that can read it.
        within: the field it stands in at Meta, where that is an object.
        key: its name in that object.
    """

    name: str
    type: str
    description: str
    logins: frozenset[str] = BOTH
    within: str = ""
    key: str = ""

    @property
    def request(self) -> str:
        """What to ask Meta for."""
        return self.within or self.name

    def read(self, node: Mapping[str, object]) -> object:
        """Return the field's value in a node; None where Meta left it out or it has another type.

        A `date-time` is written with its offset, as in 2026-10-01T12:34:56+00:00.
        """
        content, is_object = self._content(node)
        value = _READERS[self.type](content) if is_object else None
        return value.isoformat() if isinstance(value, dt.datetime) else value

    def is_unreadable(self, node: Mapping[str, object]) -> bool:
        """Return whether Meta gave something that is no value of the column's type."""
        content, is_object = self._content(node)
        return content is not None and (not is_object or self.read(node) is None)

    def _content(self, node: Mapping[str, object]) -> tuple[object, bool]:
        """Return what Meta gave, and whether it is where it belongs."""
        if not self.within:
            return node.get(self.name), True
        holder = node.get(self.within)
        return (holder.get(self.key), True) if isinstance(holder, dict) else (holder, False)


_READERS: Mapping[str, Callable[[object], object]] = {
    "string": read_text,
    "id": read_id,
    "digits": read_digits,
    "integer": read_whole_number,
    "number": read_number,
    "boolean": read_boolean,
    "date-time": read_time,
}


ACCOUNT_FIELDS = (
    Field("username", "string", "User name (handle), without the @."),
    Field("name", "string", "Display name. NULL if the account has none."),
    Field("biography", "string", "Text of the profile. NULL if it is empty."),
    Field("website", "string", "Link in the profile. NULL if there is none."),
    Field(
        "profile_picture_url",
        "string",
        "Address of the profile picture. It stops working after some days.",
    ),
    Field("followers_count", "integer", "Number of followers at the time of reading."),
    Field(
        "follows_count",
        "integer",
        "Number of accounts that this account follows, at the time of reading.",
    ),
    Field(
        "media_count",
        "integer",
        "Number of media by Instagram's own count. It may differ from the rows of `media`.",
    ),
    Field("account_type", "string", "BUSINESS or MEDIA_CREATOR.", INSTAGRAM),
    Field("has_profile_pic", "boolean", "True if a profile picture is set.", FACEBOOK),
    Field("is_published", "boolean", "True if the profile is published.", FACEBOOK),
    Field("ig_id", "digits", "Instagram's older id of the account.", FACEBOOK),
    Field(
        "legacy_instagram_user_id",
        "digits",
        "Id by which Meta's ads knew the account before version 22.",
        FACEBOOK,
    ),
)

PAGE_FIELDS = (
    Field(
        "page_id",
        "id",
        "Id of the account's Facebook Page. NULL if the account was found in another way.",
        within="page",
        key="id",
    ),
    Field("page_name", "string", "Name of that Page.", within="page", key="name"),
)

_ALBUM = (
    Field("media_type", "string", "IMAGE or VIDEO."),
    Field(
        "media_url",
        "string",
        "Temporary address of the file; it works for about 32 hours. NULL if the media contains "
        "copyrighted material.",
    ),
    Field(
        "thumbnail_url",
        "string",
        "Temporary address of a video's cover image; it works for about 32 hours.",
    ),
    Field("permalink", "string", "Permanent address on instagram.com."),
    Field("shortcode", "string", "The part of a permalink that identifies the media."),
    Field("timestamp", "date-time", "When the media was posted (UTC)."),
)

CHILD_FIELDS = (
    *(field for field in _ALBUM if field.name != "permalink"),
    Field("alt_text", "string", "Alternative text of an image."),
)
"""Meta gives no permalink of a slide."""

_POSTED = (
    Field("media_type", "string", "CAROUSEL_ALBUM, IMAGE or VIDEO."),
    Field("media_product_type", "string", "Where the media is shown: FEED, REELS, STORY or AD."),
    Field("timestamp", "date-time", "When the media was posted (UTC)."),
    Field("caption", "string", "Text of the post. NULL if it is empty."),
    *_ALBUM[3:5],
    *_ALBUM[1:3],
    Field("username", "string", "User name of the account that posted the media."),
    Field("owner_id", "id", "Id of the account that posted the media.", BOTH, "owner", "id"),
    Field(
        "like_count",
        "integer",
        "Number of likes, without likes on ads. NULL if the owner hides the number.",
    ),
    Field("comments_count", "integer", "Number of comments and replies, without comments on ads."),
    Field("is_comment_enabled", "boolean", "True if people can comment on the media."),
    Field("is_ai_generated", "boolean", "True if the media is labelled as made with AI."),
    Field("alt_text", "string", "Alternative text of an image."),
)

_ORGANIC = "in total: organic, from boosted posts and from Facebook crossposts"

MEDIA_FIELDS = (
    *_POSTED,
    Field("is_shared_to_feed", "boolean", "Reels only: true if the reel also appears in the feed."),
    Field("media_audio_type", "string", "Videos only: MUSIC or ORIGINAL_SOUND.", FACEBOOK),
    Field("shares_count", "integer", "Number of times the media was shared.", FACEBOOK),
    Field("reposts_count", "integer", "Number of times the media was reposted.", FACEBOOK),
    Field("total_like_count", "integer", f"Number of likes {_ORGANIC}.", FACEBOOK),
    Field("total_comments_count", "integer", f"Number of comments {_ORGANIC}.", FACEBOOK),
    Field("total_views_count", "integer", f"Number of views of a video {_ORGANIC}.", FACEBOOK),
    Field(
        "eligible_to_boost",
        "boolean",
        "True if the media can be turned into an ad.",
        FACEBOOK,
        "boost_eligibility_info",
        "eligible_to_boost",
    ),
    Field(
        "boost_ineligible_reason",
        "string",
        "Why the media cannot be turned into an ad.",
        FACEBOOK,
        "boost_eligibility_info",
        "boost_ineligible_reason",
    ),
)


def _named(names: str, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Return the fields of these names, in their order."""
    return tuple(field for name in names.split() for field in fields if field.name == name)


COUNTER_FIELDS = _named(
    "like_count comments_count shares_count reposts_count total_like_count total_comments_count "
    "total_views_count",
    MEDIA_FIELDS,
)
"""What the list of media tells about each media that changes from day to day."""

STORY_FIELDS = (
    *_POSTED,
    Field("has_poll", "boolean", "True if the story contains a poll.", FACEBOOK),
    Field("has_slider", "boolean", "True if the story contains a slider.", FACEBOOK),
)


def requested(fields: tuple[Field, ...], login: str, selected: frozenset[str]) -> list[str]:
    """List what to ask of Meta for the columns that are wanted and that the login can read."""
    wanted = (item.request for item in fields if login in item.logins and item.name in selected)
    return list(dict.fromkeys(["id", *wanted]))


COMMENT_FIELDS = (
    Field("text", "string", "Text of the comment."),
    Field("timestamp", "date-time", "When the comment was written (UTC)."),
    Field("username", "string", "User name of the author."),
    Field("from_id", "id", "Id of the author, as Meta shows it to this app.", BOTH, "from", "id"),
    Field("like_count", "integer", "Number of likes of the comment."),
    Field("hidden", "boolean", "True if the owner of the account has hidden the comment."),
)

TAGGED_FIELDS = _named("media_type caption permalink timestamp username", MEDIA_FIELDS)

COLLABORATIVE_FIELDS = _named(
    "media_type media_product_type caption permalink timestamp username like_count comments_count "
    "shares_count reposts_count",
    MEDIA_FIELDS,
)
