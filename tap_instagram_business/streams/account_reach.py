"""Reach over several days, which the reach of days does not add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business import days
from tap_instagram_business.metrics import ROLLING_METRIC, ROLLING_PERIODS
from tap_instagram_business.streams.by_day import SeriesStream
from tap_instagram_business.streams.columns import ACCOUNT_ID, READ_AT, column, read_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.streams.by_day import Window


class AccountReach(SeriesStream):
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
        column(
            "is_final",
            "boolean",
            "True if the row was read 48 hours or more after the end of the day: it is final.",
        ),
        READ_AT,
    ).to_dict()

    @override
    def series_calls(self, window: Window) -> Iterator[InsightsCall]:
        for period in ROLLING_PERIODS:
            yield self.series_call(window, (ROLLING_METRIC,), period)

    @override
    def series_rows(self, window: Window, answer: Answer) -> Iterator[Record]:
        days_in_period, now = ROLLING_PERIODS[answer.call.params["period"]], self._run.graph.now()
        for day, value in self.place_in_window(window, answer, ROLLING_METRIC).items():
            yield {
                "account_id": window.account.id,
                "date": day.isoformat(),
                "days": days_in_period,
                ROLLING_METRIC: value,
                "is_final": days.is_final(day, now),
                "read_at": read_at(now),
            }
