"""Finds out which metrics Meta refuses, with few calls."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tap_instagram_business.graph.error_table import METRIC_REFUSED, RETRYABLE, UNKNOWN, Action
from tap_instagram_business.graph.insights_request import InsightsCall, merged
from tap_instagram_business.graph.unsupported_metrics import MIN_OBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_instagram_business.graph.calls import Call, Result
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.graph.unsupported_metrics import UnsupportedMetrics

    Ask = Callable[[Sequence[Call]], list[Result]]

MAX_NARROWED = 3
"""By at most so many days the period of a series is made shorter."""


class ProbeCalls:
    """Chooses a few calls of each kind and account to be sent before the others of that kind.

    If Meta refuses a metric to all of them, the others do not request it: otherwise hundreds of
    calls would be refused at once.
    """

    def __init__(self) -> None:
        self._probed: set[tuple[str, str]] = set()

    def choose(self, calls: Sequence[Call]) -> tuple[list[int], list[int]]:
        """Return the places of the calls to send first, and of those that wait for their answers.

        These are the calls of each account and kind that is new to this run and has many calls.
        """
        found: dict[tuple[str, str], list[int]] = {}
        for place, call in enumerate(calls):
            if isinstance(call, InsightsCall):
                found.setdefault((call.kind, call.quota_account), []).append(place)
        many = {
            key: places
            for key, places in found.items()
            if key not in self._probed and len(places) > 2 * MIN_OBJECTS
        }
        self._probed.update(many)
        first = [place for places in many.values() for place in places[:MIN_OBJECTS]]
        return sorted(first), sorted({p for places in many.values() for p in places} - {*first})


class MetricSearch:
    """Finds the metric that is to blame for an error that names none."""

    def __init__(self, unsupported: UnsupportedMetrics) -> None:
        """Remember the metrics that are to blame in `unsupported`."""
        self._unsupported = unsupported
        self._searching = threading.Lock()

    def without_refused(self, call: Call) -> Call:
        """Return a call without the metrics and days that Meta is known to refuse."""
        if not isinstance(call, InsightsCall):
            return call
        known = {metric: self._unsupported.error_for(call, metric) for metric in call.metrics}
        refused = {metric: error for metric, error in known.items() if error}
        call = call.without(refused) if refused else call
        earliest = self._unsupported.earliest(call)
        is_late = call.is_series and int(call.params["since"]) < earliest <= call.until
        return call.with_params(since=str(earliest)) if is_late else call

    def retry_variant(self, call: Call, error: CallError) -> Call | None:
        """Return the call to try after an error; None if no other call would help."""
        if not isinstance(call, InsightsCall):
            return call.retry_variant(error)
        action = error.rule.action
        may_be_about_period = action is Action.NARROW or error.rule is UNKNOWN
        if may_be_about_period and call.narrowed < MAX_NARROWED and (later := call.later(error)):
            if action is Action.NARROW:
                self._unsupported.note_earliest(call, int(later.params["since"]))
            return later
        if action not in {Action.DROP_METRIC, Action.NARROW}:
            return call.retry_variant(error)
        names = error.refused_metrics(call.metrics)
        self._unsupported.add(call, names, error)
        return call.without(dict.fromkeys(names, error)) if names else None

    def max_tries(self, call: Call, error: CallError, tries: int) -> int:
        """Return how often to send a call before its error is believed; usually `tries`."""
        if not isinstance(call, InsightsCall) or not error.may_be_about_a_metric:
            return tries
        is_single = len(call.metrics) == 1 and not call.is_part and not call.is_rare
        if not self._unsupported.may_search(call):
            # Several objects of the kind were refused the same after all tries.
            return 1 if call.is_rare else tries
        # An error that may pass is tried again, since a metric must not be blamed for an accident.
        return 1 if error.is_final and not is_single else tries

    def isolate(self, result: Result, ask: Ask) -> Result:
        """Return the answer without the metrics to blame; itself if a search finds none.

        Args:
            result: the result.
            ask: sends calls, again and again where that helps; answers are in order.
        """
        call, error = result.call, result.error
        if error is None or not isinstance(call, InsightsCall) or not error.may_be_about_a_metric:
            return result
        found = None
        if len(call.metrics) > 1:
            # One at a time, since the first to find the metric spares the others the search.
            with self._searching:
                if self._unsupported.may_search(call):
                    found = self._search(call, error, ask)
        if found is None and call.is_rare:
            self._unsupported.note_fruitless(call)
            return merged(call, [result])
        return found or result

    def _search(self, call: InsightsCall, error: CallError, ask: Ask) -> Result | None:
        """Return an answer that holds at least one metric; None if there is none to be had.

        Suspected are the metrics that the error's text names, else those that were refused to other
        objects. Each of them is requested alone, and the others together; without a suspect, or if
        the others fail as well, each metric is requested alone.
        """
        suspects = error.metrics_in_text(call.metrics) or self._unsupported.suspects(call)
        others = tuple(metric for metric in call.metrics if metric not in suspects)
        alone = [call.part((metric,)) for metric in suspects]
        if suspects and others:
            results = ask([*alone, call.part(others)])
            is_transient = error.rule.action in RETRYABLE and not error.is_final
            is_outage = is_transient and all(result.error for result in results)
            if results[-1].error and not is_outage:
                results[-1:] = ask([call.part((metric,)) for metric in others])
        else:
            results = ask([call.part((metric,)) for metric in call.metrics])
        whole = merged(call, results)
        if not isinstance(whole.call, InsightsCall) or not whole.call.metrics:
            if not call.is_rare:
                self._unsupported.note_fruitless(call)
            return None
        for metric in whole.call.refused.keys() - call.refused.keys():
            if (reason := whole.call.refused[metric]).rule is METRIC_REFUSED:
                self._unsupported.add(call, (metric,), reason)
        return whole
