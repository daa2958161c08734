"""Insights of an account, by Pacific day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business import days
from tap_instagram_business.client import ACCOUNT_ID, InstagramStream, column
from tap_instagram_business.graph.calls import InsightsCall
from tap_instagram_business.graph.errors import Action
from tap_instagram_business.graph.insights import read_series, read_splits, read_values
from tap_instagram_business.metrics import (
    DAY_METRICS,
    FOLLOW_COLUMNS,
    FOLLOWER_COUNT,
    FOLLOWS_AND_UNFOLLOWS,
)
from tap_instagram_business.streams.gaps import Gap

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import GraphError
    from tap_instagram_business.graph.insights import Number
    from tap_instagram_business.streams.gaps import InsightGaps
    from tap_instagram_business.tap import TapInstagramBusiness

FIRST_DAYS = 30
"""How many days the first run reads where no `start_date` is set."""
DAYS_KEPT_TOGETHER = 60
"""After how many days of an account the bookmark moves, so that a long first run can go on."""
FEWEST_FOLLOWERS = 100
"""With fewer, Meta gives no `follower_count` and no `follows_and_unfollows`."""
COLUMNS = (*(metric.name for metric in DAY_METRICS), FOLLOWER_COUNT.name, *FOLLOW_COLUMNS)
FOLLOWER_METRICS = frozenset({FOLLOWER_COUNT.name, FOLLOWS_AND_UNFOLLOWS.name})


@dataclass(frozen=True)
class Window:
    """Consecutive days of an account that are read, written and kept together."""

    account: Account
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Asked:
    """What a call is about; no day where it is the series of the whole window."""

    window: Window
    day: dt.date | None = None


class AccountInsights(InstagramStream):
    """An account's day (Graph API: IG User insights), midnight to midnight US Pacific.

    Meta gives one total for a whole window, so each day is asked for by itself; only
    `follower_count` comes as a series. Complete days are read, and the last ones again.
    """

    name = "account_insights"
    primary_keys = ("account_id", "date")
    replication_key = "date"
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column("date", "date", "The US Pacific day.", key=True),
        *(column(metric.name, "integer", metric.description) for metric in DAY_METRICS),
        column(FOLLOWER_COUNT.name, "integer", FOLLOWER_COUNT.description),
        *(column(name, "integer", text) for name, (_, text) in FOLLOW_COLUMNS.items()),
        column("is_final", "boolean", "Whether 48 hours have passed: Meta restates it no more."),
    ).to_dict()

    def __init__(self, tap: TapInstagramBusiness) -> None:
        super().__init__(tap)
        self._failed: set[str] = set()
        self._end_labels: bool | None = None

    @override
    def rows(self) -> Iterator[Record]:
        gaps = cast("InsightGaps", self._tap.streams["insight_gaps"])
        answers = self.ask(self._calls())
        for window, of_window in groupby(answers, key=lambda item: item.call.subject.window):
            reading = Reading(window, self._tap.graph.now(), end_labels=self._end_labels)
            for answer in of_window:
                reading.take(answer)
            self._end_labels = reading.end_labels
            if reading.failure:
                self._give_up(window.account, reading.failure)
                continue
            yield from reading.rows()
            reading.write_gaps(gaps)
            self.advance(window.account, date=window.last.isoformat())

    def _give_up(self, account: Account, error: GraphError) -> None:
        if account.id not in self._failed:
            self._failed.add(account.id)
            self.fail(account, error)

    def days_due(self, account: Account) -> list[dt.date]:
        """List the complete days to read: those not read yet, and the last ones again."""
        now = self._tap.graph.now()
        last = days.yesterday(now)
        earliest = days.pacific_date(now) - days.DAY * days.KEPT_DAYS
        if kept := self.bookmark(account).get("date"):
            lookback = self.config["insights_lookback_days"]
            first = dt.date.fromisoformat(kept) + days.DAY * (1 - lookback)
        elif start := self.config.get("start_date"):
            first = dt.date.fromisoformat(start[:10])
        else:
            first = last - days.DAY * (FIRST_DAYS - 1)
        if first < earliest:
            self.logger.warning(
                "Account %s: Meta keeps account insights for %d days, so they start on %s, not %s.",
                account.label,
                days.KEPT_DAYS,
                earliest,
                first,
            )
        return days.days_between(max(first, earliest), last)

    def _calls(self) -> Iterator[InsightsCall]:
        number = len(self._tap.accounts)
        for index, account in enumerate(self._tap.accounts, start=1):
            self.log_progress("account %d of %d", index, number)
            due = self.days_due(account)
            for start in range(0, len(due), DAYS_KEPT_TOGETHER):
                if account.id in self._failed:
                    break
                part = due[start : start + DAYS_KEPT_TOGETHER]
                yield from self._window_calls(Window(account, part[0], part[-1]))

    def _window_calls(self, window: Window) -> Iterator[InsightsCall]:
        wanted = self.wanted_columns
        oldest = days.pacific_date(self._tap.graph.now()) - days.DAY * days.KEPT_DAYS_FOLLOWERS
        if FOLLOWER_COUNT.name in wanted:
            recent = days.days_between(max(window.first, oldest), window.last)
            for first, last in days.windows(recent):
                # reach has a figure for every day, and so shows how Meta labels the days.
                names = (FOLLOWER_COUNT.name, "reach")
                yield self._call(Asked(window), names, days.window(first, last))
        totals = tuple(metric.name for metric in DAY_METRICS if metric.name in wanted)
        split = (FOLLOWS_AND_UNFOLLOWS.name,) if wanted & FOLLOW_COLUMNS.keys() else ()
        for day in days.days_between(window.first, window.last):
            asked = Asked(window, day)
            params = {**days.window(day, day), "metric_type": "total_value"}
            if totals:
                yield self._call(asked, totals, params)
            if split:
                yield self._call(asked, split, {**params, "breakdown": "follow_type"})

    def _call(self, asked: Asked, metrics: tuple[str, ...], params: dict[str, str]) -> InsightsCall:
        account = asked.window.account
        return InsightsCall(
            node=account.id,
            params={"metric": ",".join(metrics), "period": "day", **params},
            token=account.token,
            subject=asked,
            metrics=metrics,
            kind=f"the account's {params.get('breakdown', 'totals' if asked.day else 'series')}",
            refusals=self._tap.refusals,
        )


class Reading:
    """What Meta answered for the days of a window."""

    def __init__(self, window: Window, now: dt.datetime, *, end_labels: bool | None) -> None:
        self.failure: GraphError | None = None
        self.end_labels = end_labels
        self._window = window
        self._now = now
        self._days: dict[dt.date, dict[str, Number]] = {}
        self._gaps: dict[tuple[str, str], Gap] = {}

    def take(self, answer: Answer) -> None:
        """Lay an answer onto the days it is about."""
        error = answer.error
        if error and error.rule.action in {Action.SKIP_ACCOUNT, Action.GONE}:
            self.failure = self.failure or error
        elif answer.call.subject.day is None:
            self._take_series(cast("InsightsCall", answer.call), answer)
        else:
            self._take_day(cast("InsightsCall", answer.call), answer)

    def _take_day(self, call: InsightsCall, answer: Answer) -> None:
        day: dt.date = call.subject.day
        values = read_values(answer.data)
        split = read_splits(answer.data).get(FOLLOWS_AND_UNFOLLOWS.name)
        if split and (split.parts or not self._has_few_followers):
            # Meta leaves out a bucket of zero: in a split that it gave, what is missing is zero.
            values |= {
                name: split.parts.get((bucket,), 0) for name, (bucket, _) in FOLLOW_COLUMNS.items()
            }
        self._days.setdefault(day, {}).update(values)
        given = values.keys() | ({FOLLOWS_AND_UNFOLLOWS.name} if "follows" in values else set())
        self._note_gaps(call, day, given, answer.error)

    def _take_series(self, call: InsightsCall, answer: Answer) -> None:
        series = read_series(answer.data)
        first, last = (days.pacific_date(_moment(call.params[end])) for end in ("since", "until"))
        for buckets in series.values():
            labels = (days.pacific_date(end_time) for end_time, _ in buckets)
            found = days.has_end_labels(labels, first, last)
            self.end_labels = self.end_labels if found is None else found
        given = days.lay_out(
            series.get(FOLLOWER_COUNT.name, ()), first, last, end_labels=self.end_labels
        )
        for day, value in given.items():
            self._days.setdefault(day, {})[FOLLOWER_COUNT.name] = value
        for day in days.days_between(first, last):
            values = {"reach", FOLLOWER_COUNT.name} if day in given else {"reach"}
            self._note_gaps(call, day, values, answer.error)

    def _note_gaps(
        self, call: InsightsCall, day: dt.date, values: Container[str], error: GraphError | None
    ) -> None:
        refused = {**dict.fromkeys(call.metrics, error), **call.refused}
        for metric, why in refused.items():
            if metric in values:
                continue
            reason = why.reason if why else self._why_empty(metric)
            self._gaps[metric, reason] = Gap(day.isoformat(), metric, reason, why)

    def _why_empty(self, metric: str) -> str:
        few = self._has_few_followers and metric in FOLLOWER_METRICS
        return "too_few_followers" if few else "empty"

    @property
    def _has_few_followers(self) -> bool:
        followers = self._window.account.node.get("followers_count")
        return followers is not None and followers < FEWEST_FOLLOWERS

    def rows(self) -> Iterator[Record]:
        """Yield a row for each day of which Meta gave anything."""
        for day, values in sorted(self._days.items()):
            known = {name: values.get(name) for name in COLUMNS}
            if any(value is not None for value in known.values()):
                yield {
                    "account_id": self._window.account.id,
                    "date": day.isoformat(),
                    **known,
                    "is_final": days.is_final(day, self._now),
                }

    def write_gaps(self, gaps: InsightGaps) -> None:
        """Write what Meta did not give, the last day of each."""
        for gap in self._gaps.values():
            gaps.add(self._window.account, gap)


def _moment(unix_seconds: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(int(unix_seconds), dt.timezone.utc)
