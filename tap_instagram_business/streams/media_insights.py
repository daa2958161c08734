"""Insights of posts, carousels and reels: the latest, and as they stood on each day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast

from singer_sdk import typing as th

from tap_instagram_business.client import ACCOUNT_ID, column
from tap_instagram_business.graph.calls import InsightsCall
from tap_instagram_business.graph.errors import Action
from tap_instagram_business.graph.insights import read_values
from tap_instagram_business.metrics import (
    MEDIA_METRICS,
    POSTS,
    kind_of,
    media_metrics,
    unsure_metrics,
)
from tap_instagram_business.streams.gaps import Gap
from tap_instagram_business.streams.media import Media, RefreshedStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import GraphError
    from tap_instagram_business.streams.gaps import InsightGaps
    from tap_instagram_business.streams.media import PostedMedia
    from tap_instagram_business.tap import TapInstagramBusiness

METRICS = tuple(metric for metric in MEDIA_METRICS if metric.kinds & POSTS)


def _schema(*, snapshot_date_is_key: bool) -> dict[str, object]:
    schema: dict[str, object] = th.PropertiesList(
        column("media_id", "string", "The media.", key=True),
        ACCOUNT_ID,
        column(
            "snapshot_date",
            "date",
            "UTC date of the reading; a later one on that date replaces it.",
            key=snapshot_date_is_key,
        ),
        column("media_type", "string", "CAROUSEL_ALBUM, IMAGE or VIDEO."),
        column("media_product_type", "string", "FEED or REELS."),
        *(column(metric.name, metric.type, metric.description) for metric in METRICS),
    ).to_dict()
    return schema


class MediaInsights(RefreshedStream):
    """A media's lifetime insights as last read (Graph API: IG Media insights).

    Read when the media is due. What a kind of media does not have is NULL, and not asked for.
    """

    name = "media_insights"
    parent_stream_type = Media
    primary_keys = ("media_id",)
    replication_key = "snapshot_date"
    schema = _schema(snapshot_date_is_key=False)

    def __init__(self, tap: TapInstagramBusiness) -> None:
        super().__init__(tap)
        self._failed: set[str] = set()
        self._refused_from: dict[str, dt.datetime] = {}

    def read(self, media: Iterable[PostedMedia]) -> None:
        """Read and write the insights of those media that are due."""
        due = (item for item in media if self.is_due(item) or self._history.is_due(item))
        for answer in self.ask(self._calls(due)):
            self._take(answer)

    def end(self, account: Account, since: dt.datetime | None) -> None:
        """Close an account whose list was read to its end."""
        if account.id in self._failed:
            return
        self.complete(account, since)
        self._history.complete(account, since)
        if refused_from := self._newest_refused(account):
            self.advance(account, before_conversion=refused_from.isoformat())

    @property
    def _history(self) -> MediaInsightsHistory:
        return cast("MediaInsightsHistory", self._tap.streams["media_insights_history"])

    @property
    def _today(self) -> str:
        return self._tap.graph.now().date().isoformat()

    def _calls(self, media: Iterable[PostedMedia]) -> Iterator[InsightsCall]:
        wanted = self.wanted_columns | self._history.wanted_columns
        for item in media:
            if item.account.id in self._failed:
                continue
            refused_from = self._newest_refused(item.account)
            if refused_from and item.posted <= refused_from:
                self._gap(item, reason="before_conversion")
                continue
            kind = kind_of(item.node.get("media_product_type"), item.node.get("media_type"))
            names = tuple(m.name for m in media_metrics(kind, self.config["login"], wanted))
            if names:
                yield InsightsCall(
                    node=item.id,
                    params={"metric": ",".join(names)},
                    token=item.account.token,
                    subject=item,
                    metrics=names,
                    kind=kind,
                    lone=unsure_metrics(kind),
                    refusals=self._tap.refusals,
                )

    def _newest_refused(self, account: Account) -> dt.datetime | None:
        """Return when the newest media was posted that Meta has no insights of, for good.

        Nothing older has any: the account was not professional yet.
        """
        kept = self.bookmark(account).get("before_conversion")
        if kept and account.id not in self._refused_from:
            self._refused_from[account.id] = dt.datetime.fromisoformat(kept)
        return self._refused_from.get(account.id)

    def _take(self, answer: Answer) -> None:
        media: PostedMedia = answer.call.subject
        error = answer.error
        if error is None:
            self._write_insights(media, cast("InsightsCall", answer.call), answer)
            return
        if error.rule.action is Action.SKIP_ACCOUNT:
            if media.account.id not in self._failed:
                self._failed.add(media.account.id)
                self.fail(media.account, error)
            return
        if error.reason == "before_conversion":
            newest = self._newest_refused(media.account) or media.posted
            self._refused_from[media.account.id] = max(newest, media.posted)
        self._gap(media, reason=error.reason, error=error)

    def _gap(
        self, media: PostedMedia, *, reason: str, metric: str = "", error: GraphError | None = None
    ) -> None:
        gaps = cast("InsightGaps", self._tap.streams["insight_gaps"])
        gaps.add(media.account, Gap(self._today, metric, reason, error, media.id))

    def _write_insights(self, media: PostedMedia, call: InsightsCall, answer: Answer) -> None:
        values = read_values(answer.data)
        for metric, error in call.refused.items():
            self._gap(media, reason=error.reason, metric=metric, error=error)
        missing = [metric for metric in call.metrics if metric not in values] if values else [""]
        for metric in missing:
            self._gap(media, reason="empty", metric=metric)
        if not values:
            return
        row = {
            "media_id": media.id,
            "account_id": media.account.id,
            "snapshot_date": self._today,
            "media_type": media.node.get("media_type"),
            "media_product_type": media.node.get("media_product_type"),
            **{metric.name: values.get(metric.name) for metric in METRICS},
        }
        self.write(dict(row))
        self._history.write(row)


class MediaInsightsHistory(RefreshedStream):
    """A media's lifetime insights as they stood on a day; the same answers."""

    name = "media_insights_history"
    parent_stream_type = Media
    primary_keys = ("media_id", "snapshot_date")
    replication_key = "snapshot_date"
    schema = _schema(snapshot_date_is_key=True)
