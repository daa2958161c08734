"""Insights of an account, by Pacific day, and their parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business import days
from tap_instagram_business.graph import insights_request
from tap_instagram_business.metrics import (
    BREAKDOWNS,
    DAY_METRICS,
    FOLLOW_COLUMNS,
    FOLLOWER_COUNT,
    FOLLOWS_AND_UNFOLLOWS,
    metrics_split_by,
)
from tap_instagram_business.streams.by_day import (
    DailyStream,
    DayFollower,
    Window,
)
from tap_instagram_business.streams.columns import ACCOUNT_ID, READ_AT, column, read_at
from tap_instagram_business.streams.extra import ExtraInsights, Reading
from tap_instagram_business.streams.gaps import day_gaps

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Container, Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.streams.gaps import Gap
    from tap_instagram_business.values import Number

DAYS_PER_WINDOW = 10
"""After this many days of an account the bookmark moves, so that a long first run can go on."""
FOLLOW_TYPE = BREAKDOWNS[0]
PERIODS = ("day", "week", "days_28")
"""The periods of a series, by Meta's names."""
COLUMNS = (*(metric.name for metric in DAY_METRICS), FOLLOWER_COUNT.name, *FOLLOW_COLUMNS)


@dataclass(frozen=True)
class DayQuestion:
    """What a request asks for: one day, or the days of a series.

    Attributes:
        window: the days that are written together with it.
        first: the day, or the first day of the series.
        last: the day, or the last day of the series.
        breakdown: the dimension that splits the figures; '' for totals and series.
        series: the metrics of which it asks for a series; none for totals and splits.
        period: the period of the series: `day`, `week` or `days_28`.
    """

    window: Window
    first: dt.date
    last: dt.date
    breakdown: str = ""
    series: tuple[str, ...] = ()
    period: str = ""

    @property
    def days(self) -> list[dt.date]:
        """The days that it asks for."""
        return days.days_between(self.first, self.last)


