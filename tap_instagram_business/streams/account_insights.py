"""Insights of an account, by Pacific day, and their parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business import days
from tap_instagram_business.client import ACCOUNT_ID, column
from tap_instagram_business.graph.calls import InsightsCall
from tap_instagram_business.graph.insights import read_series, read_splits, read_values
from tap_instagram_business.metrics import (
    BREAKDOWNS,
    DAY_METRICS,
    FOLLOW_COLUMNS,
    FOLLOWER_COUNT,
    FOLLOWS_AND_UNFOLLOWS,
)
from tap_instagram_business.streams.daily import (
    DailyStream,
    Window,
    day_gaps,
    ends_account,
    has_few_followers,
    is_failure,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Container, Iterable, Iterator

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.insights import Number
    from tap_instagram_business.streams.extra import ExtraInsights
    from tap_instagram_business.streams.gaps import Gap

DAYS_KEPT_TOGETHER = 10
"""After how many days of an account the bookmark moves, so that a long first run can go on."""
FOLLOW_TYPE = BREAKDOWNS[0]
COLUMNS = (*(metric.name for metric in DAY_METRICS), FOLLOWER_COUNT.name, *FOLLOW_COLUMNS)


@dataclass(frozen=True)
class Asked:
    """What a call is about: the days kept together, and of them one day or a part's series."""

    window: Window
    first: dt.date
    last: dt.date
    breakdown: str = ""
    is_series: bool = False


