"""Splits of account insights by media_product_type and follow_type at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.catalogue import ACCOUNT_BREAKDOWNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instagram_sandbox.graph_api.api.request import GraphRequest
    from instagram_sandbox.graph_api.oddities.conditions import Condition
    from instagram_sandbox.graph_api.world.accounts import Account

PAIR = ("media_product_type", "follow_type")


def may_combine(request: GraphRequest, account: Account, names: Sequence[str]) -> bool:
    """Return whether a call may name several dimensions, because a condition allows it."""
    allowed = any(each.form == "allowed" for each in _conditions(request, account))
    return allowed and sorted(names) == sorted(PAIR)


def dimensions(
    request: GraphRequest, account: Account, metric: str, breakdown: str
) -> tuple[str, ...]:
    """Return the dimensions by which the API splits a metric, which may be more than requested.

    Args:
        request: The call that is answered.
        account: The account.
        metric: The metric.
        breakdown: The parameter `breakdown`.
    """
    asked = tuple(name.strip() for name in breakdown.split(","))
    unasked = any(each.form == "unasked" for each in _conditions(request, account))
    both = all(metric in ACCOUNT_BREAKDOWNS[name] for name in PAIR)
    return PAIR if unasked and both and set(asked) <= set(PAIR) else asked


def _conditions(request: GraphRequest, account: Account) -> list[Condition]:
    return request.conditions_for("two_dimensions", account)
