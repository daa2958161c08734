"""Insights of posts, carousels and reels: one row for each reading."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.graph import insights_request
from tap_instagram_business.graph.error_table import Action, Reason
from tap_instagram_business.graph.errors import CallError
from tap_instagram_business.graph.insights_request import merged
from tap_instagram_business.metrics import MEDIA_METRICS, POSTS, media_metrics, per_object_metrics
from tap_instagram_business.streams.columns import (
    ACCOUNT_ID,
    READING,
    READING_KEYS,
    column,
)
from tap_instagram_business.streams.extra import ExtraInsights, Reading, whole
from tap_instagram_business.streams.gap_writer import missing
from tap_instagram_business.streams.media import Media
from tap_instagram_business.streams.media_base import DerivedFromMedia
from tap_instagram_business.values import read_text

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Call, Result
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.run import Run
    from tap_instagram_business.streams.media_base import ListedMedia

METRICS = tuple(metric for metric in MEDIA_METRICS if metric.kinds & POSTS)
NEWEST_REFUSED = "before_conversion"
"""Bookmark entry: when the newest media was posted that is from before the conversion."""


MAX_DENIED = 25
"""If Meta denies the insights of so many media of an account and gives none, the account is left
out: the token lacks the permission."""
MAX_TO_ASK_AGAIN = 200
"""If Meta fails at more media of an account than this, the account is left out of this run."""


class MediaInsightsStream(DerivedFromMedia):
    """A table of insights of media: an error ends the account, or becomes a gap."""

    of_insights = True
    grain: ClassVar[str] = "media"
    """What setting `extra_metrics` calls these media: `media` or `story`."""

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap, run)
        self._denied: dict[str, dict[str, CallError]] = defaultdict(dict)
        self._answered: set[str] = set()

    def due(self, media: Iterable[ListedMedia]) -> list[ListedMedia]:
        """Return those media that this table wants in this run."""
        return [item for item in media if self.is_due(item)]

    @override
    def end(self, account: Account, since: dt.datetime | None) -> None:
        if denial := self.denial(account):
            self.skip_account(account, denial)
        super().end(account, since)

    def denial(self, account: Account) -> CallError | None:
        """Return Meta's first denial of insights of an account's media, unless it gave some.

        Until it gives some, it may be about the whole account.
        """
        is_answered = account.id in self._answered
        return None if is_answered else next(iter(self._denied[account.id].values()), None)

    def note_answer(self, result: Result) -> None:
        """Remember that Meta gives this table insights of an account's media."""
        call = cast("InsightsCall", result.call)
        if not result.error and call.metrics and not call.is_rare:
            self._answered.add(result.call.quota_account)

    def insights_calls(
        self, media: ListedMedia, metrics: tuple[str, ...], breakdown: str = ""
    ) -> Iterator[InsightsCall]:
        """Yield the calls for some insights of a media."""
        for call in insights_request.media_lifetime(
            media.account, media.id, media.kind, metrics, breakdown
        ):
            yield call.with_context(media)

    def calls_with_extra(self, media: ListedMedia) -> Iterator[InsightsCall]:
        """Yield the calls for the metrics of the wanted columns, and for `extra_metrics`."""
        metrics = media_metrics(media.kind, self.config["login"], self.wanted_columns)
        wanted = {"": tuple(metric.name for metric in metrics)}
        for breakdown, names in self.table(ExtraInsights).asked(self.grain).items():
            wanted[breakdown] = (*wanted.get(breakdown, ()), *names)
        for breakdown, names in wanted.items():
            yield from self.insights_calls(media, names, breakdown)

    def read_answers(self, media: ListedMedia, results: Sequence[Result]) -> dict[str, Any]:
        """Return the figures in the answers about a media; write what is missing in them."""
        figures: dict[str, Any] = {}
        for result in results:
            self.note_answer(result)
        for result in self.with_merged_totals(media, results):
            if result.error:
                self.take_error(result, result.error)
            else:
                figures |= self.read_figures(result)
        return {name: figures[name] for name in figures.keys() & self.schema["properties"]}

    def read_figures(self, result: Result) -> dict[str, Any]:
        """Return the figures in an answer; write what is missing in it."""
        media: ListedMedia = result.call.context
        breakdown = cast("InsightsCall", result.call).breakdown
        values = {} if breakdown else result.insights.values
        given = result.insights.splits if breakdown else whole(values)
        self.add_missing(result, given)
        what = Reading(self.grain, media.account, media.moment, media_id=media.id)
        self.table(ExtraInsights).add(what, given, breakdown)
        return values

    def with_merged_totals(self, media: ListedMedia, results: Sequence[Result]) -> Iterator[Result]:
        """Yield the answers about a media, those to the calls without a breakdown as one.

        If the first of them is an error, it stands for all: it is about the media. Where Meta fails
        at another one, the next run requests the media again.
        """
        totals = [one for one in results if not cast("InsightsCall", one.call).breakdown]
        if totals and totals[0].error:
            yield totals[0]
        elif totals:
            if any(result.has_failed for result in totals):
                self.ask_again(media)
            yield merged(cast("InsightsCall", totals[0].call), totals)
        yield from (one for one in results if cast("InsightsCall", one.call).breakdown)

    def take_error(self, result: Result, error: CallError) -> None:
        """Write what an error means: the account is left out, or insights are missing."""
        media: ListedMedia = result.call.context
        is_failure = error.reason is Reason.META_ERROR
        has_room = len(self._again.get(media.account.id, ())) < MAX_TO_ASK_AGAIN
        if result.ends_account or (is_failure and not has_room):
            self.skip_account(media.account, error)
            return
        # Meta lists the media but says that it does not exist. One of the two is wrong, so it is
        # asked for in every run for as long as it is listed.
        if has_room and (is_failure or error.rule.action is Action.GONE):
            self.ask_again(media)
        if error.reason is Reason.BEFORE_CONVERSION and media.posted is not None:
            self.table(MediaInsights).note_refused(media.account, media.posted)
        if error.rule.action is Action.DENIED:
            if media.is_story and not re.search("permission", error.text, re.IGNORECASE):
                # Meta has the same code for a story that too few accounts have seen, in words that
                # depend on the language of the token's user.
                rule = replace(error.rule, reason=Reason.TOO_FEW_VIEWERS)
                error = CallError(error.message, rule, code=error.code, subcode=error.subcode)
            else:
                denied = self._denied[media.account.id]
                denied[media.id] = error
                if len(denied) >= MAX_DENIED and (denial := self.denial(media.account)):
                    self.skip_account(media.account, denial)
        call = cast("InsightsCall", result.call)
        metric = _split(",".join(call.metrics), call) if call.breakdown else ""
        self.gaps.add(media.account, metric, error, media_id=media.id)

    def is_before_conversion(self, media: ListedMedia) -> bool:
        """Return whether Meta is known to have no insights of a media."""
        newest = self.table(MediaInsights).newest_refused(media.account)
        return media.posted is not None and newest is not None and media.posted <= newest

    def add_missing(self, result: Result, given: Container[str]) -> None:
        """Write a gap for each metric that was refused, or asked for and not given.

        Args:
            result: the result to an insights call.
            given: the metrics that it holds.
        """
        media: ListedMedia = result.call.context
        call = cast("InsightsCall", result.call)
        lacking = per_object_metrics(media.kind)
        gaps = dict(missing(result, given))
        if not call.breakdown and {gaps.get(metric) for metric in call.metrics} == {Reason.EMPTY}:
            gaps = {"": Reason.EMPTY, **call.refused}
        for metric, why in gaps.items():
            # A reel that is not shared to Facebook has no views there: that is no gap.
            is_refused = isinstance(why, CallError) and why.rule.action is Action.DROP_METRIC
            if not (is_refused and metric in lacking):
                self.gaps.add(media.account, _split(metric, call), why, media_id=media.id)


