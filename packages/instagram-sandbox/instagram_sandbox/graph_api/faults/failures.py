"""Errors of whole calls: failures on order, refusals of insights, other words for an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    no_permission,
    no_such_object,
    too_many_calls,
    too_much_data,
    unsupported_metrics,
)
from instagram_sandbox.graph_api.api.times import parse_time
from instagram_sandbox.graph_api.dice import Dice
from instagram_sandbox.graph_api.faults.pseudo_language import nameless, translate
from instagram_sandbox.graph_api.world.posts import Media

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from instagram_sandbox.graph_api.api.call import Call
    from instagram_sandbox.graph_api.dice import Key
    from instagram_sandbox.graph_api.faults.fault import Fault
    from instagram_sandbox.graph_api.world.accounts import Account

CODES = (-7, 1, 2, 10, 100, 200, 7001, 9005)
"""The codes of calls that are broken for good."""


def error_of(fault: Fault) -> GraphError:
    """Return the error with which a call or a batch fails."""
    usual = _ERRORS.get(fault.kind)
    if usual is not None and fault.code is None and fault.message is None:
        return usual()
    if fault.kind == "throttle":
        return too_many_calls(fault.code or 80002)
    return _error(fault, "(#1) An unknown error occurred", code=1)


_ERRORS: dict[str, Callable[[], GraphError]] = {
    "batch_refused": lambda: GraphError(
        960,
        "Request aborted. This could happen if a dependent "
        "request failed or the entire request timed out.",
    ),
    "unknown_error": lambda: GraphError(1, "An unknown error has occurred.", status=500),
    "service_error": lambda: GraphError(
        2,
        "(#2) An unexpected error has occurred. Please retry your request later.",
        status=500,
        is_transient=True,
    ),
    "too_much_data": too_much_data,
    "gone": lambda: no_such_object("0"),
    "permission": no_permission,
    "expired_token": lambda: GraphError(
        190, "Error validating access token: Session has expired.", 463, status=401
    ),
    "password_changed": lambda: GraphError(
        190, "Error validating access token: The session has been invalidated.", 460, status=401
    ),
    "blocked": lambda: GraphError(368, "The action attempted has been deemed abusive."),
}


def error_for_good(fault: Fault, *key: Key) -> GraphError:
    """Return the error of a call that is broken for good: the same for the same key."""
    code = fault.code or Dice(fault.seed).pick(CODES, *key, "code")
    text, status = _FOR_GOOD.get(code, (f"(#{code}) Something happened that has no name yet.", 400))
    return GraphError(code, fault.message or text, fault.subcode, status=status)


_FOR_GOOD: dict[int, tuple[str, int]] = {
    1: ("An unknown error occurred", 500),
    2: ("(#2) Service temporarily unavailable", 503),
    10: ("(#10) Application does not have permission for this action", 400),
    100: ("(#100) Invalid parameter", 400),
    200: ("(#200) Permissions error", 403),
    9005: ("(#9005) Video content was not found", 400),
}
"""Message and status by code."""


@dataclass(frozen=True)
class InsightsCall:
    """A call for insights.

    Attributes:
        call: The call.
        node: The account or the media.
    """

    call: Call
    node: Account | Media

    def names(self, metrics: Collection[str]) -> bool:
        """Return whether the call asks for one of some metrics."""
        return not set(metrics).isdisjoint(self.metrics)

    @property
    def metrics(self) -> Sequence[str]:
        """Names of the metrics that are requested."""
        return self.call.params.get("metric", "").split(",")


def _not_crossposted(fault: Fault, asked: InsightsCall) -> GraphError | None:
    if not isinstance(asked.node, Media) or not asked.names(fault.names):
        return None
    if asked.node.crossposted and fault.form == "not_shared":
        return None
    return _error(fault, "Fatal", is_transient=False)


def _refused_media(fault: Fault, asked: InsightsCall) -> GraphError | None:
    if not isinstance(asked.node, Media):
        return None
    usual = "Application does not have permission for this action"
    text = "Permissions error" if fault.code == 200 else usual
    return _error(fault, f"(#{fault.code}) {text}")


def _ad_media(fault: Fault, asked: InsightsCall) -> GraphError | None:
    if not isinstance(asked.node, Media) or asked.node.product == "STORY":
        return None
    answers = Dice(fault.seed).chance((fault.number or 0) / 100, "ad that answers", asked.node.id)
    return None if answers else unsupported_metrics(asked.metrics)


def _refused_breakdown(fault: Fault, asked: InsightsCall) -> GraphError | None:
    split = asked.call.params.get("breakdown") and asked.names(fault.names)
    return _nameless(fault) if split else None


def _refused_range(fault: Fault, asked: InsightsCall) -> GraphError | None:
    since = asked.call.params.get("since")
    if not since or (fault.names and not asked.names(fault.names)):
        return None
    if parse_time(since, "since") >= asked.call.now - timedelta(days=fault.number or 0):
        return None
    return _error(fault, "(#100) The requested time range is not available.")


def _lost_account(fault: Fault, _asked: InsightsCall) -> GraphError | None:
    if fault.form != "insights":
        return None
    return _error(fault, "(#10) Application does not have permission for this action", code=10)


Refusal = Callable[["Fault", InsightsCall], "GraphError | None"]

REFUSALS: dict[str, Refusal] = {
    "lost_account": _lost_account,
    "refused_media": _refused_media,
    "ad_media": _ad_media,
    "refused_breakdown": _refused_breakdown,
    "refused_range": _refused_range,
    "not_crossposted": _not_crossposted,
}
"""The refusals of insights by kind of fault, in the order in which they are asked."""


def _reworded_breakdown(fault: Fault, error: GraphError) -> GraphError | None:
    return _nameless(fault) if error.message.startswith("(#100) Incompatible breakdowns") else None


def _reworded_metric_type(_fault: Fault, error: GraphError) -> GraphError | None:
    found = error.message.removeprefix("(#100) Incompatible metric_type (total_value) for metric ")
    if found == error.message:
        return None
    text = f"The following metric {found} is incompatible with the metric type (total_value)"
    return GraphError(100, f"(#100) {text}")


def _too_few_viewers(fault: Fault, error: GraphError) -> GraphError | None:
    if not error.message.startswith("(#10) Not enough viewers"):
        return None
    texts = {
        "foreign": translate(error.message),
        "nameless": nameless(error.message),
        "reworded": "(#10) Insights are available once more people have seen this story.",
    }
    return _error(fault, texts[fault.form])


REWORDINGS: dict[str, Callable[[Fault, GraphError], GraphError | None]] = {
    "refused_breakdown": _reworded_breakdown,
    "refused_metric_type": _reworded_metric_type,
    "too_few_viewers": _too_few_viewers,
}
"""The functions, by kind of fault, that replace an error of the API with another one."""


def _nameless(fault: Fault) -> GraphError:
    """Return an error that names neither the metric nor the breakdown that it is about."""
    if fault.form == "unknown_1":
        return _error(fault, "An unknown error occurred", code=1)
    return _error(fault, "(#100) An unknown error has occurred.", code=100)


def _error(
    fault: Fault, message: str, *, code: int = 0, is_transient: bool | None = None
) -> GraphError:
    details: dict[str, Any] = {} if is_transient is None else {"is_transient": is_transient}
    return GraphError(
        fault.code or code,
        fault.message or message,
        fault.subcode,
        status=fault.status,
        **details,
    )
