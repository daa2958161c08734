"""Insights of posts, carousels and reels: the latest, as they stood on each day, and in parts."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.client import ACCOUNT_ID, column
from tap_instagram_business.graph.insights import read_splits, read_values
from tap_instagram_business.metrics import (
    MEDIA_BREAKDOWNS,
    MEDIA_METRICS,
    POSTS,
    media_metrics,
)
from tap_instagram_business.streams.gaps import BEFORE_CONVERSION
from tap_instagram_business.streams.media import Media
from tap_instagram_business.streams.posted import InsightsStream, RefreshedStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer, InsightsCall
    from tap_instagram_business.graph.insights import Split
    from tap_instagram_business.refresh import Tiers
    from tap_instagram_business.streams.extra import ExtraInsights
    from tap_instagram_business.streams.posted import PostedMedia

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


class MediaInsights(InsightsStream):
    """The lifetime insights of one media, as last read (Graph API: IG Media insights).

    They are read when the media is due. A metric that this kind of media does not have is NULL and
    is not requested.
    """

    name = "media_insights"
    parent_stream_type = Media
    primary_keys = ("media_id",)
    replication_key = "snapshot_date"
    schema = _schema(snapshot_date_is_key=False)

    def read(self, media: Iterable[PostedMedia]) -> None:
        """Read and write the insights of those media that are due."""
        due = (item for item in media if self.is_due(item) or self._history.is_due(item))
        for answer in self.ask(self._calls(due)):
            if not self.is_error(answer):
                self._write_insights(answer)
            if not self.has_failed(answer.call.subject.account):
                self.done_until(answer.call.subject)
                self._history.done_until(answer.call.subject)

    def recall(self) -> None:
        """Bring back what Meta has refused for good in earlier runs."""
        for account in self._tap.accounts:
            if kept := self.bookmark(account).get(BEFORE_CONVERSION):
                self._tap.newest_refused[account.id] = dt.datetime.fromisoformat(kept)

    def end(self, account: Account, since: dt.datetime | None) -> None:
        """Close an account whose list was read to its end."""
        if self.has_failed(account):
            return
        self.complete(account, since)
        self._history.complete(account, since)
        if refused := self._tap.newest_refused.get(account.id):
            self.advance(account, **{BEFORE_CONVERSION: refused.isoformat()})

    @property
    def _history(self) -> MediaInsightsHistory:
        return cast("MediaInsightsHistory", self._tap.streams["media_insights_history"])

    @property
    def _extra(self) -> ExtraInsights:
        return cast("ExtraInsights", self._tap.streams["extra_insights"])

    def _calls(self, media: Iterable[PostedMedia]) -> Iterator[InsightsCall]:
        wanted = self.wanted_columns | self._history.wanted_columns
        extra = self._extra.names("media")
        for item in media:
            if self.has_failed(item.account):
                continue
            if self.is_before_conversion(item):
                self.add_gap(item, BEFORE_CONVERSION)
            elif metrics := media_metrics(item.kind, self.config["login"], wanted):
                yield self.insights_call(item, (*(metric.name for metric in metrics), *extra))

    def _write_insights(self, answer: Answer) -> None:
        media: PostedMedia = answer.call.subject
        values = read_values(answer.data)
        self.add_missing(answer, values)
        self._extra.write_known(media.account, self.today, values, media_id=media.id)
        if not values.keys() & COLUMNS:
            return
        row = {
            "media_id": media.id,
            "account_id": media.account.id,
            "snapshot_date": self.today,
            "media_type": media.node.get("media_type"),
            "media_product_type": media.node.get("media_product_type"),
            **{metric.name: values.get(metric.name) for metric in METRICS},
        }
        self.write(dict(row))
        self._history.write(row)


class MediaInsightsHistory(RefreshedStream):
    """The lifetime insights of one media as they were on one day.

    They come from the same answers as `media_insights`. A later reading on the same date replaces
    the row.
    """

    name = "media_insights_history"
    parent_stream_type = Media
    primary_keys = ("media_id", "snapshot_date")
    replication_key = "snapshot_date"
    schema = _schema(snapshot_date_is_key=True)


class MediaInsightsBreakdowns(InsightsStream):
    """One part of a media or story metric: one action on the profile, or one way to leave a story.

    Each metric needs a request of its own (Graph API: IG Media insights). So a media
    that is not read in every run is read only a third as often as in `media_insights`.
    """

    name = "media_insights_breakdowns"
    parent_stream_type = Media
    primary_keys = ("media_id", "metric", "breakdown", "dimension")
    replication_key = "snapshot_date"
    schema = th.PropertiesList(
        column("media_id", "string", "Id of the media or story.", key=True),
        ACCOUNT_ID,
        column(
            "metric",
            "string",
            "Meta's name of the metric: profile_activity or navigation.",
            key=True,
        ),
        column("breakdown", "string", "Property of the split, by Meta's name.", key=True),
        column(
            "dimension",
            "string",
            "The part, in capital letters, such as BIO_LINK_CLICKED or TAP_FORWARD. Meta leaves "
            "out parts with the value 0.",
            key=True,
        ),
        column("snapshot_date", "date", "UTC date of the last reading."),
        column("value", "integer", "The value of this part."),
    ).to_dict()

    @functools.cached_property
    @override
    def tiers(self) -> Tiers:
        return super().tiers.slower(3)

    def read(self, media: Iterable[PostedMedia]) -> None:
        """Read and write the parts of those media that are due."""
        due = (item for item in media if self.is_due(item))
        for answer in self.ask(call for item in due for call in self.calls(item)):
            if not self.is_error(answer):
                self.write_parts(answer, read_splits(answer.data))
            if not self.has_failed(answer.call.subject.account):
                self.done_until(answer.call.subject)

    def end(self, account: Account, since: dt.datetime | None) -> None:
        """Close an account whose list was read to its end."""
        if not self.has_failed(account):
            self.complete(account, since)

    def calls(self, media: PostedMedia) -> Iterator[InsightsCall]:
        """Yield what to ask of a media."""
        if self.has_failed(media.account) or self.is_before_conversion(media):
            return
        for metric in MEDIA_BREAKDOWNS:
            if media.kind in metric.kinds:
                yield self.insights_call(media, (metric.name,), metric.breakdown)

    def write_parts(self, answer: Answer, splits: Mapping[str, Split]) -> None:
        """Write a row for each part."""
        media: PostedMedia = answer.call.subject
        breakdown = answer.call.params["breakdown"]
        self.add_missing(answer, splits, f" by {breakdown}")
        for metric, split in splits.items():
            for (dimension,), value in split.parts.items():
                self.write(
                    {
                        "media_id": media.id,
                        "account_id": media.account.id,
                        "metric": metric,
                        "breakdown": breakdown,
                        "dimension": dimension.upper(),
                        "snapshot_date": self.today,
                        "value": value,
                    }
                )