class AccountInsights(DailyStream):
    """The insights of one account on one US Pacific day (Graph API: IG User insights).

    The day runs from midnight to midnight. Meta gives one total for a whole period, so each day is
    requested separately; only `follower_count` comes as a series. A run reads complete days only,
    and reads the last few days again.
    """

    name = "account_insights"
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
    ).to_dict()

    @override
    def rows(self) -> Iterator[Record]:
        for window, answers in self.ask_in_groups(self._windows()):
            figures: dict[dt.date, dict[str, Number]] = {day: {} for day in window.days}
            gaps: list[Gap] = []
            failed: set[dt.date] = set()
            for answer in answers:
                self._take(answer, figures, gaps)
                asked: Asked = answer.call.subject
                if is_failure(answer) or (asked.is_series and self._is_unplaced(answer)):
                    failed.update(days.days_between(asked.first, asked.last))
            if self.has_failed(window.account):
                continue
            yield from self._rows(window, figures, failed)
            for gap in gaps:
                self.add_gap(window.account, gap)
            for stream in (self, self._parts):
                stream.keep(window, failed)

    @property
    def _parts(self) -> AccountInsightsBreakdowns:
        return cast("AccountInsightsBreakdowns", self._tap.streams["account_insights_breakdowns"])

    @property
    def _extra(self) -> ExtraInsights:
        return cast("ExtraInsights", self._tap.streams["extra_insights"])

    def _windows(self) -> Iterator[tuple[Window, list[InsightsCall]]]:
        number = len(self._tap.accounts)
        for index, account in enumerate(self.accounts_in_turn(), start=1):
            self.log_progress("account %d of %d", index, number)
            wanting = [stream for stream in (self, self._parts) if stream.selected]
            due = sorted({day for stream in wanting for day in stream.due_days(account)})
            for first, last in days.windows(due, DAYS_KEPT_TOGETHER):
                if self.has_failed(account):
                    break
                window = Window(account, first, last)
                yield window, list(self._calls(window))

    def _calls(self, window: Window) -> Iterator[InsightsCall]:
        groups = self._groups()
        for day in window.days:
            for breakdown, metrics in groups.items():
                yield self._call(Asked(window, day, day, breakdown), metrics)
        if FOLLOWER_COUNT.name in self.wanted_columns:
            today = days.pacific_date(self._tap.graph.now())
            first = max(window.first, today - days.DAY * days.KEPT_DAYS_FOLLOWERS)
            if first <= window.last:
                # reach has a figure for nearly every day, and so shows how Meta labels the days.
                names = ("reach", FOLLOWER_COUNT.name)
                yield self._call(Asked(window, first, window.last, is_series=True), names)

    def _groups(self) -> dict[str, tuple[str, ...]]:
        """Return what to ask of a day: the metrics that may share a request, by breakdown."""
        totals = [metric.name for metric in DAY_METRICS if metric.name in self.wanted_columns]
        parts = self._parts.selected
        groups: dict[str, tuple[str, ...]] = {"": (*totals, *self._extra.names("account"))}
        for name in BREAKDOWNS:
            groups[name] = tuple(m.name for m in DAY_METRICS if parts and name in m.breakdowns)
        if parts or self.wanted_columns & FOLLOW_COLUMNS.keys():
            groups[FOLLOW_TYPE] += (FOLLOWS_AND_UNFOLLOWS.name,)
        return {name: metrics for name, metrics in groups.items() if metrics}

    def _call(self, asked: Asked, metrics: tuple[str, ...]) -> InsightsCall:
        account = asked.window.account
        params = {
            "metric": ",".join(metrics),
            "period": "day",
            **days.window(asked.first, asked.last),
        }
        if not asked.is_series:
            params["metric_type"] = "total_value"
        if asked.breakdown:
            params["breakdown"] = asked.breakdown
        return InsightsCall(
            node=account.id,
            params=params,
            token=account.token,
            subject=asked,
            metrics=metrics,
            kind=f"accounts, {asked.breakdown or ('series' if asked.is_series else 'totals')}",
            refusals=self._tap.refusals,
        )

    def _take(
        self, answer: Answer, figures: dict[dt.date, dict[str, Number]], gaps: list[Gap]
    ) -> None:
        """Lay an answer onto the days it is about."""
        asked: Asked = answer.call.subject
        if answer.error and ends_account(answer):
            self.give_up(asked.window.account, answer.error)
        elif asked.is_series:
            gaps += self._take_series(answer, figures)
        elif asked.breakdown:
            gaps += self._take_split(answer, figures[asked.first])
        else:
            values = read_values(answer.data)
            figures[asked.first] |= values
            day = asked.first.isoformat()
            self._extra.write_known(asked.window.account, day, values)
            gaps += day_gaps(answer, asked.first, set(values))

    def _take_series(
        self, answer: Answer, figures: dict[dt.date, dict[str, Number]]
    ) -> Iterator[Gap]:
        asked: Asked = answer.call.subject
        series = read_series(answer.data)
        labels, reach = self._tap.day_labels, series.get("reach", [])
        labels.lay_out(reach, asked.first, asked.last)
        labels.learn(
            reach, {day: given["reach"] for day, given in figures.items() if given.get("reach")}
        )
        given = labels.lay_out(series.get(FOLLOWER_COUNT.name, ()), asked.first, asked.last)
        is_unplaced = self._is_unplaced(answer)
        for day in days.days_between(asked.first, asked.last):
            if day in given:
                figures[day][FOLLOWER_COUNT.name] = given[day]
            names = {"reach"} | ({FOLLOWER_COUNT.name} if day in given else set())
            for gap in day_gaps(answer, day, names):
                yield replace(gap, reason="unplaced") if is_unplaced else gap

    def _is_unplaced(self, answer: Answer) -> bool:
        """Say whether a series has figures, but nothing says of which days they are."""
        given = read_series(answer.data).get(FOLLOWER_COUNT.name)
        return bool(given) and self._tap.day_labels.are_ends is None

    def _take_split(self, answer: Answer, figures: dict[str, Number]) -> Iterator[Gap]:
        asked: Asked = answer.call.subject
        account = asked.window.account
        splits = read_splits(answer.data)
        follows = splits.get(FOLLOWS_AND_UNFOLLOWS.name)
        if follows and (follows.parts or not has_few_followers(account)):
            # Meta leaves out a bucket of zero: in a split that it gave, what is missing is zero.
            figures |= {
                name: follows.parts.get((bucket,), 0)
                for name, (bucket, _) in FOLLOW_COLUMNS.items()
            }
        elif follows:
            del splits[FOLLOWS_AND_UNFOLLOWS.name]
        for metric, split in splits.items():
            for (dimension,), value in split.parts.items():
                self._parts.write(
                    {
                        "account_id": account.id,
                        "date": asked.first.isoformat(),
                        "metric": metric,
                        "breakdown": asked.breakdown,
                        "dimension": dimension.upper(),
                        "value": value,
                        "is_final": days.is_final(asked.first, self._tap.graph.now()),
                    }
                )
        for gap in day_gaps(answer, asked.first, set(splits)):
            whole = gap.metric == FOLLOWS_AND_UNFOLLOWS.name
            yield gap if whole else replace(gap, metric=f"{gap.metric} by {asked.breakdown}")

    def _rows(
        self,
        window: Window,
        figures: dict[dt.date, dict[str, Number]],
        failed: Container[dt.date],
    ) -> Iterable[dict[str, Any]]:
        """Yield the days that have figures, but no half of one that an earlier run read whole."""
        known = self.bookmark(window.account).get("date", "")
        for day, values in figures.items():
            is_worse = day in failed and day.isoformat() <= known
            if not is_worse and any(name in values for name in COLUMNS):
                yield {
                    "account_id": window.account.id,
                    "date": day.isoformat(),
                    **{name: values.get(name) for name in COLUMNS},
                    "is_final": days.is_final(day, self._tap.graph.now()),
                }


class AccountInsightsBreakdowns(DailyStream):
    """One part of an account metric of one day: a follower type, content type or contact button."""

    name = "account_insights_breakdowns"
    parent_stream_type = AccountInsights
    primary_keys = ("account_id", "date", "metric", "breakdown", "dimension")
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column("date", "date", "The US Pacific day.", key=True),
        column("metric", "string", "Meta's name of the metric.", key=True),
        column("breakdown", "string", f"Property of the split: {', '.join(BREAKDOWNS)}.", key=True),
        column(
            "dimension",
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
    ).to_dict()
