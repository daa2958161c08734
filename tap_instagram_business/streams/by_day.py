"""What tables of an account's days have in common: which days are due, and when they are done."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import override

from tap_instagram_business import days
from tap_instagram_business.graph import insights_request
from tap_instagram_business.graph.error_table import Reason
from tap_instagram_business.metrics import FOLLOWER_METRICS, MIN_FOLLOWERS
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.gaps import InsightGaps, day_gaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.run import Run
    from tap_instagram_business.streams.gaps import Gap

DAY_LABELS = "day_labels"
"""Entry of the state of a table of days: `start` or `end`, how Meta labels a day's figures."""
HOURS_OF_DAY = 24
FIRST_DAYS = 30
"""How many days the first run reads where no `start_date` is set."""
MAX_FAILED_DAYS = 60
"""At most this many failed days are remembered per account (the newest ones)."""


@dataclass(frozen=True)
class Window:
    """Consecutive days of an account that are read and written together."""

    account: Account
    first: dt.date
    last: dt.date

    @property
    def days(self) -> list[dt.date]:
        """The days, both ends included."""
        return days.days_between(self.first, self.last)


class DailyStream(InstagramStream):
    """A table of an account's complete days; the last days are read again until they are final."""

    replication_key = "date"
    kept_days = days.KEPT_DAYS

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap, run)
        self._ended: set[str] = set()
        self._has_warned = False
        self._gaps: list[Gap] = []

    def due_days(self, account: Account) -> list[dt.date]:
        """Return the days to read, in order: new days, the last days again, and failed days."""
        now = self._run.graph.now()
        earliest: dt.date = days.pacific_date(now) - days.DAY * self.kept_days
        first = self._first_day(account)
        if first < earliest:
            self._warn_of_start(first, earliest)
            first = earliest
        failed = map(dt.date.fromisoformat, self.bookmark(account).get("again", ()))
        due = days.days_between(first, days.yesterday(now))
        return sorted({*due, *(day for day in failed if day >= earliest)})

    def _first_day(self, account: Account) -> dt.date:
        if kept := self.bookmark(account).get("date"):
            lookback: int = self.config["insights_lookback_days"]
            return dt.date.fromisoformat(kept) + days.DAY * (1 - lookback)
        if start := self.config.get("start_date"):
            return dt.date.fromisoformat(start[:10])
        return days.yesterday(self._run.graph.now()) - days.DAY * (FIRST_DAYS - 1)

    def _warn_of_start(self, first: dt.date, earliest: dt.date) -> None:
        if not self._has_warned:
            self._has_warned = True
            self.logger.warning(
                "%s: Meta keeps %d days, so they start on %s, not %s.",
                self.name,
                self.kept_days,
                earliest,
                first,
            )

    def done(self, window: Window, failed: Iterable[dt.date]) -> None:
        """Write the gaps of a window and move the bookmark past it.

        Args:
            window: the window, of which all rows are written.
            failed: the days at which Meta failed; the next run reads them again.
        """
        self.table(InsightGaps).add_days(window.account, self._gaps)
        self._gaps.clear()
        if self.selected:
            self.stream_state[DAY_LABELS] = self._run.find_day_labels().name
        kept = self.bookmark(window.account)
        read = {day.isoformat() for day in window.days}
        again = {*kept.get("again", ())} - read | {day.isoformat() for day in failed}
        self.advance(
            window.account,
            date=max(kept.get("date", ""), window.last.isoformat()),
            again=sorted(again)[-MAX_FAILED_DAYS:] or None,
        )

    def add_gap(self, account: Account, gap: Gap) -> None:
        """Remember an insight that Meta did not give, until the window is done.

        Meta gives few insights to accounts with few followers.
        """
        metric = gap.metric.partition(" ")[0]
        is_small = metric in FOLLOWER_METRICS and has_few_followers(account)
        if gap.reason is Reason.EMPTY and is_small:
            gap = replace(gap, reason=Reason.TOO_FEW_FOLLOWERS)
        self._gaps.append(gap)

    def place(
        self, answer: Answer, metric: str, days_asked: Sequence[dt.date]
    ) -> tuple[dict[dt.date, Any], list[Gap]]:
        """Return what a series has for each of some consecutive days, and what it lacks.

        Args:
            answer: the answer to a call for the series.
            metric: Meta's name.
            days_asked: the days, in their order.
        """
        labels, call = self._run.find_day_labels(), cast("InsightsCall", answer.call)
        buckets = answer.insights.series.get(metric, [])
        placed = labels.place(buckets, days_asked[0], days_asked[-1])
        given = {day: content for day, content in placed.items() if content != {}}
        gaps: list[Gap] = []
        is_unreadable = metric in answer.insights.unreadable
        for day in days_asked:
            if day not in given or (is_unreadable and lacks_hours(given[day])):
                found = day_gaps(answer, day, (), not_asked=call.not_asked(labels.of(day)))
                if buckets and not placed:
                    found = (replace(gap, reason=Reason.UNPLACED) for gap in found)
                gaps += found
        return given, gaps

    def failed_days(self, answer: Answer, days_asked: Sequence[dt.date]) -> list[dt.date]:
        """Return the days at which Meta failed, so that the next run reads them again."""
        if answer.has_failed:
            return list(days_asked)
        labels, call = self._run.find_day_labels(), cast("InsightsCall", answer.call)
        errors = {day: call.not_asked(labels.of(day)) for day in days_asked}
        return [day for day, error in errors.items() if error and error.reason is Reason.META_ERROR]

    def end_account(self, account: Account, error: CallError) -> None:
        """Leave an account out of this table for the rest of the run."""
        if account.id not in self._ended:
            self._ended.add(account.id)
            self.leave_out(account, error)
            self.table(InsightGaps).add_account(account, error)

    def has_ended(self, account: Account) -> bool:
        """Return whether an account is left out of this table for the rest of the run."""
        return account.id in self._ended


