"""Which calls are sent before the others, to find out what Meta refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_instagram_business.graph.insights_call import InsightsCall
from tap_instagram_business.graph.refusals import MIN_OBJECTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_instagram_business.graph.calls import Call
    from tap_instagram_business.graph.refusals import Refusals


class Scouts:
    """Chooses a few calls of each kind to be sent before the others of that kind.

    If Meta refuses a metric to all of them, the others are not asked for it: otherwise hundreds of
    calls would be refused at once.
    """

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals
        self._scouted: set[tuple[str, str, int]] = set()

    def choose(self, calls: Sequence[Call], places: Sequence[int], number: int) -> list[int]:
        """Return the places of the first calls of each account and kind that is new to this run.

        Args:
            calls: all calls.
            places: the places of those that are not sent yet.
            number: how many calls of a kind to choose; more than MIN_OBJECTS only where Meta has
                refused metrics that only some objects of the kind have.
        """
        found: dict[tuple[str, str, int], list[int]] = {}
        for place in places:
            call = calls[place]
            if isinstance(call, InsightsCall) and (
                number == MIN_OBJECTS or self._refusals.are_rare_refused(call)
            ):
                found.setdefault((call.kind, call.quota_account, number), []).append(place)
        new = {key: of_key for key, of_key in found.items() if key not in self._scouted}
        many = {key: of_key for key, of_key in new.items() if len(of_key) > 2 * number}
        self._scouted.update(many)
        return sorted(place for of_key in many.values() for place in of_key[:number])
