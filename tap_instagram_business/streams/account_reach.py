"""Reach over several days, which the reach of days does not add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business import days
from tap_instagram_business.client import ACCOUNT_ID, column
from tap_instagram_business.metrics import ROLLING_PERIODS
from tap_instagram_business.streams.daily import SeriesStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.calls import Answer, InsightsCall
    from tap_instagram_business.streams.daily import Window

PERIOD_DAYS = {name: number for number, name in ROLLING_PERIODS.items()}


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
    ).to_dict()

    @override
    def series_calls(self, window: Window) -> Iterator[InsightsCall]:
        for period in PERIOD_DAYS:
            yield self.series_call(window, ("reach",), period)

    @override
    def series_rows(self, window: Window, answer: Answer) -> Iterator[Record]:
        given = self.lay_out(window, answer, "reach")
        for day, value in given.items():
            yield {
                "account_id": window.account.id,
                "date": day.isoformat(),
                "days": PERIOD_DAYS[answer.call.params["period"]],
                "reach": value,
                "is_final": days.is_final(day, self._tap.graph.now()),
            }
