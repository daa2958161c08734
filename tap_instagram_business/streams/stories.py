"""Stories: as they are while they live, and their insights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.client import ACCOUNT_ID, InstagramStream, column, columns
from tap_instagram_business.graph.calls import ListCall
from tap_instagram_business.graph.fields import STORY_FIELDS, requested
from tap_instagram_business.graph.insights import Split, read_splits, read_time, read_values
from tap_instagram_business.metrics import (
    MEDIA_METRICS,
    NAVIGATION,
    NAVIGATION_COLUMNS,
    STORY,
    media_metrics,
)
from tap_instagram_business.streams.posted import ALWAYS_NEEDED, DATED, InsightsStream, PostedMedia

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer, InsightsCall
    from tap_instagram_business.streams.media_insights import MediaInsightsBreakdowns

STORIES_A_PAGE = "100"
METRICS = tuple(metric for metric in MEDIA_METRICS if STORY in metric.kinds)


class Stories(InstagramStream):
    """One story as it is now (Graph API: IG User stories).

    Meta lists a story only during the 24 hours of its life. A story that begins and ends between
    two runs is never seen, so run the tap every few hours.
    """

    name = "stories"
    primary_keys = ("id",)
    replication_key = "timestamp"
    schema = th.PropertiesList(
        column("id", "string", "Id of the story.", key=True),
        ACCOUNT_ID,
        *columns(STORY_FIELDS),
    ).to_dict()

    @override
    def rows(self) -> Iterator[Record]:
        insights = cast("StoryInsights", self._tap.streams["story_insights"])
        accounts = {account.id: account for account in self._tap.accounts}
        for pages in self._tap.graph.pages(self._lists(), self.costs, go_on=lambda _: True):
            stories = [item for page in pages for item in self._read(accounts, page.answer)]
            insights.read(stories)
            yield from (self._row(story) for story in stories)
            for page in pages:
                if page.answer.error:
                    self.fail(accounts[page.answer.call.node], page.answer.error)

    def _lists(self) -> Iterator[ListCall]:
        wanted = self.wanted_columns | ALWAYS_NEEDED
        fields = requested(STORY_FIELDS, self.config["login"], wanted)
        params = {"fields": ",".join(fields), "limit": STORIES_A_PAGE}
        for account in self._tap.accounts:
            yield ListCall(account.id, "stories", params, account.token, required=DATED)

    @staticmethod
    def _read(accounts: Mapping[str, Account], answer: Answer) -> Iterator[PostedMedia]:
        for node in answer.data["data"]:
            yield PostedMedia(accounts[answer.call.node], node, read_time(node["timestamp"]))

    @staticmethod
    def _row(story: PostedMedia) -> Record:
        return {
            "id": story.id,
            "account_id": story.account.id,
            **{field.name: field.read(story.node) for field in STORY_FIELDS},
            "timestamp": story.posted.isoformat(),
        }


class StoryInsights(InsightsStream):
    """The insights of one story, as last read before it ended (Graph API: IG Media insights).

    Meta gives none before 5 accounts have seen the story.
    """

    name = "story_insights"
    parent_stream_type = Stories
    primary_keys = ("media_id",)
    replication_key = "snapshot_date"
    schema = th.PropertiesList(
        column("media_id", "string", "Id of the story.", key=True),
        ACCOUNT_ID,
        column("snapshot_date", "date", "UTC date of the last reading."),
        column("timestamp", "date-time", "When the story was posted (UTC)."),
        *(column(metric.name, metric.type, metric.description) for metric in METRICS),
        *(column(name, "integer", text) for name, (_, text) in NAVIGATION_COLUMNS.items()),
    ).to_dict()

    @override
    def ask_again(self, media: PostedMedia) -> None:
        """Keep nothing: a story is asked about at every run while it lives."""

    def read(self, stories: Sequence[PostedMedia]) -> None:
        """Read and write the insights of stories that live."""
        figures: dict[str, dict[str, Any]] = {story.id: {} for story in stories}
        for answer in self.ask(call for story in stories for call in self._calls(story)):
            if not self.is_error(answer):
                self._take(answer, figures[answer.call.node])
        for story in stories:
            if figures[story.id]:
                self.write(self._row(story, figures[story.id]))

    @property
    def _parts(self) -> MediaInsightsBreakdowns:
        return cast("MediaInsightsBreakdowns", self._tap.streams["media_insights_breakdowns"])

    def _calls(self, story: PostedMedia) -> Iterator[InsightsCall]:
        if metrics := media_metrics(STORY, self.config["login"], self.wanted_columns):
            yield self.insights_call(story, tuple(metric.name for metric in metrics))
        if self._parts.selected:
            yield from self._parts.calls(story)
        elif self.wanted_columns & NAVIGATION_COLUMNS.keys():
            yield self.insights_call(story, (NAVIGATION.name,), NAVIGATION.breakdown)

    def _take(self, answer: Answer, figures: dict[str, Any]) -> None:
        if "breakdown" not in answer.call.params:
            values = read_values(answer.data)
            self.add_missing(answer, values)
            figures |= values
            return
        splits = read_splits(answer.data)
        if navigation := splits.get(NAVIGATION.name):
            figures |= _navigation(navigation)
        self._parts.write_parts(answer, splits)

    def _row(self, story: PostedMedia, figures: Mapping[str, Any]) -> Record:
        names = (*(metric.name for metric in METRICS), *NAVIGATION_COLUMNS)
        return {
            "media_id": story.id,
            "account_id": story.account.id,
            "snapshot_date": self.today,
            "timestamp": story.posted.isoformat(),
            **{name: figures.get(name) for name in names},
        }


def _navigation(split: Split) -> dict[str, Any]:
    """Return the navigation columns; Meta leaves out a part of zero, so what is missing is zero."""
    parts = {values[0].upper(): value for values, value in split.parts.items()}
    return {name: parts.get(part, 0) for name, (part, _) in NAVIGATION_COLUMNS.items()}
