"""Posts, carousels and reels as they are now, and the slides of carousels."""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import TYPE_CHECKING, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.client import ACCOUNT_ID, column, columns
from tap_instagram_business.graph.calls import ListCall
from tap_instagram_business.graph.fields import CHILD_FIELDS, MEDIA_FIELDS, requested
from tap_instagram_business.graph.insights import read_time
from tap_instagram_business.streams.posted import ALWAYS_NEEDED, DATED, PostedMedia, RefreshedStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import GraphError
    from tap_instagram_business.graph.paging import Page
    from tap_instagram_business.streams.comments import Comments
    from tap_instagram_business.streams.media_insights import (
        MediaInsights,
        MediaInsightsBreakdowns,
    )
    from tap_instagram_business.tap import TapInstagramBusiness

MEDIA_A_PAGE = "100"
HASHTAG = re.compile(r"(?<!\w)#(\w+)")
FROM_CAPTION = {"hashtags", "mentions", "caption_length"}
MENTION = re.compile(r"(?<![\w.])@([\w.]*\w)")


class Media(RefreshedStream):
    """One post, carousel or reel as it is now (Graph API: IG Media).

    Meta lists the newest media first, at most 10,000, and does not say when a media last changed.
    So each run lists all media, a hundred in one call, and writes those that are new or due.
    """

    name = "media"
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
    ).to_dict()

    def __init__(self, tap: TapInstagramBusiness) -> None:
        super().__init__(tap)
        self._listed = 0
        self._ended = 0

    @override
    def rows(self) -> Iterator[Record]:
        self._insights.recall()
        accounts = {account.id: account for account in self._tap.accounts}
        for pages in self._tap.graph.pages(self._lists(), self.costs, go_on=self._goes_on):
            media = [item for page in pages for item in self._read(accounts, page.answer)]
            self._log_progress(pages, len(media))
            self._children.write_slides(media)
            self._insights.read(media)
            self._parts.read(media)
            self._comments.read(media)
            for item in media:
                if self.is_due(item):
                    yield self._row(item)
                    self.done_until(item)
            for page in pages:
                if page.is_last:
                    self._end(accounts[page.answer.call.node], page.answer.error)

    def _log_progress(self, pages: list[Page], media: int) -> None:
        self._listed += media
        self._ended += sum(page.is_last for page in pages)
        number = len(self._tap.accounts)
        self.log_progress("account %d of %d, media %d", self._ended, number, self._listed)

    @property
    def _children(self) -> MediaChildren:
        return cast("MediaChildren", self._tap.streams["media_children"])

    @property
    def _insights(self) -> MediaInsights:
        return cast("MediaInsights", self._tap.streams["media_insights"])

    @property
    def _parts(self) -> MediaInsightsBreakdowns:
        return cast("MediaInsightsBreakdowns", self._tap.streams["media_insights_breakdowns"])

    @property
    def _comments(self) -> Comments:
        return cast("Comments", self._tap.streams["comments"])

    def _lists(self) -> Iterator[ListCall]:
        wanted = self.wanted_columns | ALWAYS_NEEDED
        if self._comments.selected:
            wanted |= {"comments_count"}
        if wanted & FROM_CAPTION:
            wanted |= {"caption"}
        fields = requested(MEDIA_FIELDS, self.config["login"], wanted)
        slides = requested(CHILD_FIELDS, self.config["login"], self._children.wanted_columns)
        if "children_count" in wanted or self._children.selected:
            fields.append(f"children{{{','.join(slides)}}}")
        params = {"fields": ",".join(fields), "limit": MEDIA_A_PAGE}
        for account in self.accounts_in_turn():
            yield ListCall(account.id, "media", params, account.token, required=DATED)

    @functools.cached_property
    def since(self) -> dt.datetime | None:
        """The moment from which media are read; None for all."""
        start = self.config.get("start_date")
        if not start:
            return None
        return dt.datetime.fromisoformat(start[:10]).replace(tzinfo=dt.timezone.utc)

    def _goes_on(self, answer: Answer) -> bool:
        """Say whether a list holds more that is wanted: newest first, it ends at `start_date`."""
        items = answer.data["data"]
        return not (items and self.since and read_time(items[-1]["timestamp"]) < self.since)

    def _read(self, accounts: Mapping[str, Account], answer: Answer) -> Iterator[PostedMedia]:
        account = accounts[answer.call.node]
        for node in answer.data["data"]:
            posted = read_time(node["timestamp"])
            if self.since is None or posted >= self.since:
                yield PostedMedia(account, node, posted)

    def _row(self, media: PostedMedia) -> Record:
        caption = str(media.node.get("caption") or "")
        slides = media.node.get("children", {}).get("data")
        return {
            "id": media.id,
            "account_id": media.account.id,
            **{field.name: field.read(media.node) for field in MEDIA_FIELDS},
            "timestamp": media.posted.isoformat(),
            "hashtags": HASHTAG.findall(caption),
            "mentions": MENTION.findall(caption),
            "caption_length": len(caption),
            "children_count": None if slides is None else len(slides),
        }

    def _end(self, account: Account, error: GraphError | None) -> None:
        """Close an account's list: with an error nothing is kept, so that the next run repeats."""
        if error:
            self.fail(account, error)
            return
        self.complete(account, self.since)
        self._children.complete(account, self.since)
        self._insights.end(account, self.since)
        self._parts.end(account, self.since)
        self._comments.end(account, self.since)


class MediaChildren(RefreshedStream):
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

    def write_slides(self, media: Iterable[PostedMedia]) -> None:
        """Write the slides of those carousels that are due."""
        for item in media:
            slides = item.node.get("children", {}).get("data", ()) if self.is_due(item) else ()
            for position, node in enumerate(slides, start=1):
                posted = node.get("timestamp")
                self.write(
                    {
                        "id": str(node["id"]),
                        "media_id": item.id,
                        "account_id": item.account.id,
                        "position": position,
                        **{field.name: field.read(node) for field in CHILD_FIELDS},
                        "timestamp": read_time(posted).isoformat() if posted else None,
                    }
                )
            self.done_until(item)
