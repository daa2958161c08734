"""Posts, carousels and reels as they are now, and the slides of carousels."""

from __future__ import annotations

import datetime as dt
import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.fields import (
    CHILD_FIELDS,
    COUNTER_FIELDS,
    MEDIA_FIELDS,
    requested,
)
from tap_instagram_business.graph.calls import ListCall, Result
from tap_instagram_business.graph.paging import next_page
from tap_instagram_business.streams.columns import (
    ACCOUNT_ID,
    READ_AT,
    READING,
    READING_KEYS,
    column,
    columns,
    read_at,
)
from tap_instagram_business.streams.media_base import DerivedFromMedia, ListedMedia, ListingStream
from tap_instagram_business.streams.nodes import read_fields, read_nodes
from tap_instagram_business.values import read_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Call
    from tap_instagram_business.graph.errors import CallError

SLIDES_PER_PAGE = "100"
NEW = dt.timedelta(days=7)
"""The counters of a younger media are kept for each run."""
YOUNG = dt.timedelta(days=90)
"""The counters of a media of this age or younger are kept for each day."""
CAPTION_COLUMNS = {"hashtags", "mentions", "caption_length"}


SCRIPTS = range(0x300, 0x1F000)
"""The characters of the world's scripts, without emoji."""
MENTION = re.compile(r"(?<![\w.])@([A-Za-z0-9_.]*[A-Za-z0-9_])")


@functools.cache
def _hashtag() -> re.Pattern[str]:
    """Return the pattern of a hashtag.

    A letter may carry marks, such as a vowel of Hindi, and the class of letters leaves marks out.
    """
    marks = (sign for sign in map(chr, SCRIPTS) if unicodedata.category(sign).startswith("M"))
    return re.compile(rf"(?<!\w)#(\w[\w{''.join(marks)}]*)")


def hashtags(caption: str) -> list[str]:
    """Return the hashtags of a caption in their order, without the #."""
    return _hashtag().findall(caption)


def mentions(caption: str) -> list[str]:
    """Return the handles that a caption mentions in their order, without the @.

    A handle has English letters, digits, underscores and full stops, and does not end with a stop.
    """
    return MENTION.findall(caption)


class Media(ListingStream):
    """One post, carousel or reel as it is now (Graph API: IG Media).

    Meta lists the newest media first, at most 10,000, and does not say when a media last changed.
    So each run lists all media, a hundred in one call, and writes them all.
    """

    name = "media"
    derived_type = DerivedFromMedia
    bookmark_text = DerivedFromMedia.bookmark_text
    edge = "media"
    fields = MEDIA_FIELDS
    lists_together = 20
    primary_keys = ("id",)
    replication_key = "timestamp"
    schema = th.PropertiesList(
        column("id", "string", "Id of the media.", key=True),
        ACCOUNT_ID,
        *columns(MEDIA_FIELDS),
        column("hashtags", "strings", "Hashtags of the caption, without the #, in their order."),
        column(
            "mentions",
            "strings",
            "User names mentioned in the caption, without the @, in their order.",
        ),
        column(
            "caption_length", "integer", "Number of characters of the caption. 0 if it is empty."
        ),
        column(
            "children_count", "integer", "Number of slides of a carousel. NULL for other media."
        ),
        column(
            "snapshot_date",
            "date",
            "UTC date of the reading: the last date on which Meta listed the media. If the account "
            "was listed later, the media is deleted or hidden, or older than the newest 10,000.",
        ),
        READ_AT,
    ).to_dict()

    @property
    @override
    def wanted_columns(self) -> frozenset[str]:
        wanted = super().wanted_columns
        return wanted | {"caption"} if wanted & CAPTION_COLUMNS else wanted

    @functools.cached_property
    @override
    def since(self) -> dt.datetime | None:
        start = self.config.get("start_date")
        if not start:
            return None
        return dt.datetime.fromisoformat(start[:10]).replace(tzinfo=dt.timezone.utc)

    @override
    def goes_on(self, result: Result) -> bool:
        """Return whether to read the next page: the list is newest first, up to `start_date`."""
        times = [read_time(node.get("timestamp")) for node in result.nodes]
        known = [moment for moment in times if moment]
        return not (known and self.since and known[-1] < self.since)

    @override
    def row(self, media: ListedMedia) -> Record:
        row = super().row(media)
        is_known = row["caption"] is not None or media.node.get("caption") is None
        caption = row["caption"] or ""
        return {
            **row,
            "hashtags": hashtags(caption) if is_known else None,
            "mentions": mentions(caption) if is_known else None,
            "caption_length": len(caption) if is_known else None,
            "children_count": len(self.slides(media)) if media.node.get("children") else None,
            "snapshot_date": media.moment.date().isoformat(),
            "read_at": read_at(media.moment),
        }

    def slides(self, media: ListedMedia) -> list[dict[str, Any] | None]:
        """Return the slides of a carousel in their order; None for one that cannot be read."""
        children = media.node.get("children")
        nodes = children.get("data") if isinstance(children, dict) else children
        return list(read_nodes(self, media.account, nodes, "/children", media_id=media.id))

    @override
    def complete(self, media: Sequence[ListedMedia]) -> None:
        """Add the slides that do not fit into the list, where Meta gives them in pages."""
        fields = ",".join(self.table(MediaChildren).slide_fields())
        params = {"fields": fields, "limit": SLIDES_PER_PAGE}
        more: list[Call] = []
        for item in media:
            children = item.node.get("children")
            if isinstance(children, dict) and isinstance(children.get("data"), list):
                account = item.account
                call = ListCall(item.id, "children", params, account.token, item, account.id)
                first, following = next_page(Result(call, children))
                self._take_slides(first)
                more += [following] if following else []
        for result in self.lists(more):
            self._take_slides(result)

    def _take_slides(self, result: Result) -> None:
        item: ListedMedia = result.call.context
        children = item.node["children"]
        if result.data is not children:
            item.node["children"] = {"data": [*children["data"], *result.data["data"]]}
        if error := result.error:
            self.gaps.add(item.account, "/children", error, media_id=item.id)

    @override
    def end(self, account: Account, error: CallError | None) -> None:
        super().end(account, error)
        if not error:
            self.advance(account, snapshot_date=self.moment(account).date().isoformat())


