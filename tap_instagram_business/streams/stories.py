"""Stories: as they are while they live, and their insights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.fields import STORY_FIELDS
from tap_instagram_business.metrics import (
    MEDIA_METRICS,
    NAVIGATION,
    NAVIGATION_COLUMNS,
    STORY,
)
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
from tap_instagram_business.streams.media_breakdowns import MediaInsightsBreakdowns
from tap_instagram_business.streams.media_insights import MediaInsightsStream
from tap_instagram_business.streams.nodes import named_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Result
    from tap_instagram_business.graph.insights_request import InsightsCall

METRICS = tuple(metric for metric in MEDIA_METRICS if STORY in metric.kinds)


class Stories(ListingStream):
    """One story as it is now (Graph API: IG User stories).

    Meta lists a story only during the 24 hours of its life. A story that begins and ends between
    two runs is never seen, so run the tap every few hours.
    """

    name = "stories"
    bookmark_text = "none. Every run reads all stories that Meta lists."
    goes_first = True
    derived_type = DerivedFromMedia
    edge = "stories"
    fields = STORY_FIELDS
    lists_stories = True
    primary_keys = ("id",)
    replication_key = "timestamp"
    schema = th.PropertiesList(
        column("id", "string", "Id of the story.", key=True),
        ACCOUNT_ID,
        *columns(STORY_FIELDS),
        READ_AT,
    ).to_dict()

    @override
    def row(self, media: ListedMedia) -> Record:
        return {**super().row(media), "read_at": read_at(media.moment)}


class StoryInsights(MediaInsightsStream):
    """The insights of one story at one reading (Graph API: IG Media insights).

    Each run reads the stories that Meta lists, and keeps what it read. Meta gives no insights
    before 5 accounts have seen the story.
    """

    name = "story_insights"
    bookmark_text = Stories.bookmark_text
    parent_stream_type = Stories
    also_fills = (MediaInsightsBreakdowns,)
    grain = "story"
    primary_keys = ("media_id", *READING_KEYS)
    replication_key = "snapshot_date"
    schema = th.PropertiesList(
        column("media_id", "string", "Id of the story.", key=True),
        ACCOUNT_ID,
        *READING,
        column("timestamp", "date-time", "When the story was posted (UTC)."),
        *(column(metric.name, metric.type, metric.description) for metric in METRICS),
        *(column(name, "integer", text) for name, (_, text) in NAVIGATION_COLUMNS.items()),
    ).to_dict()

    @override
    def advance(self, account: Account, **values: str | list[str] | None) -> None:
        """Move no bookmark: a story is asked about in every run while it lives."""

    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        for story, results in self.ask_in_groups((item, [*self._calls(item)]) for item in media):
            if figures := self.read_answers(story, results):
                self.write(self._row(story, figures))

    def _calls(self, story: ListedMedia) -> Iterator[InsightsCall]:
        yield from self.calls_with_extra(story)
        parts = self.table(MediaInsightsBreakdowns)
        if parts.selected:
            yield from parts.calls(story)
        elif self.wanted_columns & NAVIGATION_COLUMNS.keys():
            yield from self.insights_calls(story, (NAVIGATION.name,), NAVIGATION.breakdown)

    @override
    def read_figures(self, result: Result) -> dict[str, Any]:
        parts = self.table(MediaInsightsBreakdowns)
        parts.isolated(parts.write_parts, result)
        named = named_parts(result, NAVIGATION.name, NAVIGATION_COLUMNS)
        return {**super().read_figures(result), **named}

    def _row(self, story: ListedMedia, figures: Mapping[str, Any]) -> Record:
        names = (*(metric.name for metric in METRICS), *NAVIGATION_COLUMNS)
        return {
            **story.reading,
            "timestamp": story.posted.isoformat() if story.posted else None,
            **{name: figures.get(name) for name in names},
        }
