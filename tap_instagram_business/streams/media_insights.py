"""Insights of posts, carousels and reels: one row for each reading."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.graph.error_table import Reason
from tap_instagram_business.metrics import MEDIA_METRICS, POSTS, media_metrics
from tap_instagram_business.streams.columns import (
    ACCOUNT_ID,
    READING,
    READING_KEYS,
    column,
    reading,
)
from tap_instagram_business.streams.extra import ExtraInsights, Reading
from tap_instagram_business.streams.insights_of_media import InsightsStream
from tap_instagram_business.streams.media import Media
from tap_instagram_business.values import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer, Call
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.streams.by_media import ListedMedia

METRICS = tuple(metric for metric in MEDIA_METRICS if metric.kinds & POSTS)
COLUMNS = frozenset(metric.name for metric in METRICS)
NEWEST_REFUSED = "before_conversion"
"""Bookmark entry: when the newest media was posted that is from before the conversion."""


class MediaInsights(InsightsStream):
    """The lifetime insights of one media at one reading (Graph API: IG Media insights).

    A media of less than 7 days is read in each run, an older one when it is due (setting
    `media_refresh`), and each reading is kept. A metric that this kind of media does not have is
    NULL and is not requested.
    """

    name = "media_insights"
    parent_stream_type = Media
    primary_keys = ("media_id", *READING_KEYS)
    replication_key = "snapshot_date"
    schema = th.PropertiesList(
        column("media_id", "string", "Id of the media.", key=True),
        ACCOUNT_ID,
        *READING,
        column("media_type", "string", "CAROUSEL_ALBUM, IMAGE or VIDEO."),
        column("media_product_type", "string", "FEED or REELS."),
        *(column(metric.name, metric.type, metric.description) for metric in METRICS),
    ).to_dict()

    @override
    def prepare(self) -> None:
        """Remember from earlier runs which media are from before the account's conversion."""
        for account in self._run.accounts:
            if kept := self.bookmark(account).get(NEWEST_REFUSED):
                self._run.conversions.add(account, dt.datetime.fromisoformat(kept))

    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        for item, answers in self.ask_in_groups(self._groups(media)):
            self._read_answers(item, answers)
            if self.may_advance(item.account):
                self.done_until(item)

    @override
    def end(self, account: Account, since: dt.datetime | None) -> None:
        super().end(account, since)
        refused = self._run.conversions.newest_refused(account)
        if refused and not self.has_ended(account):
            self.advance(account, **{NEWEST_REFUSED: refused.isoformat()})

    def _groups(self, media: Iterable[ListedMedia]) -> Iterator[tuple[ListedMedia, list[Call]]]:
        """Yield the media that are due, each with its calls."""
        for item in self.due(media):
            if self.has_ended(item.account):
                continue
            if self.is_before_conversion(item):
                self.add_gap(item, "", Reason.BEFORE_CONVERSION)
            elif metrics := media_metrics(item.kind, self.config["login"], self.wanted_columns):
                names = tuple(metric.name for metric in metrics)
                yield item, [*self.calls_with_extra(item, "media", names)]

    def _read_answers(self, media: ListedMedia, answers: Sequence[Answer]) -> None:
        """Read the answers about one media; what Meta fails at is requested again."""
        for answer in answers:
            self.note_answer(answer)
        for answer in self.with_merged_totals(media, answers):
            if answer.error:
                self.take_error(answer, answer.error)
            elif cast("InsightsCall", answer.call).breakdown:
                self._write_extra_parts(answer)
            else:
                self._write_insights(answer)

    def _write_insights(self, answer: Answer) -> None:
        media: ListedMedia = answer.call.subject
        values = answer.insights.values
        self.add_missing(answer, values)
        now = self._run.graph.now()
        what = Reading("media", media.account, now, media_id=media.id)
        self.table(ExtraInsights).write_values(what, values)
        if values.keys() & COLUMNS:
            self.write(
                {
                    "media_id": media.id,
                    "account_id": media.account.id,
                    **reading(now),
                    "media_type": read_text(media.node.get("media_type")),
                    "media_product_type": read_text(media.node.get("media_product_type")),
                    **{metric.name: values.get(metric.name) for metric in METRICS},
                }
            )

    def _write_extra_parts(self, answer: Answer) -> None:
        media: ListedMedia = answer.call.subject
        breakdown = cast("InsightsCall", answer.call).breakdown
        splits = answer.insights.splits
        self.add_missing(answer, splits, f" by {breakdown}")
        what = Reading("media", media.account, self._run.graph.now(), media_id=media.id)
        self.table(ExtraInsights).write_parts(what, splits, breakdown)
