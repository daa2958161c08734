"""Insights of an account, by Pacific day, and their parts."""

from __future__ import annotations

from dataclasses import replace
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
    ROLLING_METRIC,
    ROLLING_PERIODS,
    metrics_split_by,
)
from tap_instagram_business.streams.columns import ACCOUNT_ID, DAY, IS_FINAL, READ_AT, column
from tap_instagram_business.streams.daily import DailyStream, Window
from tap_instagram_business.streams.extra import ExtraInsights, Reading, whole
from tap_instagram_business.streams.gap_writer import missing
from tap_instagram_business.streams.nodes import named_parts, part_rows

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Container, Iterator, Sequence

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.calls import Result
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.values import Number

FOLLOW_TYPE = BREAKDOWNS[0]
PERIODS = frozenset({"day", "week", "days_28"})
"""The periods of a series, by Meta's names."""
COLUMNS = (*(metric.name for metric in DAY_METRICS), FOLLOWER_COUNT.name, *FOLLOW_COLUMNS)


class AccountInsights(DailyStream):
    """The insights of one account on one US Pacific day (Graph API: IG User insights).

    The day runs from midnight to midnight. Meta gives one total for a whole period, so each day is
    requested separately; only `follower_count` comes as a series. A run reads complete days only,
    and reads the last few days again.
    """

    name = "account_insights"
    derived_type = DailyStream
    primary_keys = ("account_id", "date")
    days_per_window = 10  # So that a long first run can be continued.
    schema = th.PropertiesList(
        ACCOUNT_ID,
        DAY,
        *(column(metric.name, "integer", metric.description) for metric in DAY_METRICS),
        column(FOLLOWER_COUNT.name, "integer", FOLLOWER_COUNT.description),
        *(column(name, "integer", text) for name, (_, text) in FOLLOW_COLUMNS.items()),
        IS_FINAL,
        READ_AT,
    ).to_dict()

    @override
    def calls(self, window: Window) -> Iterator[InsightsCall]:
        account, labels = window.account, self._run.find_day_labels()
        metrics_by_breakdown = self._metrics_by_breakdown()
        for day in window.days:
            of_day = labels.window(day, day)
            for breakdown, metrics in metrics_by_breakdown.items():
                call = insights_request.day_total(account, metrics, of_day, breakdown)
                yield call.with_context(Window(account, day, day))
        if FOLLOWER_COUNT.name in self.wanted_columns:
            today = days.pacific_date(self.moment(account))
            first = max(window.first, today - days.DAY * days.KEPT_DAYS_FOLLOWERS)
            if first <= window.last:
                asked = replace(window, first=first)
                yield self.series_call(asked, (FOLLOWER_COUNT.name,), "day")
        extra = self.table(ExtraInsights).asked("account")
        for period in sorted(PERIODS & extra.keys()):
            yield self.series_call(window, extra[period], period)

    def _metrics_by_breakdown(self) -> dict[str, tuple[str, ...]]:
        """Return the metrics to ask for, a request for each breakdown; '' for the totals."""
        totals = [metric.name for metric in DAY_METRICS if metric.name in self.wanted_columns]
        found: dict[str, Sequence[str]] = {"": totals}
        if self.table(AccountInsightsBreakdowns).selected:
            found |= {breakdown: metrics_split_by(breakdown) for breakdown in BREAKDOWNS}
        elif self.wanted_columns & FOLLOW_COLUMNS.keys():
            found[FOLLOW_TYPE] = (FOLLOWS_AND_UNFOLLOWS.name,)
        for breakdown, metrics in self.table(ExtraInsights).asked("account").items():
            if breakdown not in PERIODS:
                found[breakdown] = (*found.get(breakdown, ()), *metrics)
        return {split: tuple(dict.fromkeys(metrics)) for split, metrics in found.items() if metrics}

    @override
    def window_rows(
        self, window: Window, results: Sequence[Result], failed: Container[dt.date]
    ) -> Iterator[Record]:
        """Yield the days that have figures, unless an earlier run has read more of the day."""
        figures: dict[dt.date, dict[str, Number]] = {day: {} for day in window.days}
        for result in results:
            self._read(result, figures)
        known = self.bookmark(window.account).get("date", "")
        for day, values in figures.items():
            is_worse = day in failed and day.isoformat() <= known
            if not is_worse and any(name in values for name in COLUMNS):
                row = {name: values.get(name) for name in COLUMNS}
                yield {**self.day_columns(window.account, day), **row}

    def _read(self, result: Result, figures: dict[dt.date, dict[str, Number]]) -> None:
        """Add what an answer holds to the figures of its days, and a gap for what is missing."""
        call = cast("InsightsCall", result.call)
        account, day = call.context.account, call.context.first
        if call.is_series:
            self._read_series(result, call, figures)
            return
        self.hand_on(result)
        reading = Reading("account", account, self.moment(account), day)
        given: dict[str, Any] = dict(result.insights.values)
        if call.breakdown:
            given = dict(result.insights.splits)
            self.table(ExtraInsights).add(reading, given, call.breakdown)
            found = named_parts(result, FOLLOWS_AND_UNFOLLOWS.name, FOLLOW_COLUMNS)
            figures[day] |= found
            if len(found) < len(FOLLOW_COLUMNS):
                given.pop(FOLLOWS_AND_UNFOLLOWS.name, None)
        else:
            figures[day] |= given
            self.table(ExtraInsights).add(reading, whole(given))
        for metric, why in missing(result, given):
            split = f"{metric} by {call.breakdown}" if call.breakdown else metric
            self.gaps.add(account, split, why, day=day)

    def _read_series(
        self, result: Result, call: InsightsCall, figures: dict[dt.date, dict[str, Number]]
    ) -> None:
        account, period = call.context.account, call.params["period"]
        for metric in (*call.metrics, *call.refused):
            for day, figure in self.place(result, metric).items():
                if metric == FOLLOWER_COUNT.name and period == "day":
                    figures[day][metric] = figure
                reading = Reading("account", account, self.moment(account), day)
                self.table(ExtraInsights).add(reading, whole({metric: figure}), period)