class AccountInsights(DailyStream):
    """The insights of one account on one US Pacific day (Graph API: IG User insights).

    The day runs from midnight to midnight. Meta gives one total for a whole period, so each day is
    requested separately; only `follower_count` comes as a series. A run reads complete days only,
    and reads the last few days again.
    """

    name = "account_insights"
    follower_type = DayFollower
    primary_keys = ("account_id", "date")
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column("date", "date", "The US Pacific day.", key=True),
        *(column(metric.name, "integer", metric.description) for metric in DAY_METRICS),
        column(FOLLOWER_COUNT.name, "integer", FOLLOWER_COUNT.description),
        *(column(name, "integer", text) for name, (_, text) in FOLLOW_COLUMNS.items()),
        column(
            "is_final",
            "boolean",
            "True if the row was read 48 hours or more after the end of the day: it is final.",
        ),
        READ_AT,
    ).to_dict()

    @override
    def rows(self) -> Iterator[Record]:
        for window, answers in self.ask_in_groups(self._groups()):
            figures: dict[dt.date, dict[str, Number]] = {day: {} for day in window.days}
            gaps: list[Gap] = []
            failed: set[dt.date] = set()
            for answer in answers:
                gaps += self._read(answer, figures)
                question: DayQuestion = answer.call.subject
                failed.update(self.failed_days(answer, question.days))
            if self.has_ended(window.account):
                continue
            yield from self._rows(window, figures, failed)
            for gap in gaps:
                self.add_gap(window.account, gap)
            for table in self._tables_of_days():
                table.done(window, failed)

    def _tables_of_days(self) -> list[DailyStream]:
        return [self, *self.followers(DayFollower)]

    def _groups(self) -> Iterator[tuple[Window, list[InsightsCall]]]:
        number = len(self._run.accounts)
        for index, account in enumerate(self.accounts_in_turn(), start=1):
            self.log_progress("account %d of %d", index, number)
            wanting = [table for table in self._tables_of_days() if table.selected]
            due = sorted({day for table in wanting for day in table.due_days(account)})
            for first, last in days.windows(due, DAYS_PER_WINDOW):
                if self.has_ended(account):
                    break
                window = Window(account, first, last)
                yield window, list(self._calls(window))

    def _calls(self, window: Window) -> Iterator[InsightsCall]:
        account, labels = window.account, self._run.find_day_labels()
        metrics_by_breakdown = self._metrics_by_breakdown()
        for day in window.days:
            for breakdown, metrics in metrics_by_breakdown.items():
                call = insights_request.day_total(
                    account, metrics, labels.window(day, day), breakdown
                )
                yield call.about(DayQuestion(window, day, day, breakdown))
        if FOLLOWER_COUNT.name in self.wanted_columns:
            today = days.pacific_date(self._run.graph.now())
            first = max(window.first, today - days.DAY * days.KEPT_DAYS_FOLLOWERS)
            if first <= window.last:
                yield self._series_call(window, first, (FOLLOWER_COUNT.name,), "day")
        extra = self.table(ExtraInsights)
        for period in PERIODS:
            if metrics := extra.names("account", period):
                yield self._series_call(window, window.first, metrics, period)

    def _series_call(
        self, window: Window, first: dt.date, metrics: tuple[str, ...], period: str
    ) -> InsightsCall:
        """Return the call for a series from a day to the end of a window."""
        asked = self._run.find_day_labels().window(first, window.last)
        call = insights_request.series(window.account, metrics, period, asked)
        return call.about(DayQuestion(window, first, window.last, series=metrics, period=period))

    def _metrics_by_breakdown(self) -> dict[str, tuple[str, ...]]:
        """Return the metrics to ask for, a request for each breakdown; '' for the totals."""
        totals = [metric.name for metric in DAY_METRICS if metric.name in self.wanted_columns]
        found = {"": (*totals, *self.table(ExtraInsights).names("account"))}
        if self.wanted_columns & FOLLOW_COLUMNS.keys():
            found[FOLLOW_TYPE] = (FOLLOWS_AND_UNFOLLOWS.name,)
        extra = self.table(ExtraInsights)
        for breakdown in (name for name in extra.breakdowns("account") if name not in PERIODS):
            found[breakdown] = (
                *found.get(breakdown, ()),
                *extra.names("account", breakdown),
            )
        for follower in self.followers(DayFollower):
            for breakdown, metrics in follower.metrics_by_breakdown().items():
                found[breakdown] = tuple(dict.fromkeys((*metrics, *found.get(breakdown, ()))))
        return {breakdown: metrics for breakdown, metrics in found.items() if metrics}

    def _read(self, answer: Answer, figures: dict[dt.date, dict[str, Number]]) -> Iterable[Gap]:
        """Add what an answer holds to the figures of its days, and return what is missing."""
        question: DayQuestion = answer.call.subject
        account, day = question.window.account, question.first
        if answer.error and answer.ends_account:
            self.end_account(account, answer.error)
            return ()
        if question.series:
            return self._read_series(answer, figures)
        for follower in self.followers(DayFollower):
            follower.isolated(follower.read, account, day, answer)
        if question.breakdown:
            return self._read_split(answer, figures[day])
        values = answer.insights.values
        figures[day] |= values
        reading = Reading("account", account, self._run.graph.now(), day)
        self.table(ExtraInsights).write_values(reading, values)
        return day_gaps(answer, day, set(values))

    def _read_series(self, answer: Answer, figures: dict[dt.date, dict[str, Number]]) -> list[Gap]:
        question: DayQuestion = answer.call.subject
        gaps: list[Gap] = []
        for metric in question.series:
            given, lacking = self.place(answer, metric, question.days)
            gaps += [gap for gap in lacking if gap.metric == metric]
            for day, figure in given.items():
                if metric == FOLLOWER_COUNT.name and question.period == "day":
                    figures[day][metric] = figure
                reading = Reading("account", question.window.account, self._run.graph.now(), day)
                self.table(ExtraInsights).write_series(reading, metric, question.period, figure)
        return gaps

    def _read_split(self, answer: Answer, figures: dict[str, Number]) -> Iterator[Gap]:
        question: DayQuestion = answer.call.subject
        given = dict(answer.insights.splits)
        account, now = question.window.account, self._run.graph.now()
        reading = Reading("account", account, now, question.first)
        self.table(ExtraInsights).write_parts(reading, given, question.breakdown)
        parts = (part for part, _ in FOLLOW_COLUMNS.values())
        known = answer.insights.parts(FOLLOWS_AND_UNFOLLOWS.name, parts)
        found = {name: known[part] for name, (part, _) in FOLLOW_COLUMNS.items() if part in known}
        figures |= found
        if len(found) < len(FOLLOW_COLUMNS):
            given.pop(FOLLOWS_AND_UNFOLLOWS.name, None)
        for gap in day_gaps(answer, question.first, set(given)):
            comes_only_split = gap.metric == FOLLOWS_AND_UNFOLLOWS.name
            split = f"{gap.metric} by {question.breakdown}"
            yield gap if comes_only_split else replace(gap, metric=split)

    def _rows(
        self,
        window: Window,
        figures: dict[dt.date, dict[str, Number]],
        failed: Container[dt.date],
    ) -> Iterable[dict[str, Any]]:
        """Yield the days that have figures, unless an earlier run has read more of the day."""
        known, now = self.bookmark(window.account).get("date", ""), self._run.graph.now()
        for day, values in figures.items():
            is_worse = day in failed and day.isoformat() <= known
            if not is_worse and any(name in values for name in COLUMNS):
                yield {
                    "account_id": window.account.id,
                    "date": day.isoformat(),
                    **{name: values.get(name) for name in COLUMNS},
                    "is_final": days.is_final(day, now),
                    "read_at": read_at(now),
                }


