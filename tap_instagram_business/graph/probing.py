"""How it is found out which metrics Meta refuses, at the price of few calls."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tap_instagram_business.graph.error_table import METRIC_REFUSED, RETRYABLE
from tap_instagram_business.graph.insights_request import InsightsCall, merged
from tap_instagram_business.graph.unsupported_metrics import MIN_OBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_instagram_business.graph.calls import Answer, Call
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.graph.unsupported_metrics import UnsupportedMetrics

    Ask = Callable[[Sequence[Call]], list[Answer]]


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

    def isolate(self, answer: Answer, ask: Ask) -> Answer:
        """Return the answer without the metrics to blame; itself if a search finds none.

        Args:
            answer: the answer.
            ask: sends calls, again and again where that helps; answers are in order.
        """
        call, error = answer.call, answer.error
        if error is None or not isinstance(call, InsightsCall) or not error.may_be_about_a_metric:
            return answer
        found = None
        if len(call.metrics) > 1:
            # One at a time, since the first to find the metric spares the others the search.
            with self._searching:
                if self._unsupported.may_search(call):
                    found = self._search(call, error, ask)
        if found is None and call.is_rare:
            self._unsupported.note_fruitless(call)
            return merged(call, [answer])
        return found or answer

    def _search(self, call: InsightsCall, error: CallError, ask: Ask) -> Answer | None:
        """Return an answer that holds at least one metric; None if there is none to be had.

        Suspected are the metrics that the error's text names, else those that were refused to other
        objects. Each of them is requested alone, and the others together; without a suspect, or if
        the others fail as well, each metric is requested alone.
        """
        suspects = error.metrics_in_text(call.metrics) or self._unsupported.suspects(call)
        others = tuple(metric for metric in call.metrics if metric not in suspects)
        alone = [call.part((metric,)) for metric in suspects]
        if suspects and others:
            answers = ask([*alone, call.part(others)])
            may_pass = error.rule.action in RETRYABLE and not error.is_final
            is_outage = may_pass and all(answer.error for answer in answers)
            if answers[-1].error and not is_outage:
                answers[-1:] = ask([call.part((metric,)) for metric in others])
        else:
            answers = ask([call.part((metric,)) for metric in call.metrics])
        whole = merged(call, answers)
        if not isinstance(whole.call, InsightsCall) or not whole.call.metrics:
            if not call.is_rare:
                self._unsupported.note_fruitless(call)
            return None
        for metric in whole.call.refused.keys() - call.refused.keys():
            if (reason := whole.call.refused[metric]).rule is METRIC_REFUSED:
                self._unsupported.add(call, (metric,), reason)
        return whole
