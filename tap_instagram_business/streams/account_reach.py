"""Reach over several days, which the reach of days does not add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business import days
from tap_instagram_business.metrics import ROLLING_METRIC, ROLLING_PERIODS
from tap_instagram_business.streams.by_day import SeriesStream
from tap_instagram_business.streams.columns import ACCOUNT_ID, column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.calls import Answer, InsightsCall
    from tap_instagram_business.streams.by_day import Window


class AccountReach(SeriesStream):
    """Accounts reached in the 7 or 28 days that end with a day (Graph API: IG User insights)."""

    name = "account_reach"
    primary_keys = ("account_id", "date", "days")
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column("date", "date", "The last of the days, US Pacific.", key=True),
        column("days", "integer", "How many days: 7 or 28.", key=True),
        column("reach", "integer", "Accounts that saw any content at least once; an estimate."),
        column("is_final", "boolean", "Whether 48 hours have passed: Meta restates it no more."),
    ).to_dict()

    @override
    def series_calls(self, window: Window) -> Iterator[InsightsCall]:
        for period in ROLLING_PERIODS:
            yield self.series_call(window, (ROLLING_METRIC,), period)

    @override
    def series_rows(self, window: Window, answer: Answer) -> Iterator[Record]:
        days_in_period = ROLLING_PERIODS[answer.call.params["period"]]
        for day, value in self.place(window, answer, ROLLING_METRIC).items():
            yield {
                "account_id": window.account.id,
                "date": day.isoformat(),
                "days": days_in_period,
                ROLLING_METRIC: value,
                "is_final": days.is_final(day, self._run.graph.now()),
            }
