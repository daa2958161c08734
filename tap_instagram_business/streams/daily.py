"""What tables of an account's days have in common: which days are due, and when they are done."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import override

from tap_instagram_business import days
from tap_instagram_business.graph import insights_request
from tap_instagram_business.graph.error_table import Reason
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import read_at
from tap_instagram_business.streams.gap_writer import missing

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Result
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.run import Run

DAY_LABELS = "day_labels"
"""Entry of the state of a table of days: `start` or `end`, how Meta labels a day's figures."""
HOURS_OF_DAY = 24
FIRST_DAYS = 30
"""How many days the first run reads where no `start_date` is set."""
MAX_FAILED_DAYS = 60
"""At most this many failed days are remembered per account (the newest ones)."""


@dataclass(frozen=True)
class Window:
    """Consecutive days of an account that are asked for, or written, together."""

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
    of_insights = True
    bookmark_text = (
        "`date`. The last day that was read. The next run reads the days after it, and reads the "
        "last few days before them again (setting `insights_lookback_days`). Beside it, "
        "`day_labels` says whether Meta labels a day's figures by the `start` or by the `end` of "
        "the day."
    )
    kept_days = days.KEPT_DAYS
    days_per_window = days.MAX_DAYS_PER_REQUEST
    """After at most so many days of an account, rows are written and the bookmark moves."""

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap, run)
        self._has_warned = False

    def due_days(self, account: Account) -> list[dt.date]:
        """Return the days to read, in order: new days, the last days again, and failed days."""
        earliest, first = self._earliest_day(account), self._first_day(account)
        if first < earliest:
            self._warn_of_start(first, earliest)
            first = earliest
        failed = map(dt.date.fromisoformat, self.bookmark(account).get("again", ()))
        due = days.days_between(first, days.yesterday(self.moment(account)))
        return sorted({*due, *(day for day in failed if day >= earliest)})

    def _earliest_day(self, account: Account) -> dt.date:
        """Return the first day whose figures Meta keeps."""
        return days.pacific_date(self.moment(account)) - days.DAY * self.kept_days

    def _first_day(self, account: Account) -> dt.date:
        if kept := self.bookmark(account).get("date"):
            lookback: int = self.config["insights_lookback_days"]
            return dt.date.fromisoformat(kept) + days.DAY * (1 - lookback)
        if start := self.config.get("start_date"):
            return dt.date.fromisoformat(start[:10])
        return days.yesterday(self.moment(account)) - days.DAY * (FIRST_DAYS - 1)

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
        self.gaps.write_days(window.account)
        if self.selected:
            self.stream_state[DAY_LABELS] = self._run.find_day_labels().name
        kept = self.bookmark(window.account)
        read = {day.isoformat() for day in window.days}
        earliest = self._earliest_day(window.account).isoformat()
        earlier = {day for day in kept.get("again", ()) if day >= earliest}
        again = earlier - read | {day.isoformat() for day in failed}
        self.advance(
            window.account,
            date=max(kept.get("date", ""), window.last.isoformat()),
            again=sorted(again)[-MAX_FAILED_DAYS:] or None,
        )

    def place(self, result: Result, metric: str) -> dict[dt.date, Any]:
        """Return what a series has for each day that it was asked for; add a gap for each other.

        Args:
            result: the result to a call for the series.
            metric: Meta's name.
        """
        asked: Window = result.call.context
        labels, call = self._run.find_day_labels(), cast("InsightsCall", result.call)
        buckets = result.insights.series.get(metric, [])
        placed = labels.place(buckets, asked.first, asked.last)
        given = {day: content for day, content in placed.items() if content != {}}
        is_unreadable = metric in result.insights.unreadable
        for day in asked.days:
            if day in given and not (is_unreadable and lacks_hours(given[day])):
                continue
            why = dict(missing(result, (), call.not_asked(labels.of(day))))[metric]
            is_unplaced = buckets and not placed
            self.gaps.add(asked.account, metric, Reason.UNPLACED if is_unplaced else why, day=day)
        return given

    def failed_days(self, result: Result) -> list[dt.date]:
        """Return the days at which Meta failed, so that the next run reads them again."""
        asked: Window = result.call.context
        if result.has_failed:
            return asked.days
        labels, call = self._run.find_day_labels(), cast("InsightsCall", result.call)
        errors = {day: call.not_asked(labels.of(day)) for day in asked.days}
        return [day for day, error in errors.items() if error and error.reason is Reason.META_ERROR]

    # Of tables that ask Meta

    def calls(self, window: Window) -> Iterable[InsightsCall]:
        """Yield the calls for a window; the subject of each is the days that it asks for."""
        raise NotImplementedError

    def window_rows(
        self, window: Window, results: Sequence[Result], failed: Container[dt.date]
    ) -> Iterable[Record]:
        """Yield the rows of a window.

        Args:
            window: the window.
            results: the results to its calls.
            failed: the days at which Meta failed.
        """
        raise NotImplementedError

    @override
    def rows(self) -> Iterator[Record]:
        for window, results in self.ask_in_groups(self._groups()):
            for result in results:
                if result.error and result.ends_account:
                    self.skip_account(window.account, result.error)
            if not self.has_skipped(window.account):
                failed = {day for result in results for day in self.failed_days(result)}
                yield from self.window_rows(window, results, failed)
                for table in self._tables_of_days():
                    table.done(window, failed)

    def _tables_of_days(self) -> list[DailyStream]:
        """Return this table, and those that are filled from the same answers."""
        return [self, *self.derived(DailyStream)]

    def _groups(self) -> Iterator[tuple[Window, list[InsightsCall]]]:
        number = len(self._run.accounts)
        for index, account in enumerate(self.accounts_in_turn(), start=1):
            self.log_progress("account %d of %d", index, number)
            wanting = [table for table in self._tables_of_days() if table.selected]
            due = sorted({day for table in wanting for day in table.due_days(account)})
            for first, last in days.windows(due, self.days_per_window):
                if self.has_skipped(account):
                    break
                window = Window(account, first, last)
                yield window, list(self.calls(window))

    def series_call(self, asked: Window, metrics: tuple[str, ...], period: str) -> InsightsCall:
        """Return the call for a series of some days."""
        window = self._run.find_day_labels().window(asked.first, asked.last)
        return insights_request.series(asked.account, metrics, period, window).with_context(asked)

    def day_columns(self, account: Account, day: dt.date) -> Record:
        """Return the columns of a row that say which day it is about, and when it was read."""
        moment = self.moment(account)
        return {
            "account_id": account.id,
            "date": day.isoformat(),
            "is_final": days.is_final(day, moment),
            "read_at": read_at(moment),
        }


def lacks_hours(content: object) -> bool:
    """Return whether a day's figures by hour are not there for each hour."""
    return isinstance(content, dict) and len(content) < HOURS_OF_DAY