class AccountInsightsBreakdowns(DayFollower):
    """One part of an account metric of one day: a follower type, content type or contact button."""

    name = "account_insights_breakdowns"
    parent_stream_type = AccountInsights
    primary_keys = ("account_id", "date", "metric", "breakdown", "breakdown_value")
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column("date", "date", "The US Pacific day.", key=True),
        column("metric", "string", "Meta's name of the metric.", key=True),
        column("breakdown", "string", f"Property of the split: {', '.join(BREAKDOWNS)}.", key=True),
        column(
            "breakdown_value",
            "string",
            "The part, in capital letters, such as FOLLOWER, REEL or EMAIL. Meta leaves out parts "
            "with the value 0. For follows_and_unfollows, FOLLOWER means follows and NON_FOLLOWER "
            "means unfollows.",
            key=True,
        ),
        column("value", "integer", "The value of this part."),
        column(
            "is_final",
            "boolean",
            "True if the row was read 48 hours or more after the end of the day: it is final.",
        ),
        READ_AT,
    ).to_dict()

    @override
    def metrics_by_breakdown(self) -> Mapping[str, tuple[str, ...]]:
        if not self.selected:
            return {}
        return {breakdown: metrics_split_by(breakdown) for breakdown in BREAKDOWNS}

    @override
    def read(self, account: Account, day: dt.date, answer: Answer) -> None:
        breakdown = cast("InsightsCall", answer.call).breakdown
        splits = answer.insights.splits
        now = self._run.graph.now()
        for metric in metrics_split_by(breakdown):
            for (part,), value in splits.get(metric, {}).items():
                self.write(
                    {
                        "account_id": account.id,
                        "date": day.isoformat(),
                        "metric": metric,
                        "breakdown": breakdown,
                        "breakdown_value": part.upper(),
                        "value": value,
                        "is_final": days.is_final(day, now),
                        "read_at": read_at(now),
                    }
                )
