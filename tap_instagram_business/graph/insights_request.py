"""How insights are requested: calls of an insights edge, and what follows if Meta refuses one.

Graph API: IG User insights, IG Media insights. Metrics share a request where they share period,
metric_type, breakdown and timeframe.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import Self, override

from tap_instagram_business import days
from tap_instagram_business.graph.calls import Call, Result, objects
from tap_instagram_business.graph.error_table import METRIC_REFUSED
from tap_instagram_business.graph.errors import CallError
from tap_instagram_business.metrics import per_object_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_instagram_business.graph.accounts import Account

EXPLANATIONS = ("title", "description", "id")
"""What stands beside each metric and says no figure. It is the larger part of an answer."""


@dataclass(frozen=True)
class InsightsCall(Call):
    """A call of an insights edge, which is repeated without the metrics that Meta refuses.

    Attributes:
        metrics: the metrics to ask for.
        kind: the kind of media or request: what Meta refuses to several objects of a kind, it
            refuses to all.
        is_rare: whether only some objects of the kind have the metrics: a refusal is normal.
        refused: the metrics that were left out of this call, each with Meta's error.
        is_part: whether it is a part of a call that failed as a whole.
        is_series: whether it asks for a figure for each day of a period.
        narrowed: how often the period was made shorter.
        narrowed_for: the error for which it was made shorter; None if it was not.
    """

    edge: str = "insights"
    metrics: tuple[str, ...] = ()
    kind: str = ""
    is_rare: bool = False
    refused: Mapping[str, CallError] = field(default_factory=dict, compare=False)
    is_part: bool = False
    is_series: bool = False
    narrowed: int = 0
    narrowed_for: CallError | None = None

    @property
    @override
    def query(self) -> Mapping[str, str]:
        return {"metric": ",".join(self.metrics), **self.params}

    @property
    def breakdown(self) -> str:
        """The dimension by which the metrics are split; '' for none."""
        return self.params.get("breakdown", "")

    @property
    @override
    def is_empty(self) -> bool:
        return not self.metrics

    @override
    def trim(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        for item in objects(body["data"]):
            for name in EXPLANATIONS:
                item.pop(name, None)
        return {"data": body["data"]}

    @property
    def until(self) -> int:
        """The end of the period, in Unix seconds."""
        return int(self.params["until"])

    def not_asked(self, end_time: dt.datetime) -> CallError | None:
        """Return why a figure with this `end_time` was not asked for; None if it was."""
        is_before = self.is_series and end_time.timestamp() < int(self.params["since"])
        return self.narrowed_for if is_before else None

    def later(self, error: CallError) -> Self | None:
        """Return the call for a period that begins a day later; None if there is no such day."""
        if not self.is_series:
            return None
        since = dt.datetime.fromtimestamp(int(self.params["since"]), dt.timezone.utc)
        day = days.pacific_date(since)
        later = since + (days.start_of(day + days.DAY) - days.start_of(day))
        if later.timestamp() > self.until:
            return None
        call = self.with_params(since=str(int(later.timestamp())))
        return replace(call, narrowed=self.narrowed + 1, narrowed_for=error)

    def part(self, metrics: tuple[str, ...]) -> Self:
        """Return the call for some of the metrics only."""
        return replace(self, metrics=metrics, is_part=True)

    def without(self, refused: Mapping[str, CallError]) -> Self:
        """Return the call without metrics that Meta refuses, each with its error."""
        left = tuple(metric for metric in self.metrics if metric not in refused)
        return replace(self, metrics=left, refused={**self.refused, **refused})


def merged(call: InsightsCall, results: Sequence[Result]) -> Result:
    """Return one answer to a call from the answers to calls for its metrics, or some of them.

    What one of these calls has not given for an error counts as refused.
    """
    metrics: list[str] = []
    refused = dict(call.refused)
    for result in results:
        part = cast("InsightsCall", result.call)
        refused |= part.refused
        if error := result.error:
            if error.may_be_about_a_metric:
                told, code, subcode = str(error), error.code, error.subcode
                error = CallError(error.message, METRIC_REFUSED, told, code=code, subcode=subcode)
            refused |= dict.fromkeys(part.metrics, error)
        else:
            metrics += part.metrics
    data = [item for result in results for item in result.data["data"]]
    return Result(replace(call, metrics=tuple(metrics), refused=refused), {"data": data})


def of_account(
    account: Account, metrics: tuple[str, ...], kind: str, **params: str
) -> InsightsCall:
    """Return the call for insights of an account.

    Args:
        account: the account.
        metrics: Meta's names.
        kind: see `InsightsCall`.
        params: query parameters; empty ones are left out.
    """
    given = {name: value for name, value in params.items() if value}
    return InsightsCall(account.id, params=given, token=account.token, metrics=metrics, kind=kind)


def day_total(
    account: Account, metrics: tuple[str, ...], window: Mapping[str, str], breakdown: str = ""
) -> InsightsCall:
    """Return the call for totals of one Pacific day of an account.

    Args:
        account: the account.
        metrics: Meta's names.
        window: `since` and `until` of the day, see `DayLabels.window`.
        breakdown: the dimension to split them by; '' for the totals alone.
    """
    kind = f"accounts by {breakdown}" if breakdown else "accounts"
    params = {"period": "day", "metric_type": "total_value", "breakdown": breakdown, **window}
    return of_account(account, metrics, kind, **params)


def series(
    account: Account, metrics: tuple[str, ...], period: str, window: Mapping[str, str]
) -> InsightsCall:
    """Return the call for a series of an account, with a figure for each day.

    Args:
        account: the account.
        metrics: Meta's names.
        period: `day`, `week`, `days_28`, or `lifetime` for `online_followers`.
        window: `since` and `until` of the days, see `DayLabels.window`.
    """
    kind = f"{', '.join(metrics)}, {period} series"
    call = of_account(account, metrics, kind, period=period, **window)
    return replace(call, is_series=True)


def demographics(account: Account, metric: str, timeframe: str, breakdown: str) -> InsightsCall:
    """Return the call for a demographic split of an account's audience.

    Args:
        account: the account.
        metric: Meta's name.
        timeframe: Meta's name of the time in which the accounts engaged.
        breakdown: the dimensions, joined by commas.
    """
    params = {"period": "lifetime", "metric_type": "total_value", "timeframe": timeframe}
    kind = f"audiences, {timeframe}"
    return of_account(account, (metric,), kind, **params, breakdown=breakdown)


def media_lifetime(
    account: Account, media_id: str, kind: str, metrics: tuple[str, ...], breakdown: str = ""
) -> Iterator[InsightsCall]:
    """Yield the calls for lifetime insights of a media or story.

    Metrics that only some media of a kind have take a call of their own, so that their refusal says
    nothing of the others.

    Args:
        account: the account that the media belongs to.
        media_id: its id.
        kind: its kind, as `metrics.kind_of` names it.
        metrics: Meta's names.
        breakdown: the dimension to split them by; '' for the totals alone.
    """
    rare = per_object_metrics(kind)
    usual = tuple(metric for metric in metrics if metric not in rare)
    call = InsightsCall(
        node=media_id,
        params={"breakdown": breakdown} if breakdown else {},
        token=account.token,
        account_id=account.id,
        metrics=usual,
        kind=f"{kind} by {breakdown}" if breakdown else kind,
    )
    if usual:
        yield call
    if left := tuple(metric for metric in metrics if metric in rare):
        yield replace(call, metrics=left, kind=f"{call.kind}, if it has them", is_rare=True)
