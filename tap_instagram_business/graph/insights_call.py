"""Calls of an insights edge, and how they find out which metrics Meta refuses."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import Self, override

from tap_instagram_business import days
from tap_instagram_business.graph.calls import Answer, Call, objects
from tap_instagram_business.graph.error_table import Action
from tap_instagram_business.graph.error_texts import metrics_in_text, refused_metrics
from tap_instagram_business.graph.errors import CallError, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_instagram_business.graph.refusals import Refusals

EXPLANATIONS = ("title", "description", "id")
"""What stands beside each metric and says no figure. It is the larger part of an answer."""
MAX_NARROWED = 3
"""By at most so many days the period of a series is made shorter."""


@dataclass(frozen=True)
class InsightsCall(Call):
    """A call of an insights edge, which is repeated without the metrics that Meta refuses.

    `graph/insight_calls.py` builds them all.

    Attributes:
        metrics: the metrics to ask for.
        kind: the kind of media or request: what Meta refuses to several objects of a kind, it
            refuses to all.
        per_object: metrics that only some objects of the kind have: a refusal is of one object.
        refused: the metrics that were left out of this call, each with Meta's error.
        is_part: whether it is a part of a call that failed as a whole.
        is_series: whether it asks for a figure for each day of a period.
        narrowed: how often the period was made shorter.
        narrowed_for: the error for which it was made shorter; None if it was not.
    """

    edge: str = "insights"
    metrics: tuple[str, ...] = ()
    kind: str = ""
    per_object: frozenset[str] = frozenset()
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
    def needed(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        for item in objects(body["data"]):
            for name in EXPLANATIONS:
                item.pop(name, None)
        return {"data": body["data"]}

    @override
    def without_refused(self, refusals: Refusals) -> Self:
        known = {metric: refusals.of(self, metric) for metric in self.metrics}
        refused = {metric: error for metric, error in known.items() if error}
        call = self._without(refused) if refused else self
        earliest = refusals.earliest(self)
        is_late = call.is_series and int(call.params["since"]) < earliest <= call.until
        return call.with_params(since=str(earliest)) if is_late else call

    @override
    def after(self, error: CallError, refusals: Refusals) -> Self | None:
        may_be_about_period = error.rule.action is Action.NARROW or error.is_unknown
        if may_be_about_period and self.narrowed < MAX_NARROWED and (later := self._later(error)):
            if error.rule.action is Action.NARROW:
                refusals.note_earliest(self, int(later.params["since"]))
            return later
        if error.rule.action not in {Action.DROP_METRIC, Action.NARROW}:
            return super().after(error, refusals)
        names = refused_metrics(error, self.metrics)
        refusals.add(self, names, error)
        return self._without(dict.fromkeys(names, error)) if names else None

    @property
    def until(self) -> int:
        """The end of the period, in Unix seconds."""
        return int(self.params["until"])

    def not_asked(self, end_time: dt.datetime) -> CallError | None:
        """Return why a figure with this `end_time` was not asked for; None if it was."""
        is_before = self.is_series and end_time.timestamp() < int(self.params["since"])
        return self.narrowed_for if is_before else None

    def _later(self, error: CallError) -> Self | None:
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

    @override
    def max_tries(self, error: CallError, refusals: Refusals, tries: int) -> int:
        is_alone = len(self.metrics) == 1 and not self.is_part
        if is_alone or not error.may_be_about_a_metric or not refusals.may_search(self):
            return tries
        # An error that may pass is tried again, since a metric must not be blamed for an accident.
        return 1 if error.is_final else tries

    @override
    def parts(self, error: CallError, refusals: Refusals) -> list[Self]:
        """Return smaller calls that find out which metric an error is about.

        Suspected are the metrics whose names are in the error's text, else those that were refused
        to other objects. Each is asked for alone, or all together if they are known to be lacked
        together. A single one of the latter need not be asked for: if the call without it succeeds,
        it is to blame. Without a suspect, the metrics are split in halves.
        """
        can_search = error.may_be_about_a_metric and refusals.may_search(self)
        if len(self.metrics) == 1 or not can_search:
            return []
        if self.is_part and refusals.are_lacked_together(self, self.metrics):
            return []
        named = metrics_in_text(error, self.metrics)
        suspects = named or refusals.suspects(self)
        others = tuple(metric for metric in self.metrics if metric not in suspects)
        if suspects and others:
            if len(suspects) == 1 and not named and not error.may_be_accident:
                return [self._only(others)]
            if refusals.are_lacked_together(self, suspects):
                return [self._only(others), self._only(suspects)]
            return [self._only(others), *(self._only((metric,)) for metric in suspects)]
        half = len(self.metrics) // 2
        return [self._only(self.metrics[:half]), self._only(self.metrics[half:])]

    def _only(self, metrics: tuple[str, ...]) -> Self:
        return replace(self, metrics=metrics, is_part=True)

    def unasked(self, answers: Sequence[Answer]) -> Self | None:
        """Return the call for metrics that no part has asked for although others were refused.

        They are not to blame then, or not alone.
        """
        calls = [cast("InsightsCall", answer.call) for answer in answers]
        asked = {metric for call in calls for metric in (*call.metrics, *call.refused)}
        left = tuple(metric for metric in self.metrics if metric not in asked)
        has_another = any(answer.error for answer in answers) or any(
            call.refused.keys() - self.refused.keys() for call in calls
        )
        return self._only(left) if left and has_another else None

    def merged(self, error: CallError, answers: Sequence[Answer]) -> Answer | None:
        """Return the answer to this call from the answers to its parts; None if all have failed.

        Args:
            error: why the whole call failed; metrics that no part asks for are to blame.
            answers: the answers to its parts.
        """
        given = [answer for answer in answers if not answer.error]
        calls = [cast("InsightsCall", answer.call) for answer in given]
        if not any(call.metrics for call in calls):
            return None
        asked: set[str] = set()
        refused = dict(self.refused)
        for answer in answers:
            call = cast("InsightsCall", answer.call)
            asked |= {*call.metrics, *call.refused}
            refused |= call.refused
            if answer.error:
                refused |= dict.fromkeys(call.metrics, refusal(answer.error))
        refused |= {metric: refusal(error) for metric in self.metrics if metric not in asked}
        call = replace(
            self,
            metrics=tuple(metric for call in calls for metric in call.metrics),
            refused=refused,
        )
        return Answer(call, {"data": [item for answer in given for item in answer.data["data"]]})

    def _without(self, refused: Mapping[str, CallError]) -> Self:
        left = tuple(metric for metric in self.metrics if metric not in refused)
        return replace(self, metrics=left, refused={**self.refused, **refused})
