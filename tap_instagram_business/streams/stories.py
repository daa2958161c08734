"""Stories: as they are while they live, and their insights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.fields import STORY_FIELDS, requested
from tap_instagram_business.graph.calls import ListCall
from tap_instagram_business.metrics import (
    MEDIA_BREAKDOWNS,
    MEDIA_METRICS,
    NAVIGATION,
    NAVIGATION_COLUMNS,
    STORY,
    media_metrics,
)
from tap_instagram_business.streams.by_media import (
    KIND_FIELDS,
    BreakdownFollower,
    ListedMedia,
    Listing,
    ListingStream,
    MediaFollower,
)
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
from tap_instagram_business.streams.extra import ExtraInsights, Reading
from tap_instagram_business.streams.insights_of_media import InsightsStream
from tap_instagram_business.streams.nodes import read_fields, read_list
from tap_instagram_business.values import read_time

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.insights_request import InsightsCall

STORIES_PER_PAGE = "100"
LISTS_TOGETHER = 50
"""The stories of how many accounts are listed in one request."""
METRICS = tuple(metric for metric in MEDIA_METRICS if STORY in metric.kinds)
COLUMNS = frozenset(metric.name for metric in METRICS)


class Stories(ListingStream):
    """One story as it is now (Graph API: IG User stories).

    Meta lists a story only during the 24 hours of its life. A story that begins and ends between
    two runs is never seen, so run the tap every few hours.
    """

    name = "stories"
    goes_first = True
    follower_type = MediaFollower
    primary_keys = ("id",)
    replication_key = "timestamp"
    schema = th.PropertiesList(
        column("id", "string", "Id of the story.", key=True),
        ACCOUNT_ID,
        *columns(STORY_FIELDS),
        READ_AT,
    ).to_dict()

    @override
    def rows(self) -> Iterator[Record]:
        accounts = {account.id: account for account in self._run.accounts}
        with self.pipeline() as pipeline:
            for pages in self.graph.pages(
                self._lists(), go_on=lambda _: True, together=LISTS_TOGETHER
            ):
                stories = [item for page in pages for item in self._read(accounts, page.answer)]
                complete = []
                for page in pages:
                    account = accounts[page.answer.call.node]
                    if page.answer.error:
                        self.leave_out(account, page.answer.error)
                    elif page.is_last:
                        complete.append(account)
                pipeline.put(Listing(stories, complete))
                yield from map(self._row, stories)

    def _lists(self) -> Iterator[ListCall]:
        fields = [
            *requested(STORY_FIELDS, self.config["login"], self.wanted_columns | KIND_FIELDS),
            *(name for follower in self.followers(MediaFollower) for name in follower.needs()),
        ]
        params = {"fields": ",".join(dict.fromkeys(fields)), "limit": STORIES_PER_PAGE}
        for account in self._run.accounts:
            yield ListCall(account.id, "stories", params, account.token)

    def _read(self, accounts: Mapping[str, Account], answer: Answer) -> Iterator[ListedMedia]:
        account = accounts[answer.call.node]
        for node in read_list(self, account, answer):
            posted = read_time(node.get("timestamp"))
            yield ListedMedia(account, node, posted, is_story=True)

    def _row(self, story: ListedMedia) -> Record:
        return {
            "id": story.id,
            "account_id": story.account.id,
            **read_fields(self, story.account, STORY_FIELDS, story.node, media_id=story.id),
            "read_at": read_at(self._run.graph.now()),
        }


class StoryInsights(InsightsStream):
    """The insights of one story at one reading (Graph API: IG Media insights).

    Each run reads the stories that Meta lists, and keeps what it read. Meta gives no insights
    before 5 accounts have seen the story.
    """

    name = "story_insights"
    parent_stream_type = Stories
    follower_type = BreakdownFollower
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
    def ask_again(self, media: ListedMedia) -> None:
        """Remember nothing: a story is asked about in every run while it lives."""

    @override
    def end(self, account: Account, since: dt.datetime | None) -> None:
        """Move no bookmark: a story is asked about in every run while it lives."""
        self.judge_denials(account)

    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        for story, answers in self.ask_in_groups((item, [*self._calls(item)]) for item in media):
            figures: dict[str, Any] = {}
            for answer in answers:
                self.note_answer(answer)
            for answer in self.with_merged_totals(story, answers):
                if answer.error:
                    self.take_error(answer, answer.error)
                else:
                    self._read(answer, figures)
            if any(value is not None for value in figures.values()):
                self.write(self._row(story, figures))

    def _breakdown_followers(self) -> list[BreakdownFollower]:
        return [table for table in self.followers(BreakdownFollower) if table.selected]

    def _calls(self, story: ListedMedia) -> Iterator[InsightsCall]:
        metrics = media_metrics(STORY, self.config["login"], self.wanted_columns)
        yield from self.calls_with_extra(story, "story", tuple(metric.name for metric in metrics))
        followers = self._breakdown_followers()
        for follower in followers:
            yield from follower.calls(story)
        if not followers and self.wanted_columns & NAVIGATION_COLUMNS.keys():
            yield from self.insights_calls(story, (NAVIGATION.name,), NAVIGATION.breakdown)

    def _read(self, answer: Answer, figures: dict[str, Any]) -> None:
        """Add what an answer holds to the figures of its story, and write what is missing."""
        story: ListedMedia = answer.call.subject
        what = Reading("story", story.account, self._run.graph.now(), media_id=story.id)
        call = cast("InsightsCall", answer.call)
        breakdown = call.breakdown
        if not breakdown:
            values = answer.insights.values
            self.add_missing(answer, values)
            figures |= {name: value for name, value in values.items() if name in COLUMNS}
            self.table(ExtraInsights).write_values(what, values)
            return
        splits = answer.insights.splits
        self.table(ExtraInsights).write_parts(what, splits, breakdown)
        if not {*call.metrics, *call.refused} & {metric.name for metric in MEDIA_BREAKDOWNS}:
            self.add_missing(answer, splits, f" by {breakdown}")
            return
        figures |= _navigation(answer)
        followers = self._breakdown_followers()
        for follower in followers:
            follower.isolated(follower.write_parts, answer)
        if not followers:
            self.add_missing(answer, splits, f" by {breakdown}")

    def _row(self, story: ListedMedia, figures: Mapping[str, Any]) -> Record:
        names = (*(metric.name for metric in METRICS), *NAVIGATION_COLUMNS)
        return {
            "media_id": story.id,
            "account_id": story.account.id,
            **reading(self._run.graph.now()),
            "timestamp": story.posted.isoformat() if story.posted else None,
            **{name: figures.get(name) for name in names},
        }


def _navigation(answer: Answer) -> dict[str, Any]:
    """Return the navigation columns."""
    parts = (part for part, _ in NAVIGATION_COLUMNS.values())
    known = answer.insights.parts(NAVIGATION.name, parts)
    return {name: known[part] for name, (part, _) in NAVIGATION_COLUMNS.items() if part in known}
