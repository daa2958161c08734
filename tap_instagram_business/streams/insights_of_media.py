"""What tables of insights of media have in common: what an error or a missing figure means."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, cast

from typing_extensions import override

from tap_instagram_business.graph import insights_request
from tap_instagram_business.graph.error_table import Reason
from tap_instagram_business.graph.insights_request import merged
from tap_instagram_business.metrics import per_object_metrics
from tap_instagram_business.streams.by_media import MediaFollower
from tap_instagram_business.streams.extra import ExtraInsights
from tap_instagram_business.streams.gaps import InsightGaps

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk import Tap

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.run import Run
    from tap_instagram_business.streams.by_media import ListedMedia

MAX_DENIED = 25
"""If Meta denies the insights of so many media of an account and gives none, the account is left
out: the token lacks the permission."""
MAX_TO_ASK_AGAIN = 200
"""If Meta fails at more media of an account than this, the account is left out of this run."""


class InsightsStream(MediaFollower):
    """A table of insights of media: an error ends the account, or becomes a gap."""

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap, run)
        self._ended: set[str] = set()
        self._denied: dict[str, dict[str, CallError]] = defaultdict(dict)
        self._answered: set[str] = set()

    def due(self, media: Iterable[ListedMedia]) -> list[ListedMedia]:
        """Return those media that this table wants in this run."""
        return [item for item in media if self.is_due(item)]

    def has_ended(self, account: Account) -> bool:
        """Return whether an account is left out of this table for the rest of the run."""
        return account.id in self._ended

    @override
    def end(self, account: Account, since: dt.datetime | None) -> None:
        self.judge_denials(account)
        if not self.has_ended(account):
            super().end(account, since)

    def judge_denials(self, account: Account) -> None:
        """Leave an account out if Meta has denied the insights of its media and given none."""
        denied = self._denied.get(account.id)
        if denied and account.id not in self._answered:
            self._end_account(account, next(iter(denied.values())))

    def may_advance(self, account: Account) -> bool:
        """Return whether the bookmark of an account may move past media that were asked about.

        While Meta has only denied insights, it may be about the whole account.
        """
        is_denied = account.id in self._denied and account.id not in self._answered
        return not self.has_ended(account) and not is_denied

    def note_answer(self, answer: Answer) -> None:
        """Remember that Meta gives this table insights of an account's media."""
        call = cast("InsightsCall", answer.call)
        if not answer.error and call.metrics and not call.is_rare:
            self._answered.add(answer.call.quota_account)

    def insights_calls(
        self, media: ListedMedia, metrics: tuple[str, ...], breakdown: str = ""
    ) -> Iterator[InsightsCall]:
        """Yield the calls for some insights of a media."""
        for call in insights_request.media_lifetime(
            media.account, media.id, media.kind, metrics, breakdown
        ):
            yield call.about(media)

    def calls_with_extra(
        self, media: ListedMedia, grain: str, metrics: tuple[str, ...]
    ) -> Iterator[InsightsCall]:
        """Yield the calls for insights of a media, those of `extra_metrics` included."""
        extra = self.table(ExtraInsights)
        yield from self.insights_calls(media, (*metrics, *extra.names(grain)))
        for breakdown in extra.breakdowns(grain):
            yield from self.insights_calls(media, extra.names(grain, breakdown), breakdown)

    def with_merged_totals(self, media: ListedMedia, answers: Sequence[Answer]) -> Iterator[Answer]:
        """Yield the answers about a media, those to the calls without a breakdown as one.

        If the first of them is an error, it stands for all: it is about the media. Where Meta fails
        at another one, the next run requests the media again.
        """
        totals = [one for one in answers if not cast("InsightsCall", one.call).breakdown]
        if totals and totals[0].error:
            yield totals[0]
        elif totals:
            if any(answer.has_failed for answer in totals):
                self.ask_again(media)
            yield merged(cast("InsightsCall", totals[0].call), totals)
        yield from (one for one in answers if cast("InsightsCall", one.call).breakdown)

    def take_error(self, answer: Answer, error: CallError) -> None:
        """Write what an error means: the account is left out, or insights are missing."""
        media: ListedMedia = answer.call.subject
        is_failure = error.reason is Reason.META_ERROR
        has_room = len(self._again.get(media.account.id, ())) < MAX_TO_ASK_AGAIN
        if answer.ends_account or (is_failure and not has_room):
            self._end_account(media.account, error)
            return
        # Meta lists the media but says that it does not exist. One of the two is wrong, so it is
        # asked for in every run for as long as it is listed.
        if has_room and (is_failure or error.rule.means_gone):
            self.ask_again(media)
        if error.reason is Reason.BEFORE_CONVERSION and media.posted is not None:
            self._run.conversions.add(media.account, media.posted)
        reason = error.reason
        if error.rule.means_denied:
            if media.is_story and not re.search("permission", error.text, re.IGNORECASE):
                # Meta has the same code for a story that too few accounts have seen, in words that
                # depend on the language of the token's user.
                reason = Reason.TOO_FEW_VIEWERS
            else:
                self._take_denial(media, error)
        call = cast("InsightsCall", answer.call)
        metric = f"{','.join(call.metrics)} by {call.breakdown}" if call.breakdown else ""
        self.add_gap(media, metric, error, reason)

    def _take_denial(self, media: ListedMedia, error: CallError) -> None:
        denied = self._denied[media.account.id]
        denied[media.id] = error
        if len(denied) >= MAX_DENIED:
            self.judge_denials(media.account)

    def _end_account(self, account: Account, error: CallError) -> None:
        if not self.has_ended(account):
            self._ended.add(account.id)
            self.leave_out(account, error)
            self.table(InsightGaps).add_account(account, error)

    def is_before_conversion(self, media: ListedMedia) -> bool:
        """Return whether Meta is known to have no insights of a media."""
        posted = media.posted
        return posted is not None and self._run.conversions.covers(media.account, posted)

    def add_gap(
        self,
        media: ListedMedia,
        metric: str,
        why: Reason | CallError,
        reason: Reason | None = None,
    ) -> None:
        """Write that Meta did not give an insight of a media; all insights where metric is ''."""
        gaps = self.table(InsightGaps)
        gaps.add_today(media.account, metric, why, reason=reason, media_id=media.id)

    def add_missing(self, answer: Answer, given: Iterable[str], suffix: str = "") -> None:
        """Write a gap for each metric that was refused, or asked for and not given.

        Args:
            answer: the answer to an insights call.
            given: the metrics that it holds.
            suffix: what to add to the metric's name.
        """
        media: ListedMedia = answer.call.subject
        call = cast("InsightsCall", answer.call)
        lacking = per_object_metrics(media.kind)
        for metric, error in call.refused.items():
            # A reel that is not shared to Facebook has no views there: that is no gap.
            if metric not in lacking or not error.rule.names_metrics:
                self.add_gap(media, metric + suffix, error)
        unreadable = answer.insights.unreadable
        for metric in call.metrics:
            if metric in unreadable:
                self.add_gap(media, metric + suffix, Reason.UNREADABLE)
        missing = [metric for metric in call.metrics if metric not in {*given, *unreadable}]
        if missing and missing == list(call.metrics) and not suffix:
            missing = [""]
        for metric in missing:
            self.add_gap(media, metric + suffix, Reason.EMPTY)