class MediaChildren(DerivedFromMedia):
    """One slide of a carousel, from the same answer as `media`; Meta has no insights of slides."""

    name = "media_children"
    parent_stream_type = Media
    primary_keys = ("id",)
    replication_key = "timestamp"
    schema = th.PropertiesList(
        column("id", "string", "Id of the slide.", key=True),
        column("media_id", "string", "Id of the carousel."),
        ACCOUNT_ID,
        column("position", "integer", "Position of the slide in the carousel, starting with 1."),
        *columns(CHILD_FIELDS),
    ).to_dict()

    @override
    def needs(self) -> Iterable[str]:
        is_counted = "children_count" in self.table(Media).wanted_columns
        if self.selected or is_counted:
            yield f"children.limit({SLIDES_PER_PAGE}){{{','.join(self.slide_fields())}}}"

    def slide_fields(self) -> list[str]:
        """Return the fields to ask of a slide."""
        return requested(CHILD_FIELDS, self.config["login"], self.wanted_columns)

    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        """Write the slides of those carousels that are due."""
        for item in media:
            slides = self.table(Media).slides(item) if self.is_due(item) else ()
            for position, node in enumerate(slides, start=1):
                if node is None:
                    continue
                self.write(
                    {
                        "id": node["id"],
                        "media_id": item.id,
                        "account_id": item.account.id,
                        "position": position,
                        **read_fields(self, item.account, CHILD_FIELDS, node, media_id=item.id),
                    }
                )
            self.done_until(item)


class MediaHistory(DerivedFromMedia):
    """The counters of one media at one reading, from the list of media, without extra calls.

    A media of less than 7 days gets a row in each run, one of up to 90 days in the first run of a
    UTC date, and an older one when it is due (Graph API: IG Media).
    """

    name = "media_history"
    parent_stream_type = Media
    primary_keys = ("media_id", *READING_KEYS)
    replication_key = "snapshot_date"
    schema = th.PropertiesList(
        column("media_id", "string", "Id of the media.", key=True),
        ACCOUNT_ID,
        *READING,
        *columns(COUNTER_FIELDS),
    ).to_dict()

    @override
    def needs(self) -> Iterable[str]:
        return requested(COUNTER_FIELDS, self.config["login"], self.wanted_columns)

    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        """Write the counters of those media that are new, young or due."""
        for item in media:
            if self._is_wanted(item):
                self.write(
                    {
                        **item.reading,
                        **{field.name: field.read(item.node) for field in COUNTER_FIELDS},
                    }
                )
            self.done_until(item)

    def _is_wanted(self, media: ListedMedia) -> bool:
        if media.posted is None or self.is_due(media):
            return True
        age = media.moment - media.posted
        last_read = self._last_refresh(media.account).of(media.posted)
        return age < NEW or (age <= YOUNG and last_read != media.moment.date())