def _split(metric: str, call: InsightsCall) -> str:
    """Return the name of a metric, or of several, with the split that is asked for."""
    return f"{metric} by {call.breakdown}" if call.breakdown else metric


class MediaInsights(MediaInsightsStream):
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

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap, run)
        self._newest_refused: dict[str, dt.datetime] = {}

    def newest_refused(self, account: Account) -> dt.datetime | None:
        """Return when the newest media was posted that is from before the account's conversion.

        Meta has no insights of a media that was posted before its account turned professional, and
        never will. If it refuses one media for that reason, it refuses all older ones too.
        """
        if account.id not in self._newest_refused:
            kept = self.bookmark(account).get(NEWEST_REFUSED)
            return dt.datetime.fromisoformat(kept) if kept else None
        return self._newest_refused[account.id]

    def note_refused(self, account: Account, posted: dt.datetime) -> None:
        """Remember that Meta refused a media that was posted at this moment."""
        newest = max(posted, self.newest_refused(account) or posted)
        self._newest_refused[account.id] = newest
        self.advance(account, **{NEWEST_REFUSED: newest.isoformat()})

    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        for item, results in self.ask_in_groups(self._groups(media)):
            if figures := self.read_answers(item, results):
                self.write(self._row(item, figures))
            if not self.denial(item.account):
                self.done_until(item)

    def _groups(self, media: Iterable[ListedMedia]) -> Iterator[tuple[ListedMedia, list[Call]]]:
        """Yield the media that are due, each with its calls."""
        for item in self.due(media):
            if self.has_skipped(item.account):
                continue
            if self.is_before_conversion(item):
                self.gaps.add(item.account, "", Reason.BEFORE_CONVERSION, media_id=item.id)
            elif media_metrics(item.kind, self.config["login"], self.wanted_columns):
                yield item, [*self.calls_with_extra(item)]

    def _row(self, media: ListedMedia, figures: Mapping[str, Any]) -> Record:
        return {
            **media.reading,
            "media_type": read_text(media.node.get("media_type")),
            "media_product_type": read_text(media.node.get("media_product_type")),
            **{metric.name: figures.get(metric.name) for metric in METRICS},
        }
