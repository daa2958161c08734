"""Insights of media and stories in parts."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.metrics import MEDIA_BREAKDOWNS
from tap_instagram_business.streams.columns import (
    ACCOUNT_ID,
    READING,
    READING_KEYS,
    column,
)
from tap_instagram_business.streams.media import Media
from tap_instagram_business.streams.media_insights import MediaInsightsStream
from tap_instagram_business.streams.nodes import part_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_instagram_business.graph.calls import Result
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.refresh import Tiers
    from tap_instagram_business.streams.media_base import ListedMedia


class MediaInsightsBreakdowns(MediaInsightsStream):
    """One part of a media or story metric at one reading: one action on the profile, for example.

    Each metric needs a request of its own (Graph API: IG Media insights). So a media
    that is not read in every run is read only a third as often as in `media_insights`.
    """

    name = "media_insights_breakdowns"
    parent_stream_type = Media
    primary_keys = ("media_id", *READING_KEYS, "metric", "breakdown", "breakdown_value")
    replication_key = "snapshot_date"
    schema = th.PropertiesList(
        column("media_id", "string", "Id of the media or story.", key=True),
        ACCOUNT_ID,
        *READING,
        column(
            "metric",
            "string",
            "Meta's name of the metric: profile_activity or navigation.",
            key=True,
        ),
        column("breakdown", "string", "Property of the split, by Meta's name.", key=True),
        column(
            "breakdown_value",
            "string",
            "The part, in capital letters, such as BIO_LINK_CLICKED or TAP_FORWARD. Meta leaves "
            "out parts with the value 0.",
            key=True,
        ),
        column("value", "integer", "The value of this part."),
    ).to_dict()

    @functools.cached_property
    @override
    def tiers(self) -> Tiers:
        return super().tiers.slower(3)

    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        for result in self.ask(call for item in self.due(media) for call in self.calls(item)):
            self.note_answer(result)
            if result.error:
                self.take_error(result, result.error)
            else:
                self.add_missing(result, result.insights.splits)
                self.write_parts(result)
            if not self.denial(result.call.context.account):
                self.done_until(result.call.context)

    def calls(self, media: ListedMedia) -> Iterator[InsightsCall]:
        """Yield the calls that this table needs about a media or story."""
        if self.has_skipped(media.account) or self.is_before_conversion(media):
            return
        for metric in MEDIA_BREAKDOWNS:
            if media.kind in metric.kinds:
                yield from self.insights_calls(media, (metric.name,), metric.breakdown)

    def write_parts(self, result: Result) -> None:
        """Write the rows of an answer with parts."""
        media: ListedMedia = result.call.context
        breakdown = cast("InsightsCall", result.call).breakdown
        metrics = (metric.name for metric in MEDIA_BREAKDOWNS)
        for part in part_rows(result.insights.splits, metrics, breakdown):
            self.write({**media.reading, **part})
