"""Insights of posts, carousels and reels: the latest, and as they stood on each day."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.graph.reasons import Reason
from tap_instagram_business.metrics import MEDIA_METRICS, POSTS, media_metrics
from tap_instagram_business.streams.by_media import RefreshedStream
from tap_instagram_business.streams.columns import ACCOUNT_ID, column
from tap_instagram_business.streams.extra import ExtraInsights, Reading
from tap_instagram_business.streams.insights_of_media import InsightsStream
from tap_instagram_business.streams.media import Media
from tap_instagram_business.values import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer, Call
    from tap_instagram_business.graph.insights_call import InsightsCall
    from tap_instagram_business.streams.by_media import ListedMedia

METRICS = tuple(metric for metric in MEDIA_METRICS if metric.kinds & POSTS)
COLUMNS = frozenset(metric.name for metric in METRICS)


def _schema(*, snapshot_date_is_key: bool) -> dict[str, Any]:
    schema: dict[str, Any] = th.PropertiesList(
        column("media_id", "string", "Id of the media.", key=True),
        ACCOUNT_ID,
        column(
            "snapshot_date",
            "date",
            "UTC date of the reading.",
            key=snapshot_date_is_key,
        ),
        column("media_type", "string", "CAROUSEL_ALBUM, IMAGE or VIDEO."),
        column("media_product_type", "string", "FEED or REELS."),
        *(column(metric.name, metric.type, metric.description) for metric in METRICS),
    ).to_dict()
    return schema


NEWEST_REFUSED = "before_conversion"
"""Bookmark entry: when the newest media was posted that is from before the conversion."""


class MediaInsightsFollower(RefreshedStream):
    """A table that is filled from the insights of media that `media_insights` reads."""

    @abstractmethod
    def take(self, row: Record) -> None:
        """Write what it holds of a row of `media_insights`."""


class MediaInsights(InsightsStream):
    """The lifetime insights of one media, as last read (Graph API: IG Media insights).

    They are read when the media is due. A metric that this kind of media does not have is NULL and
    is not requested.
    """

    name = "media_insights"
    parent_stream_type = Media
    follower_type = MediaInsightsFollower
    primary_keys = ("media_id",)
    replication_key = "snapshot_date"
    schema = _schema(snapshot_date_is_key=False)

    @override
    def prepare(self) -> None:
        """Remember from earlier runs which media are from before the account's conversion."""
        for account in self._run.accounts:
            if kept := self.bookmark(account).get(NEWEST_REFUSED):
                self._run.conversions.add(account, dt.datetime.fromisoformat(kept))

    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        tables = self._tables_of_media()
        for item, answers in self.ask_in_groups(self._groups(media)):
            self._read_answers(item, answers)
            if self.may_advance(item.account):
                for table in tables:
                    table.done_until(item)

    @override
    def end(self, account: Account, since: dt.datetime | None) -> None:
        self.judge_denials(account)
        if self.has_ended(account):
            return
        for table in self._tables_of_media():
            table.done(account, since)
        if refused := self._run.conversions.newest_refused(account):
            self.advance(account, **{NEWEST_REFUSED: refused.isoformat()})

    def _tables_of_media(self) -> list[RefreshedStream]:
        return [self, *self.followers(MediaInsightsFollower)]

    @override
    def due(self, media: Iterable[ListedMedia]) -> list[ListedMedia]:
        tables = self._tables_of_media()
        return [item for item in media if any(table.is_due(item) for table in tables)]

    def _groups(self, media: Iterable[ListedMedia]) -> Iterator[tuple[ListedMedia, list[Call]]]:
        """Yield the media that are due, each with its calls."""
        wanted = frozenset[str]().union(
            *(table.wanted_columns for table in self._tables_of_media())
        )
        for item in self.due(media):
            if self.has_ended(item.account):
                continue
            if self.is_before_conversion(item):
                self.add_gap(item, Reason.BEFORE_CONVERSION)
            elif metrics := media_metrics(item.kind, self.config["login"], wanted):
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
        reading = Reading("media", media.account, self.today, media.id)
        self.table(ExtraInsights).write_values(reading, values)
        if not values.keys() & COLUMNS:
            return
        row = {
            "media_id": media.id,
            "account_id": media.account.id,
            "snapshot_date": self.today,
            "media_type": read_text(media.node.get("media_type")),
            "media_product_type": read_text(media.node.get("media_product_type")),
            **{metric.name: values.get(metric.name) for metric in METRICS},
        }
        self.write(row)
        for follower in self.followers(MediaInsightsFollower):
            follower.isolated(follower.take, dict(row))

    def _write_extra_parts(self, answer: Answer) -> None:
        media: ListedMedia = answer.call.subject
        breakdown = cast("InsightsCall", answer.call).breakdown
        splits = answer.insights.splits
        self.add_missing(answer, splits, f" by {breakdown}")
        reading = Reading("media", media.account, self.today, media.id)
        self.table(ExtraInsights).write_parts(reading, splits, breakdown)


class MediaInsightsHistory(MediaInsightsFollower):
    """The lifetime insights of one media as they were on one day.

    They come from the same answers as `media_insights`. A later reading on the same date replaces
    the row.
    """

    name = "media_insights_history"
    parent_stream_type = MediaInsights
    primary_keys = ("media_id", "snapshot_date")
    replication_key = "snapshot_date"
    schema = _schema(snapshot_date_is_key=True)

    @override
    def take(self, row: Record) -> None:
        self.write(row)
