"""Finds the metric that is to blame for an error that names none."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, cast

from tap_instagram_business.graph.insights_call import InsightsCall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_instagram_business.graph.calls import Answer, Call
    from tap_instagram_business.graph.costs import Costs
    from tap_instagram_business.graph.refusals import Refusals


class MetricSearch:
    """Sends a failed call in parts, until the metric stands alone that the error is about."""

    def __init__(
        self, refusals: Refusals, ask: Callable[[Sequence[Call], Costs], list[Answer]]
    ) -> None:
        """Prepare searches.

        Args:
            refusals: where the metric is remembered that was to blame.
            ask: sends calls, again and again where that helps; answers are in order.
        """
        self._refusals, self._ask = refusals, ask
        self._searching = threading.Lock()

    def settle(self, answer: Answer, costs: Costs) -> Answer:
        """Return the answer without the metrics to blame; itself if no search can find them."""
        call, error = answer.call, answer.error
        if error is None or not isinstance(call, InsightsCall):
            return answer
        # One at a time, since the first to find the metric spares the others the search.
        with nullcontext() if call.is_part else self._searching:
            parts = call.parts(error, self._refusals)
            if not parts:
                return answer
            answers = self._ask(parts, costs)
            may_be_outage = error.may_be_accident and not call.is_part
            if not (may_be_outage and all(part.error for part in answers)):
                answers = [self.settle(part, costs) for part in answers]
            if unasked := call.unasked(answers):
                answers += self._ask([unasked], costs)
            merged = call.merged(error, answers)
            if merged is None:
                if not call.is_part:
                    self._refusals.note_fruitless(call)
                return answer
            refused = cast("InsightsCall", merged.call).refused
            for metric in refused.keys() - call.refused.keys():
                self._refusals.add(call, (metric,), refused[metric])
        return merged