class DayFollower(DailyStream):
    """A table that is filled from the answers about an account's days."""

    @abstractmethod
    def metrics_by_breakdown(self) -> Mapping[str, tuple[str, ...]]:
        """Return the metrics that the lead has to ask for, by the breakdown they are split by."""

    @abstractmethod
    def read(self, account: Account, day: dt.date, answer: Answer) -> None:
        """Write the rows of an answer about one day."""


class SeriesStream(DailyStream):
    """A table of days that Meta gives as a series, many days in one answer."""

    @abstractmethod
    def series_calls(self, window: Window) -> Iterable[InsightsCall]:
        """Yield the calls for a window, made by `series_call`."""

    @abstractmethod
    def series_rows(self, window: Window, answer: Answer) -> Iterable[Record]:
        """Yield the rows of an answer."""

    @override
    def rows(self) -> Iterator[Record]:
        for window, answers in self.ask_in_groups(self._groups()):
            for answer in answers:
                if answer.error and answer.ends_account:
                    self.end_account(window.account, answer.error)
            if not self.has_ended(window.account):
                for answer in answers:
                    yield from self.series_rows(window, answer)
                days_asked = window.days
                self.done(
                    window, {day for each in answers for day in self.failed_days(each, days_asked)}
                )

    def _groups(self) -> Iterator[tuple[Window, list[InsightsCall]]]:
        """Split each account's days into windows that one series request may cover."""
        for account in self.accounts_in_turn():
            for first, last in days.windows(self.due_days(account)):
                if not self.has_ended(account):
                    window = Window(account, first, last)
                    yield window, list(self.series_calls(window))

    def series_call(self, window: Window, metrics: tuple[str, ...], period: str) -> InsightsCall:
        """Return the call for a series of a window."""
        asked = self._run.find_day_labels().window(window.first, window.last)
        return insights_request.series(window.account, metrics, period, asked).about(window)

    def place_in_window(self, window: Window, answer: Answer, metric: str) -> dict[dt.date, Any]:
        """Return what a series has for each day of a window; note a gap for each other day."""
        given, gaps = self.place(answer, metric, window.days)
        for gap in gaps:
            self.add_gap(window.account, gap)
        return given


def lacks_hours(content: object) -> bool:
    """Return whether a day's figures by hour are not there for each hour."""
    return isinstance(content, dict) and len(content) < HOURS_OF_DAY


def has_few_followers(account: Account) -> bool:
    """Return whether an account has too few followers for insights about followers."""
    return account.followers is not None and account.followers < MIN_FOLLOWERS