class AccountInsightsBreakdowns(DailyStream):
    """One part of an account metric of one day: a follower type, content type or contact button."""

    name = "account_insights_breakdowns"
    parent_stream_type = AccountInsights
    primary_keys = ("account_id", "date", "metric", "breakdown", "breakdown_value")
    schema = th.PropertiesList(
        ACCOUNT_ID,
        DAY,
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
        IS_FINAL,
        READ_AT,
    ).to_dict()

    @override
    def read(self, result: Result) -> None:
        breakdown = cast("InsightsCall", result.call).breakdown
        asked: Window = result.call.context
        day = self.day_columns(asked.account, asked.first)
        for part in part_rows(result.insights.splits, metrics_split_by(breakdown), breakdown):
            self.write({**day, **part})


class AccountReach(DailyStream):
    """The reach of one account in the 7 or 28 days up to a date (Graph API: IG User insights)."""

    name = "account_reach"
    primary_keys = ("account_id", "date", "days")
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column("date", "date", "The last of these days (US Pacific).", key=True),
        column("days", "integer", "Number of days: 7 or 28.", key=True),
        column(
            "reach",
            "integer",
            "Number of accounts that saw any content at least once, ads included. Meta "
            "estimates it.",
        ),
        IS_FINAL,
        READ_AT,
    ).to_dict()

    @override
    def calls(self, window: Window) -> Iterator[InsightsCall]:
        for period in ROLLING_PERIODS:
            yield self.series_call(window, (ROLLING_METRIC,), period)

    @override
    def window_rows(
        self, window: Window, results: Sequence[Result], failed: Container[dt.date]
    ) -> Iterator[Record]:
        for result in results:
            days_in_period = ROLLING_PERIODS[result.call.params["period"]]
            for day, value in self.place(result, ROLLING_METRIC).items():
                row = {"days": days_in_period, ROLLING_METRIC: value}
                yield {**self.day_columns(window.account, day), **row}
