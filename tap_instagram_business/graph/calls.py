"""What is asked of the Graph API, and what came back."""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from typing_extensions import Self, override

from tap_instagram_business.graph.errors import Action, GraphError, refused_field, refused_metrics
from tap_instagram_business.graph.insights import is_readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

logger = logging.getLogger("tap-instagram-business.graph")

LACKS_CAPABILITY = 3
"""Meta's code for an app that may not make a call."""
NOTHING: Mapping[str, Any] = {"data": []}
"""What Meta answers where it has nothing to say."""


@dataclass(frozen=True)
class Call:
    """One GET: `/{node}/{edge}?{params}`.

    Attributes:
        node: an id, or `me`.
        edge: what of the node is read; '' for its fields.
        params: query parameters, without the token.
        token: the access token to ask with.
        subject: whatever the caller wants back beside the answer.
        account_id: the account that the node belongs to, where it is not an account itself.
    """

    node: str
    edge: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default="", repr=False)
    subject: Any = None
    account_id: str = ""

    @property
    def payer(self) -> str:
        """The account whose allowance it uses: its node, unless that is a media of an account."""
        return self.account_id or self.node

    @property
    def path(self) -> str:
        """The path below the API version."""
        return f"{self.node}/{self.edge}" if self.edge else self.node

    @property
    def void(self) -> bool:
        """Whether nothing is left to ask."""
        return False

    @property
    def is_secret(self) -> bool:
        """Whether it must not stand in a URL, which proxies and servers keep."""
        return False

    def is_answered_by(self, body: Mapping[str, Any]) -> bool:
        """Say whether a body has the shape of an answer: a node's `id`, an edge's `data`."""
        if not self.edge:
            return "id" in body
        listed = body.get("data")
        return isinstance(listed, list) and all(isinstance(item, dict) for item in listed)

    def current(self) -> Self:
        """Return what to ask by what is known by now."""
        return self

    def revised(self, error: GraphError) -> Self | None:
        """Return what to ask instead after an error; None where nothing else would do."""
        if error.rule.action is Action.LESS and (less := self.smaller()) is not self:
            return less
        name = refused_field(error) if error.rule.action is Action.DROP_FIELD else ""
        fields = self.params.get("fields", "")
        without = without_field(fields, name) if name else fields
        if without == fields:
            return None
        logger.warning("Meta has no field %s on %s: it stays empty.", name, self.edge or "node")
        return self.with_params(fields=without)

    def smaller(self) -> Self:
        """Return the call for half as many items of its list; itself where it cannot be less."""
        limit = int(self.params.get("limit", "1")) // 2
        return self.with_params(limit=str(limit)) if limit else self

    def withstands(self, _error: GraphError) -> bool:
        """Say whether an error that stops a run is only this call's."""
        return False

    def with_params(self, **params: str) -> Self:
        """Return the same call with other parameters."""
        return replace(self, params={**self.params, **params})


@dataclass(frozen=True)
class ListCall(Call):
    """A list of objects.

    Attributes:
        required: the fields that each of them has in any case.
    """

    required: frozenset[str] = frozenset({"id"})

    @override
    def is_answered_by(self, body: Mapping[str, Any]) -> bool:
        return super().is_answered_by(body) and all(
            self.required <= item.keys() for item in body["data"]
        )


@dataclass(frozen=True)
class Trial(Call):
    """A call of what the token may have no right to, or its kind of owner does not have.

    It is not asked again for fewer fields, and a capability that the app lacks stops nothing.
    """

    @override
    def revised(self, error: GraphError) -> Self | None:
        return None if error.rule.action is Action.DROP_FIELD else super().revised(error)

    @override
    def withstands(self, error: GraphError) -> bool:
        return error.code == LACKS_CAPABILITY


@dataclass(frozen=True)
class SecretCall(Call):
    """A call whose parameters hold a secret (debug_token): it goes in a request's body."""

    params: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    @override
    def is_secret(self) -> bool:
        return True

    @override
    def is_answered_by(self, body: Mapping[str, Any]) -> bool:
        return isinstance(body.get("data"), dict)


def without_field(fields: str, name: str) -> str:
    """Take a field out of `id,caption,children{id,caption}`, wherever it stands."""
    without = re.sub(rf"\b{name}\b(\{{[^}}]*\}})?", "", fields)
    return re.sub(r",+", ",", without).replace("{,", "{").replace(",}", "}").strip(",")


class Refusals:
    """Which metrics Meta has refused in this run, for which kind of media or request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], GraphError] = {}

    def add(self, kind: str, metrics: Iterable[str], error: GraphError) -> None:
        """Remember what an error refuses, and warn of it the first time."""
        with self._lock:
            new = [metric for metric in metrics if (kind, metric) not in self._known]
            self._known.update(dict.fromkeys(((kind, metric) for metric in new), error))
        if new:
            names = ", ".join(new)
            logger.warning(
                "Meta refuses metric %s for %s, left out of this run: %s", names, kind, error
            )

    def of(self, kind: str, metric: str) -> GraphError | None:
        """Return the error that refused a metric, if one did."""
        return self._known.get((kind, metric))

    def items(self) -> list[tuple[tuple[str, str], GraphError]]:
        """List all refusals: kind and metric, and why."""
        with self._lock:
            return list(self._known.items())


@dataclass(frozen=True)
class InsightsCall(Call):
    """A call of an insights edge, which asks on without the metrics that Meta refuses.

    Attributes:
        metrics: what to ask for.
        kind: what shares a refusal: if Meta refuses a metric for one, it does so for all.
        lone: metrics whose refusal says something of this one object only.
        refusals: what Meta has refused so far in this run.
        refused: what this call was refused, and why.
    """

    edge: str = "insights"
    metrics: tuple[str, ...] = ()
    kind: str = ""
    lone: frozenset[str] = frozenset()
    refusals: Refusals = field(default_factory=Refusals, repr=False, compare=False)
    refused: Mapping[str, GraphError] = field(default_factory=dict, compare=False)

    @property
    @override
    def void(self) -> bool:
        return not self.metrics

    @override
    def is_answered_by(self, body: Mapping[str, Any]) -> bool:
        return super().is_answered_by(body) and is_readable(body)

    @override
    def current(self) -> Self:
        known = {metric: self.refusals.of(self.kind, metric) for metric in self.metrics}
        refused = {metric: error for metric, error in known.items() if error}
        return self._without(refused) if refused else self

    @override
    def revised(self, error: GraphError) -> Self | None:
        if error.rule.action is not Action.DROP_METRIC:
            return super().revised(error)
        names = refused_metrics(error, self.metrics)
        self.refusals.add(self.kind, (name for name in names if name not in self.lone), error)
        return self._without(dict.fromkeys(names, error)) if names else None

    def _without(self, refused: Mapping[str, GraphError]) -> Self:
        left = tuple(metric for metric in self.metrics if metric not in refused)
        params = {**self.params, "metric": ",".join(left)}
        return replace(self, metrics=left, params=params, refused={**self.refused, **refused})


@dataclass(frozen=True)
class Answer:
    """What came back for a call: data, or the error that stands.

    Attributes:
        call: the call as it was last asked.
        data: Meta's answer; `{"data": []}` where there is an error.
        error: the error that asking again did not cure.
    """

    call: Call
    data: Mapping[str, Any] = field(default_factory=lambda: NOTHING, repr=False)
    error: GraphError | None = None
