"""What other people wrote and posted: personal data, which is read only if a setting says so."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th
from singer_sdk.singerlib import SelectionMask
from typing_extensions import override

from tap_instagram_business.fields import (
    COLLABORATIVE_FIELDS,
    COMMENT_FIELDS,
    FACEBOOK,
    TAGGED_FIELDS,
    requested,
)
from tap_instagram_business.graph.calls import ListCall, Result
from tap_instagram_business.graph.error_table import Action
from tap_instagram_business.graph.paging import next_page
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import ACCOUNT_ID, column, columns
from tap_instagram_business.streams.media import Media
from tap_instagram_business.streams.media_base import DerivedFromMedia, ListedMedia, ListingStream
from tap_instagram_business.streams.nodes import read_fields, read_list
from tap_instagram_business.values import read_whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_instagram_business.run import Run

COMMENTS_PER_PAGE = "50"
MAX_FAILED_MEDIA = 25
"""If the comments on so many media of an account cannot be read, the account is left out."""


class OthersStream(InstagramStream):
    """A table that is off, whatever the selection says, unless setting `include_others` is true."""

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap, run)
        self.selected_by_default = bool(self.config["include_others"])

    @property
    @override
    def mask(self) -> SelectionMask:
        return super().mask if self.config["include_others"] else SelectionMask({(): False})

    @property
    def is_held_back(self) -> bool:
        """Whether the table is selected, but the setting does not let it be read."""
        return super().mask[()] and not self.config["include_others"]


class Comments(OthersStream, DerivedFromMedia):
    """One comment or reply (Graph API: IG Comment).

    The table is off unless setting `include_others` is true, because comments are personal data of
    other people. The comments on a media are read when the media is due. Meta leaves out comments
    on ads and on age-gated media.
    """

    name = "comments"
    parent_stream_type = Media
    primary_keys = ("id",)
    replication_key = "timestamp"
    schema = th.PropertiesList(
        column("id", "string", "Id of the comment.", key=True),
        ACCOUNT_ID,
        column("media_id", "string", "Id of the media that the comment is on."),
        column(
            "parent_id",
            "string",
            "Id of the comment that this one replies to. NULL if it is not a reply.",
        ),
        *columns(COMMENT_FIELDS),
    ).to_dict()

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap, run)
        self._failed: dict[str, set[str]] = defaultdict(set)

    @override
    def needs(self) -> Iterable[str]:
        return ("comments_count",) if self.selected else ()

    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        """Read the comments on those media that are due and have any."""
        due = {item.id: item for item in media if self._wants(item)}
        lists = (self._list(item, item.id, "comments") for item in due.values())
        for result in self.lists(lists):
            self._take(result)

    def _wants(self, media: ListedMedia) -> bool:
        has_comments = read_whole_number(media.node.get("comments_count")) != 0
        return has_comments and not self.has_skipped(media.account) and self.is_due(media)

    def _list(self, media: ListedMedia, node: str, edge: str) -> ListCall:
        fields = ",".join(requested(COMMENT_FIELDS, self.config["login"], self.wanted_columns))
        replies = "" if edge == "replies" else f",replies.limit({COMMENTS_PER_PAGE}){{{fields}}}"
        params = {"fields": f"{fields}{replies}", "limit": COMMENTS_PER_PAGE}
        return ListCall(node, edge, params, media.account.token, media, media.account.id)

    def _take(self, result: Result, parent_id: str | None = None) -> None:
        """Write the comments of a page, and their replies; or replies to a comment."""
        media: ListedMedia = result.call.context
        self._take_error(result)
        for node in read_list(self, media.account, result, media_id=media.id):
            self.write(self._row(media, node, parent_id))
            if parent_id is None and (replies := node.get("replies")) is not None:
                self._take_replies(media, node["id"], replies)

    def _take_replies(self, media: ListedMedia, comment_id: str, replies: object) -> None:
        """Write the replies to a comment: Meta gives their first page together with it."""
        page = replies if isinstance(replies, dict) else {"data": replies}
        first, more = next_page(Result(self._list(media, comment_id, "replies"), page))
        self._take(first, comment_id)
        for result in self.lists([more] if more else []):
            self._take(result, comment_id)

    def _take_error(self, result: Result) -> None:
        """Write a gap for comments that cannot be read; a media that is gone has none."""
        media: ListedMedia = result.call.context
        error = result.error
        if error is None or error.rule.action is Action.GONE:
            return
        has_room = len(self._failed[media.account.id]) < MAX_FAILED_MEDIA
        if error.rule.action is Action.SKIP_ACCOUNT or not has_room:
            self.skip_account(media.account, error)
            return
        self._failed[media.account.id].add(media.id)
        self.ask_again(media)
        self.gaps.add(media.account, f"/{result.call.edge}", error, media_id=media.id)

    def _row(self, media: ListedMedia, node: dict[str, Any], parent_id: str | None) -> Record:
        return {
            "id": node["id"],
            "account_id": media.account.id,
            "media_id": media.id,
            "parent_id": parent_id,
            **read_fields(self, media.account, COMMENT_FIELDS, node, media_id=media.id),
        }


class MediaOfOthers(OthersStream, ListingStream):
    """A list of media of other accounts, which each run reads to its end."""

    primary_keys = ("id", "account_id")
    replication_key = "timestamp"
    bookmark_text = "none. Every run reads the whole list."
    needed: ClassVar[frozenset[str]] = frozenset()
    media_per_page = "25"  # Meta refuses larger pages: "reduce the amount of data".


class TaggedMedia(MediaOfOthers):
    """One media in which the account is tagged (Graph API: IG User tags).

    The table is off unless setting `include_others` is true, because these are posts of other
    people.
    """

    name = "tagged_media"
    edge = "tags"
    fields = TAGGED_FIELDS
    schema = th.PropertiesList(
        column("id", "string", "Id of the media.", key=True),
        ACCOUNT_ID,
        *columns(TAGGED_FIELDS),
    ).to_dict()


class CollaborativeMedia(MediaOfOthers):
    """One media of another account on which the account collaborates.

    Meta leaves these media out of `media` (Graph API: IG User collaborative_media; Facebook login
    only). The table is off unless setting `include_others` is true, because these are posts of
    other people.
    """

    name = "collaborative_media"
    edge = "collaborative_media"
    fields = COLLABORATIVE_FIELDS
    schema = th.PropertiesList(
        column("id", "string", "Id of the media.", key=True),
        ACCOUNT_ID,
        *columns(COLLABORATIVE_FIELDS),
    ).to_dict()

    @override
    def rows(self) -> Iterator[Record]:
        if self.config["login"] in FACEBOOK:
            yield from super().rows()
