"""What tables of an account's days have in common: which days to read, and when they are kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import override

from tap_instagram_business import days
from tap_instagram_business.client import InstagramStream
from tap_instagram_business.graph.calls import InsightsCall
from tap_instagram_business.graph.errors import Action
from tap_instagram_business.graph.insights import read_series
from tap_instagram_business.streams.gaps import FAILED, Gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import GraphError
    from tap_instagram_business.tap import TapInstagramBusiness

FIRST_DAYS = 30
"""How many days the first run reads where no `start_date` is set."""
MOST_DAYS_TO_ASK_AGAIN = 60
"""How many days of an account are kept because Meta failed at them, the newest."""
FEWEST_FOLLOWERS = 100
"""With fewer, Meta gives nothing that is about followers."""
FOLLOWER_METRICS = frozenset({"follower_count", "follows_and_unfollows", "online_followers"})


@dataclass(frozen=True)
class Window:
    """Consecutive days of an account that are read, written and kept together."""

    account: Account
    first: dt.date
    last: dt.date

    @property
    def days(self) -> list[dt.date]:
        """The days, both ends included."""
        return days.days_between(self.first, self.last)


class DailyStream(InstagramStream):
    """A table of an account's complete days, the last ones read again until Meta settles them."""

    replication_key = "date"
    kept_days = days.KEPT_DAYS

    def __init__(self, tap: TapInstagramBusiness) -> None:
        super().__init__(tap)
        self._failed: set[str] = set()
        self._clamped = False

    def due_days(self, account: Account) -> list[dt.date]:
        """List the days to read, in order: those not read yet, the last ones, and failed ones."""
        now = self._tap.graph.now()
        earliest: dt.date = days.pacific_date(now) - days.DAY * self.kept_days
        first = self._first_day(account, earliest)
        again = map(dt.date.fromisoformat, self.bookmark(account).get("again", ()))
        due = days.days_between(first, days.yesterday(now))
        return sorted({*due, *(day for day in again if day >= earliest)})

    def _first_day(self, account: Account, earliest: dt.date) -> dt.date:
        first: dt.date
        if kept := self.bookmark(account).get("date"):
            lookback = self.config["insights_lookback_days"]
            first = dt.date.fromisoformat(kept) + days.DAY * (1 - lookback)
        elif start := self.config.get("start_date"):
            first = dt.date.fromisoformat(start[:10])
        else:
            first = days.yesterday(self._tap.graph.now()) - days.DAY * (FIRST_DAYS - 1)
        if first < earliest and not self._clamped:
            self._clamped = True
            self.logger.warning(
                "%s: Meta keeps %d days, so they start on %s, not %s.",
                self.name,
                self.kept_days,
                earliest,
                first,
            )
        return max(earliest, first)

    def keep(self, window: Window, failed: Iterable[dt.date]) -> None:
        """Move the bookmark past a window, and remember which of its days Meta failed at."""
        kept = self.bookmark(window.account)
        read = {day.isoformat() for day in window.days}
        again = {*kept.get("again", ())} - read | {day.isoformat() for day in failed}
        self.advance(
            window.account,
            date=max(kept.get("date", ""), window.last.isoformat()),
            again=sorted(again)[-MOST_DAYS_TO_ASK_AGAIN:] or None,
        )

    def add_gap(self, account: Account, gap: Gap) -> None:
        """Write what Meta did not give of an account, with the reason if that is plain."""
        metric = gap.metric.partition(" ")[0]
        few = gap.reason == "empty" and metric in FOLLOWER_METRICS and has_few_followers(account)
        self.gaps.add(account, replace(gap, reason="too_few_followers") if few else gap)

    def give_up(self, account: Account, error: GraphError) -> None:
        """Leave an account out of the rest of this run."""
        if account.id not in self._failed:
            self._failed.add(account.id)
            self.fail(account, error)
            today = self._tap.graph.now().date().isoformat()
            self.gaps.add_account(account, today, error)

    def has_failed(self, account: Account) -> bool:
        """Say whether an account is left out of the rest of this run."""
        return account.id in self._failed


class SeriesStream(DailyStream):
    """A table of days that Meta gives as a series, many days in one answer."""

    def series_calls(self, window: Window) -> Iterable[InsightsCall]:
        """Yield what to ask for a window, by `series_call`."""
        raise NotImplementedError

    def series_rows(self, window: Window, answer: Answer) -> Iterable[Record]:
        """Yield the rows of an answer."""
        raise NotImplementedError

    @override
    def rows(self) -> Iterator[Record]:
        for window, answers in self.ask_in_groups(self._groups()):
            for answer in answers:
                if answer.error and ends_account(answer):
                    self.give_up(window.account, answer.error)
            if not self.has_failed(window.account):
                for answer in answers:
                    yield from self.series_rows(window, answer)
                is_placed = self._tap.day_labels.are_ends is not None
                is_whole = is_placed and not any(map(is_failure, answers))
                self.keep(window, () if is_whole else window.days)

    def _groups(self) -> Iterator[tuple[Window, list[InsightsCall]]]:
        """Cut each account's days into what one series request covers."""
        for account in self.accounts_in_turn():
            for first, last in days.windows(self.due_days(account)):
                if not self.has_failed(account):
                    window = Window(account, first, last)
                    yield window, list(self.series_calls(window))

    def series_call(self, window: Window, metrics: tuple[str, ...], period: str) -> InsightsCall:
        """Return the call for a series of a window."""
        return InsightsCall(
            node=window.account.id,
            params={
                "metric": ",".join(metrics),
                "period": period,
                **days.window(window.first, window.last),
            },
            token=window.account.token,
            subject=window,
            metrics=metrics,
            kind=f"accounts, {period} series",
            refusals=self._tap.refusals,
        )

    def lay_out(self, window: Window, answer: Answer, metric: str) -> dict[dt.date, Any]:
        """Return what a series has for each day, and write a gap for each day without."""
        buckets = read_series(answer.data).get(metric, [])
        laid = self._tap.day_labels.lay_out(buckets, window.first, window.last)
        given = {day: content for day, content in laid.items() if content != {}}
        for day in window.days:
            if day not in given:
                for gap in day_gaps(answer, day, set()):
                    reason = "unplaced" if buckets and not laid else gap.reason
                    self.add_gap(window.account, replace(gap, reason=reason))
        return given


def is_failure(answer: Answer) -> bool:
    """Say whether Meta failed at a call, as it may not the next time."""
    return answer.error is not None and answer.error.reason == FAILED


def ends_account(answer: Answer) -> bool:
    """Say whether an answer about an account means that it cannot be read."""
    error = answer.error
    return error is not None and error.rule.action in {Action.SKIP_ACCOUNT, Action.GONE}


def day_gaps(answer: Answer, day: dt.date, given: set[str], suffix: str = "") -> Iterator[Gap]:
    """Tell what an answer about a day was refused, or asked for and did not hold.

    Args:
        answer: what came back for an insights call.
        day: the day.
        given: the metrics that it held.
        suffix: what to add to the metric's name.
    """
    call = cast("InsightsCall", answer.call)
    for metric in (*call.metrics, *call.refused):
        error = call.refused.get(metric, answer.error)
        if metric not in given:
            reason = error.reason if error else "empty"
            yield Gap(day.isoformat(), metric + suffix, reason, error)


def has_few_followers(account: Account) -> bool:
    """Say whether an account has too few followers for Meta to tell of them."""
    followers = account.node.get("followers_count")
    return followers is not None and followers < FEWEST_FOLLOWERS
