"""Posts, carousels and reels as they are now, and the slides of carousels."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.fields import (
    CHILD_FIELDS,
    COUNTER_FIELDS,
    MEDIA_FIELDS,
    requested,
)
from tap_instagram_business.graph.calls import Answer, ListCall
from tap_instagram_business.graph.paging import next_page
from tap_instagram_business.streams.by_media import (
    KIND_FIELDS,
    ListedMedia,
    Listing,
    ListingStream,
    MediaFollower,
    RefreshedStream,
)
from tap_instagram_business.streams.captions import hashtags, mentions
from tap_instagram_business.streams.columns import (
    ACCOUNT_ID,
    READ_AT,
    READING,
    READING_KEYS,
    column,
    columns,
    read_at,
    reading,
)
from tap_instagram_business.streams.gaps import InsightGaps
from tap_instagram_business.streams.nodes import read_fields, read_list, read_nodes
from tap_instagram_business.values import read_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Call
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.graph.paging import Page
    from tap_instagram_business.run import Run

MEDIA_PER_PAGE = "100"
LISTS_TOGETHER = 20
"""How many lists are paged through at the same time."""
SLIDES_PER_PAGE = "100"
NEW = dt.timedelta(days=7)
"""The counters of a younger media are kept for each run."""
YOUNG = dt.timedelta(days=90)
"""The counters of a media of this age or younger are kept for each day."""
CAPTION_COLUMNS = {"hashtags", "mentions", "caption_length"}


class Media(ListingStream, RefreshedStream):
    """One post, carousel or reel as it is now (Graph API: IG Media).

    Meta lists the newest media first, at most 10,000, and does not say when a media last changed.
    So each run lists all media, a hundred in one call, and writes them all.
    """

    name = "media"
    follower_type = MediaFollower
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

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap, run)
        self._listed = 0
        self._ended = 0

    @override
    def rows(self) -> Iterator[Record]:
        with self.pipeline() as pipeline:
            for pages in self.graph.pages(
                self._lists(), go_on=self._goes_on, together=LISTS_TOGETHER
            ):
                media = [item for page in pages for item in self._listed_media(page.answer)]
                self._complete_slides(media)
                self._log_progress(pages, len(media))
                ended = [page.answer for page in pages if page.is_last]
                complete = [self._accounts[one.call.node] for one in ended if not one.error]
                # Handed on first, so that a fault in a row costs this table only.
                pipeline.put(Listing(media, complete, self.since))
                yield from map(self._row, media)
                for answer in ended:
                    self._end(self._accounts[answer.call.node], answer.error)

    @functools.cached_property
    def _accounts(self) -> dict[str, Account]:
        return {account.id: account for account in self._run.accounts}

    def _log_progress(self, pages: list[Page], media: int) -> None:
        self._listed += media
        self._ended += sum(page.is_last for page in pages)
        number = len(self._run.accounts)
        self.log_progress("account %d of %d, media %d", self._ended, number, self._listed)

    def _lists(self) -> Iterator[ListCall]:
        wanted = self.wanted_columns | KIND_FIELDS
        if wanted & CAPTION_COLUMNS:
            wanted |= {"caption"}
        fields = [
            *requested(MEDIA_FIELDS, self.config["login"], wanted),
            *(name for follower in self.followers(MediaFollower) for name in follower.needs()),
        ]
        params = {"fields": ",".join(dict.fromkeys(fields)), "limit": MEDIA_PER_PAGE}
        for account in self.accounts_in_turn():
            yield ListCall(account.id, "media", params, account.token)

    @functools.cached_property
    def since(self) -> dt.datetime | None:
        """The moment from which media are read; None for all."""
        start = self.config.get("start_date")
        if not start:
            return None
        return dt.datetime.fromisoformat(start[:10]).replace(tzinfo=dt.timezone.utc)

    def _goes_on(self, answer: Answer) -> bool:
        """Return whether to read the next page: the list is newest first, up to `start_date`."""
        times = [read_time(node.get("timestamp")) for node in answer.nodes]
        known = [moment for moment in times if moment]
        return not (known and self.since and known[-1] < self.since)

    def _listed_media(self, answer: Answer) -> Iterator[ListedMedia]:
        account = self._accounts[answer.call.node]
        for media_id in answer.refused_nodes:
            for follower in self.followers(MediaFollower):
                follower.ask_again(ListedMedia(account, {"id": media_id}, None))
        for node in read_list(self, account, answer):
            posted = read_time(node.get("timestamp"))
            if self.since is None or posted is None or posted >= self.since:
                yield ListedMedia(account, node, posted)

    def _row(self, media: ListedMedia) -> Record:
        values = read_fields(self, media.account, MEDIA_FIELDS, media.node, media_id=media.id)
        is_known = values["caption"] is not None or media.node.get("caption") is None
        caption = values["caption"] or ""
        return {
            "id": media.id,
            "account_id": media.account.id,
            **values,
            "hashtags": hashtags(caption) if is_known else None,
            "mentions": mentions(caption) if is_known else None,
            "caption_length": len(caption) if is_known else None,
            "children_count": len(self.slides(media)) if media.node.get("children") else None,
            "snapshot_date": self.today,
            "read_at": read_at(self._run.graph.now()),
        }

    def slides(self, media: ListedMedia) -> list[dict[str, Any] | None]:
        """Return the slides of a carousel in their order; None for one that cannot be read."""
        children = media.node.get("children")
        nodes = children.get("data") if isinstance(children, dict) else children
        return list(read_nodes(self, media.account, nodes, "/children", media_id=media.id))

    def _complete_slides(self, media: Iterable[ListedMedia]) -> None:
        """Add the slides that do not fit into the list, where Meta gives them in pages."""
        fields = ",".join(self.table(MediaChildren).fields())
        params = {"fields": fields, "limit": SLIDES_PER_PAGE}
        more: list[Call] = []
        for item in media:
            children = item.node.get("children")
            if isinstance(children, dict) and isinstance(children.get("data"), list):
                account = item.account
                call = ListCall(item.id, "children", params, account.token, item, account.id)
                first, following = next_page(Answer(call, children))
                self._take_slides(first)
                more += [following] if following else []
        for pages in self.graph.pages(more, go_on=lambda _: True):
            for page in pages:
                self._take_slides(page.answer)

    def _take_slides(self, answer: Answer) -> None:
        item: ListedMedia = answer.call.subject
        children = item.node["children"]
        if answer.data is not children:
            item.node["children"] = {"data": [*children["data"], *answer.data["data"]]}
        if error := answer.error:
            gaps = self.table(InsightGaps)
            gaps.add_today(item.account, "/children", error, media_id=item.id)

    def _end(self, account: Account, error: CallError | None) -> None:
        """End the list of an account; after an error no bookmark moves, so the next run repeats."""
        if error:
            self.leave_out(account, error)
            return
        self.done(account, self.since)


class MediaChildren(MediaFollower):
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
            yield f"children.limit({SLIDES_PER_PAGE}){{{','.join(self.fields())}}}"

    def fields(self) -> list[str]:
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


class MediaHistory(MediaFollower):
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
        now = self._run.graph.now()
        for item in media:
            if self._is_wanted(item, now):
                self.write(
                    {
                        "media_id": item.id,
                        "account_id": item.account.id,
                        **reading(now),
                        **{field.name: field.read(item.node) for field in COUNTER_FIELDS},
                    }
                )
            self.done_until(item)

    def _is_wanted(self, media: ListedMedia, now: dt.datetime) -> bool:
        if media.posted is None or self.is_due(media):
            return True
        age = now - media.posted
        last_read = self._last_refresh(media.account).of(media.posted)
        return age < NEW or (age <= YOUNG and last_read != now.date())
