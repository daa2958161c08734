"""Which fields a node has, for which login: data, one row a field.

Graph API reference: IG User, IG Media. Left out on purpose: `view_count`, `shopping_*` and
`copyright_check_information`, whose asking fails a whole node or page; `saved_count`, which comes
back empty; and what is for live video only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FACEBOOK = frozenset({"facebook"})
INSTAGRAM = frozenset({"instagram"})
BOTH = FACEBOOK | INSTAGRAM


@dataclass(frozen=True)
class Field:
    """One field of a node.

    Attributes:
        name: the column.
        type: `string`, `integer`, `number`, `boolean` or `date-time`.
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
        """Return the field's value in a node, None where Meta left it out."""
        if not self.within:
            return node.get(self.name)
        holder = node.get(self.within)
        return holder.get(self.key) if isinstance(holder, dict) else None


ACCOUNT_FIELDS = (
    Field("username", "string", "Handle, without the @."),
    Field("name", "string", "Display name; NULL where the account has none."),
    Field("biography", "string", "Profile text; NULL where empty."),
    Field("website", "string", "Link of the profile; NULL where there is none."),
    Field("profile_picture_url", "string", "Signed address of the profile picture; ends in days."),
    Field("followers_count", "integer", "Followers at the time of reading."),
    Field("follows_count", "integer", "Accounts followed at the time of reading."),
    Field("media_count", "integer", "Media by Instagram's own count; may differ from `media`."),
    Field("account_type", "string", "BUSINESS or MEDIA_CREATOR.", INSTAGRAM),
    Field("has_profile_pic", "boolean", "Whether a profile picture is set.", FACEBOOK),
    Field("is_published", "boolean", "Whether the profile is published.", FACEBOOK),
    Field("ig_id", "string", "Instagram's older id of the account.", FACEBOOK),
)

_ALBUM = (
    Field("media_type", "string", "IMAGE or VIDEO."),
    Field(
        "media_url",
        "string",
        "Signed address of the file, good for about 32 hours; NULL for copyrighted material.",
    ),
    Field("thumbnail_url", "string", "Signed address of a video's cover, good for about 32 hours."),
    Field("permalink", "string", "Lasting address on instagram.com."),
    Field("shortcode", "string", "The part of `permalink` that names the media."),
    Field("timestamp", "date-time", "When it was posted, UTC."),
)

CHILD_FIELDS = (*_ALBUM, Field("alt_text", "string", "Alternative text of an image."))

_POSTED = (
    Field("media_type", "string", "CAROUSEL_ALBUM, IMAGE or VIDEO."),
    Field("media_product_type", "string", "Where it is shown: FEED, REELS, STORY or AD."),
    Field("timestamp", "date-time", "When it was posted, UTC."),
    Field("caption", "string", "Text of the post; NULL where empty."),
    *_ALBUM[3:5],
    *_ALBUM[1:3],
    Field("username", "string", "Handle of the account that posted it."),
    Field("owner_id", "string", "Id of the account that posted it.", BOTH, "owner", "id"),
    Field(
        "like_count", "integer", "Likes, those on ads left out; NULL where the owner hides them."
    ),
    Field("comments_count", "integer", "Comments with replies, those on ads left out."),
    Field("is_comment_enabled", "boolean", "Whether it can be commented on."),
    Field("is_ai_generated", "boolean", "Whether it is labelled as made with AI."),
    Field("alt_text", "string", "Alternative text of an image."),
)

_ORGANIC = "Organic, boosted and Facebook crosspost together"

MEDIA_FIELDS = (
    *_POSTED,
    Field("is_shared_to_feed", "boolean", "Reels: whether it also stands in the feed."),
    Field("media_audio_type", "string", "Videos: MUSIC or ORIGINAL_SOUND.", FACEBOOK),
    Field("shares_count", "integer", "Times it was shared.", FACEBOOK),
    Field("reposts_count", "integer", "Times it was reposted.", FACEBOOK),
    Field("total_like_count", "integer", f"Likes. {_ORGANIC}.", FACEBOOK),
    Field("total_comments_count", "integer", f"Comments. {_ORGANIC}.", FACEBOOK),
    Field("total_views_count", "integer", f"Views of a video. {_ORGANIC}.", FACEBOOK),
    Field(
        "eligible_to_boost",
        "boolean",
        "Whether it can be turned into an ad.",
        FACEBOOK,
        "boost_eligibility_info",
        "eligible_to_boost",
    ),
    Field(
        "boost_ineligible_reason",
        "string",
        "Why it cannot be turned into an ad.",
        FACEBOOK,
        "boost_eligibility_info",
        "boost_ineligible_reason",
    ),
)

STORY_FIELDS = (
    *_POSTED,
    Field("has_poll", "boolean", "Whether it holds a poll.", FACEBOOK),
    Field("has_slider", "boolean", "Whether it holds a slider.", FACEBOOK),
)


def requested(fields: tuple[Field, ...], login: str, selected: frozenset[str]) -> list[str]:
    """List what to ask of Meta for the columns that are wanted and that the login can read."""
    wanted = (item.request for item in fields if login in item.logins and item.name in selected)
    return list(dict.fromkeys(["id", *wanted]))


COMMENT_FIELDS = (
    Field("text", "string", "What was written."),
    Field("timestamp", "date-time", "When it was written, UTC."),
    Field("username", "string", "Handle of whoever wrote it."),
    Field("from_id", "string", "Id of whoever wrote it, as this app sees it.", BOTH, "from", "id"),
    Field("like_count", "integer", "Likes of the comment."),
    Field("hidden", "boolean", "Whether the owner has hidden it."),
)

TAGGED_FIELDS = (
    Field("media_type", "string", "CAROUSEL_ALBUM, IMAGE or VIDEO."),
    Field("caption", "string", "Text of the post; NULL where empty."),
    Field("permalink", "string", "Lasting address on instagram.com."),
    Field("timestamp", "date-time", "When it was posted, UTC."),
    Field("username", "string", "Handle of the account that posted it."),
)
