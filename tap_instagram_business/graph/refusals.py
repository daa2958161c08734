"""The metrics that Meta has refused in this run, and how far each refusal reaches.

A refusal is taken to be about the narrowest thing that it can be about: first about one object,
then about one account, and about all accounts only after objects of several accounts were refused.
So a refusal of one post never costs the figure of another post that has it.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from tap_instagram_business.graph.errors import MetricRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_instagram_business.graph.errors import CallError

MIN_OBJECTS = 3
"""After so many different objects of a kind were refused a metric and none got it, the others are
not asked for it any more: those of the same account, or all if two accounts are among them."""
MIN_OBJECTS_IF_RARE = 15
"""The same for a metric that only some objects of a kind have, for the same account only, and only
if Meta's error does not name the metric: each such refusal costs calls."""
MIN_ACCOUNTS = 2
MAX_FRUITLESS = 3
"""After so many searches for a metric to blame that found none, a kind is not searched any more."""

logger = logging.getLogger("tap-instagram-business.graph")


class MetricsCall(Protocol):
    """What a refusal has to know of a call for insights; see `InsightsCall`."""

    @property
    def node(self) -> str:
        """The object that is asked about."""

    @property
    def quota_account(self) -> str:
        """The account that it belongs to."""

    @property
    def kind(self) -> str:
        """The kind of media or request."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that are asked for."""

    @property
    def per_object(self) -> frozenset[str]:
        """The metrics that only some objects of the kind have."""


class Refusals:
    """Which metrics Meta has refused, for which objects, accounts and kinds of media or request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errors: dict[tuple[str, str], CallError] = {}
        self._objects: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self._given: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._suspects: set[str] = set()
        self._rare: set[tuple[str, str]] = set()
        self._fruitless: dict[str, int] = defaultdict(int)
        self._earliest: dict[str, int] = {}

    def add(self, call: MetricsCall, metrics: Iterable[str], error: CallError) -> None:
        """Remember which metrics an error refuses to the object of a call.

        Args:
            call: the call.
            metrics: the metrics.
            error: Meta's error.
        """
        with self._lock:
            new = []
            for metric in metrics:
                key = call.kind, metric
                if key not in self._errors:
                    self._errors[key] = error
                    new.append(metric)
                self._objects[key][call.node] = call.quota_account
                self._suspects.add(metric)
                if metric in call.per_object:
                    self._rare.add(key)
        if new:
            logger.warning("Meta refuses metric %s for %s: %s", ", ".join(new), call.kind, error)

    def note_given(self, call: MetricsCall, metrics: Iterable[str]) -> None:
        """Remember which metrics the object of a call has: others of its kind may have them too."""
        with self._lock:
            for metric in metrics:
                self._given[call.kind, metric].add(call.quota_account)

    def of(self, call: MetricsCall, metric: str) -> CallError | None:
        """Return the error for which a metric need not be asked for; None if it must be."""
        key = call.kind, metric
        with self._lock:
            objects = self._objects.get(key)
            if not objects:
                return None
            account = call.quota_account
            own = [node for node, owner in objects.items() if owner == account]
            is_known = call.node in objects
            if not is_known:
                given_by = self._given.get(key, set())
                is_rare = metric in call.per_object
                is_named = not isinstance(self._errors[key], MetricRefused)
                enough = MIN_OBJECTS_IF_RARE if is_rare else MIN_OBJECTS
                is_of_account = (
                    len(own) >= enough and account not in given_by and not (is_rare and is_named)
                )
                is_of_all = (
                    not is_rare
                    and len(objects) >= enough
                    and len(set(objects.values())) >= MIN_ACCOUNTS
                    and not given_by
                )
                is_known = is_of_account or is_of_all
            return self._errors[key] if is_known else None

    def note_earliest(self, call: MetricsCall, since: int) -> None:
        """Remember that calls of a kind are to ask for no figures before a moment.

        Args:
            call: a call of that kind.
            since: the moment, in Unix seconds.
        """
        with self._lock:
            self._earliest[call.kind] = max(since, self._earliest.get(call.kind, 0))

    def earliest(self, call: MetricsCall) -> int:
        """Return before which moment, in Unix seconds, a call is to ask for no figures."""
        with self._lock:
            return self._earliest.get(call.kind, 0)

    def suspects(self, call: MetricsCall) -> tuple[str, ...]:
        """Return the metrics of a call that Meta has refused to any object in this run."""
        with self._lock:
            return tuple(metric for metric in call.metrics if metric in self._suspects)

    def are_rare_refused(self, call: MetricsCall) -> bool:
        """Return whether Meta refuses, without naming them, metrics that only some objects have."""
        with self._lock:
            errors = (self._errors.get((call.kind, metric)) for metric in call.per_object)
            return any(isinstance(error, MetricRefused) for error in errors)

    def are_lacked_together(self, call: MetricsCall, metrics: Iterable[str]) -> bool:
        """Return whether Meta has refused each of some metrics to several objects of a kind.

        Only metrics count that not all objects of the kind have, and that Meta's error does not
        name. They are lacked together, such as those of a reel that is not shared to Facebook.
        """
        with self._lock:
            return all(
                metric in call.per_object
                and isinstance(self._errors.get((call.kind, metric)), MetricRefused)
                and len(self._objects.get((call.kind, metric), ())) >= MIN_OBJECTS
                for metric in metrics
            )

    def note_fruitless(self, call: MetricsCall) -> None:
        """Remember that no metric of a call was to blame: all of them have failed."""
        with self._lock:
            self._fruitless[call.kind] += 1

    def may_search(self, call: MetricsCall) -> bool:
        """Return whether it makes sense to search a failed call for the metric to blame."""
        with self._lock:
            is_kind_refused = any((call.kind, metric) in self._errors for metric in call.metrics)
            return is_kind_refused or self._fruitless[call.kind] < MAX_FRUITLESS

    def items(self) -> list[tuple[tuple[str, str], CallError]]:
        """Return what Meta refuses to all objects of a kind: kind and metric, and the error."""
        with self._lock:
            return [(key, error) for key, error in self._errors.items() if key not in self._rare]
