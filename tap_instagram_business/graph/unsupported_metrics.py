"""The metrics that Meta has refused in this run, and how far each refusal reaches.

A refusal is taken to be about the narrowest thing that it can be about: first about one object,
then about one account, and about all accounts only after objects of several accounts were refused.
So a refusal of one post never costs the figure of another post that has it. Metrics that only some
objects of a kind have are requested in calls of their own; their refusals are not remembered.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_instagram_business.metrics import FEED_VIDEO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.graph.insights_request import InsightsCall

MIN_OBJECTS = 3
"""After so many different objects of a kind were refused a metric and none got it, the others are
not asked for it any more: those of the same account, or all if two accounts are among them."""
MIN_ACCOUNTS = 2
MAX_FRUITLESS = 3
"""After so many searches for a metric to blame that found none, a kind is not searched any more."""

logger = logging.getLogger("tap-instagram-business.graph")


@dataclass
class _Refusal:
    """A metric that Meta refuses to objects of a kind.

    Attributes:
        error: the first error that refused it.
        objects: the objects that it was refused to.
        number_of: how many of them each account has.
    """

    error: CallError
    objects: set[str] = field(default_factory=set)
    number_of: Counter[str] = field(default_factory=Counter)


class UnsupportedMetrics:
    """Which metrics Meta has refused, for which objects, accounts and kinds of media or request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: dict[tuple[str, str], _Refusal] = {}
        # A bit for each kind and metric: thousands of accounts have hundreds of them.
        self._bits: dict[tuple[str, str], int] = {}
        self._given: dict[str, int] = defaultdict(int)
        self._given_to_any = 0
        self._suspects: set[str] = set()
        self._fruitless: dict[str, int] = defaultdict(int)
        self._earliest: dict[str, int] = {}

    def add(self, call: InsightsCall, metrics: Iterable[str], error: CallError) -> None:
        """Remember which metrics an error refuses to the object of a call.

        Args:
            call: the call.
            metrics: the metrics.
            error: Meta's error.
        """
        if call.is_rare:
            return
        with self._lock:
            new = []
            for metric in metrics:
                key = call.kind, metric
                if key not in self._refused:
                    self._refused[key] = _Refusal(error)
                    new.append(metric)
                refused = self._refused[key]
                if call.node not in refused.objects:
                    refused.objects.add(call.node)
                    refused.number_of[call.quota_account] += 1
                self._suspects.add(metric)
        if new:
            # Videos of the feed, which Instagram has turned into reels since, commonly lack some.
            level = logging.INFO if call.kind.startswith(FEED_VIDEO) else logging.WARNING
            names = ", ".join(new)
            logger.log(level, "Meta refuses metric %s for %s: %s", names, call.kind, error)

    def note_given(self, call: InsightsCall, metrics: Iterable[str]) -> None:
        """Remember which metrics the object of a call has: others of its kind may have them too."""
        with self._lock:
            given = 0
            for metric in metrics:
                given |= self._bits.setdefault((call.kind, metric), 1 << len(self._bits))
            self._given[call.quota_account] |= given
            self._given_to_any |= given

    def error_for(self, call: InsightsCall, metric: str) -> CallError | None:
        """Return the error for which a metric need not be requested; None if it must be."""
        key = call.kind, metric
        with self._lock:
            refused = self._refused.get(key)
            if not refused:
                return None
            return refused.error if self._reaches(refused, call, self._bits.get(key, 0)) else None

    def _reaches(self, refused: _Refusal, call: InsightsCall, bit: int) -> bool:
        """Return whether a refusal is also about the object of a call; `bit` is the metric's."""
        if call.node in refused.objects:
            return True
        is_given_to_account = bool(self._given.get(call.quota_account, 0) & bit)
        if refused.number_of[call.quota_account] >= MIN_OBJECTS and not is_given_to_account:
            return True
        is_of_all = len(refused.number_of) >= MIN_ACCOUNTS and len(refused.objects) >= MIN_OBJECTS
        return is_of_all and not self._given_to_any & bit

    def note_earliest(self, call: InsightsCall, since: int) -> None:
        """Remember that calls of a kind are to ask for no figures before a moment.

        Args:
            call: a call of that kind.
            since: the moment, in Unix seconds.
        """
        with self._lock:
            self._earliest[call.kind] = max(since, self._earliest.get(call.kind, 0))

    def earliest(self, call: InsightsCall) -> int:
        """Return before which moment, in Unix seconds, a call is to ask for no figures."""
        with self._lock:
            return self._earliest.get(call.kind, 0)

    def suspects(self, call: InsightsCall) -> tuple[str, ...]:
        """Return the metrics of a call that Meta has refused to any object in this run."""
        with self._lock:
            return tuple(metric for metric in call.metrics if metric in self._suspects)

    def note_fruitless(self, call: InsightsCall) -> None:
        """Remember that no metric of a call was to blame: all of them have failed."""
        with self._lock:
            self._fruitless[call.kind] += 1

    def may_search(self, call: InsightsCall) -> bool:
        """Return whether it makes sense to search a failed call for the metric to blame."""
        with self._lock:
            is_kind_refused = any((call.kind, metric) in self._refused for metric in call.metrics)
            return is_kind_refused or self._fruitless[call.kind] < MAX_FRUITLESS

    def items(self) -> list[tuple[tuple[str, str], CallError]]:
        """Return what Meta refuses to all objects of a kind: kind and metric, and the error."""
        with self._lock:
            return [(key, refused.error) for key, refused in self._refused.items()]
