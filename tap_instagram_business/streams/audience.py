"""Who the audience is, and when it is there."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business import days
from tap_instagram_business.graph import insights_request
from tap_instagram_business.metrics import (
    DEMOGRAPHIC_BREAKDOWNS,
    DEMOGRAPHIC_METRICS,
    ONLINE_FOLLOWERS,
)
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import (
    ACCOUNT_ID,
    DAY,
    DOES_NOT_APPLY,
    READ_AT,
    READING,
    READING_KEYS,
    column,
    read_at,
    reading,
)
from tap_instagram_business.streams.daily import DailyStream
from tap_instagram_business.streams.gap_writer import missing

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Result
    from tap_instagram_business.graph.insights_request import InsightsCall
    from tap_instagram_business.streams.daily import Window

HOURS = {str(hour): hour for hour in range(24)}
"""The hours of a day as Meta names them."""
DIMENSIONS = ("age", "gender", "city", "country")


class AudienceDemographics(InstagramStream):
    """One group of an account's audience: one age and gender, one city or one country.

    It counts followers, or accounts that interacted with content, at the time of reading. Meta
    gives the 45 largest groups of each kind (Graph API: IG User insights).
    """

    name = "audience_demographics"
    of_insights = True
    bookmark_text = (
        "`snapshot_date`. The date of the last complete reading. It decides when the next one is "
        "due (setting `demographics_interval_days`)."
    )
    primary_keys = (
        *("account_id", *READING_KEYS, "metric", "timeframe", "breakdown"),
        *DIMENSIONS,
    )
    replication_key = "snapshot_date"
    schema = th.PropertiesList(
        ACCOUNT_ID,
        *READING,
        column(
            "metric",
            "string",
            f"{' or '.join(DEMOGRAPHIC_METRICS)}.",
            key=True,
        ),
        column(
            "timeframe",
            "string",
            "Period in which the accounts interacted: this_week (7 days) or this_month (30 days). "
            "For followers: lifetime.",
            key=True,
        ),
        column(
            "breakdown",
            "string",
            f"Property of the split: {'; '.join(DEMOGRAPHIC_BREAKDOWNS)}.",
            key=True,
        ),
        column(
            "age",
            "string",
            f"Age in years, such as 25-34; `{DOES_NOT_APPLY}` in other splits.",
            key=True,
        ),
        column(
            "gender",
            "string",
            f"F, M or U (unknown); `{DOES_NOT_APPLY}` in other splits.",
            key=True,
        ),
        column(
            "city",
            "string",
            f"City, such as London, England; `{DOES_NOT_APPLY}` in other splits.",
            key=True,
        ),
        column(
            "country",
            "string",
            f"ISO code of two letters, such as GB; `{DOES_NOT_APPLY}` in other splits.",
            key=True,
        ),
        column("value", "integer", "Number of followers, or of accounts that interacted."),
    ).to_dict()

    @override
    def rows(self) -> Iterator[Record]:
        due = (account for account in self.accounts_in_turn() if self._is_due(account))
        groups = ((account, list(self._calls(account))) for account in due)
        for account, results in self.ask_in_groups(groups):
            for result in results:
                if result.error and result.ends_account:
                    self.skip_account(account, result.error)
                else:
                    yield from self._rows(result)
            if not any(one.has_failed for one in results):
                self.advance(account, snapshot_date=self.moment(account).date().isoformat())

    def _is_due(self, account: Account) -> bool:
        kept = self.bookmark(account).get("snapshot_date")
        every = days.DAY * self.config["demographics_interval_days"]
        today = self.moment(account).date()
        return kept is None or today - dt.date.fromisoformat(kept) >= every

    def _calls(self, account: Account) -> Iterator[InsightsCall]:
        for metric, timeframes in DEMOGRAPHIC_METRICS.items():
            for timeframe, asked in timeframes.items():
                for breakdown in DEMOGRAPHIC_BREAKDOWNS:
                    call = insights_request.demographics(account, metric, asked, breakdown)
                    yield call.with_context((account, timeframe, breakdown))

    def _rows(self, result: Result) -> Iterator[Record]:
        """Yield the rows of an answer; write a gap if it has none."""
        account, timeframe, breakdown = result.call.context
        for metric, why in missing(result, result.insights.splits):
            self.gaps.add(account, f"{metric} {timeframe} by {breakdown}", why)
        read = reading(self.moment(account))
        for metric, parts in result.insights.splits.items():
            for values, value in parts.items():
                named = dict(zip(breakdown.split(","), values, strict=True))
                yield {
                    "account_id": account.id,
                    **read,
                    "metric": metric,
                    "timeframe": timeframe,
                    "breakdown": breakdown,
                    **{name: named.get(name, DOES_NOT_APPLY) for name in DIMENSIONS},
                    "value": value,
                }


class OnlineFollowers(DailyStream):
    """The number of followers online in one hour of one day (Graph API: IG User insights)."""

    name = "online_followers"
    primary_keys = ("account_id", "date", "hour")
    kept_days = days.KEPT_DAYS_FOLLOWERS
    schema = th.PropertiesList(
        ACCOUNT_ID,
        DAY,
        column("hour", "integer", "The hour of that day, 0 to 23, in US Pacific time.", key=True),
        column("followers_online", "integer", "Number of followers who were online in that hour."),
        READ_AT,
    ).to_dict()

    @override
    def calls(self, window: Window) -> Iterator[InsightsCall]:
        yield self.series_call(window, (ONLINE_FOLLOWERS,), "lifetime")

    @override
    def window_rows(
        self, window: Window, results: Sequence[Result], failed: Container[dt.date]
    ) -> Iterator[Record]:
        account_id, read = window.account.id, read_at(self.moment(window.account))
        for day, by_hour in self.place(results[0], ONLINE_FOLLOWERS).items():
            for name in (name for name in HOURS if name in by_hour):
                hour = {"hour": HOURS[name], "followers_online": by_hour[name]}
                yield {"account_id": account_id, "date": day.isoformat(), **hour, "read_at": read}
