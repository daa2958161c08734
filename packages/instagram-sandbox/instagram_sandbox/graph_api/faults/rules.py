"""Rules of the API that a fault replaces: lists, windows, dimensions, retired metrics."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.errors import (
    GraphError,
    broken_video,
    no_permission,
    not_one_of,
)
from instagram_sandbox.graph_api.catalogue import ACCOUNT_BREAKDOWNS
from instagram_sandbox.graph_api.faults.pseudo_language import translate
from instagram_sandbox.graph_api.pacific import ONE_DAY, day_of, midnight
from instagram_sandbox.graph_api.world.accounts import Page
from instagram_sandbox.graph_api.world.posts import Media

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from instagram_sandbox.graph_api.api.fields import Field
    from instagram_sandbox.graph_api.api.request import GraphRequest, Node
    from instagram_sandbox.graph_api.faults.fault import Fault
    from instagram_sandbox.graph_api.world.accounts import Account

ACCOUNT_OF_PAGE = frozenset({"instagram_business_account", "connected_instagram_account"})
FOLLOWER_COUNT_DAYS = 30
PAIR = ("media_product_type", "follow_type")


# Which nodes are listed and can be read


def is_unlinked(request: GraphRequest, account: Account) -> bool:
    """Return whether an account was made a personal one or unlinked (`lost_account`)."""
    return request.shows("lost_account", account, form="unlinked")


def listed_accounts(request: GraphRequest, accounts: Iterable[Account]) -> list[Account]:
    """Return accounts without those that are unlinked."""
    return [account for account in accounts if not is_unlinked(request, account)]


def listed_pages(request: GraphRequest, pages: Iterable[Page]) -> list[Page]:
    """Return the readable Pages without those that Meta leaves out silently (`silent_pages`)."""
    readable = readable_pages(request, pages)
    if "business_management" in request.token.scopes:
        return readable
    return [page for page in readable if not request.shows("silent_pages", page)]


def readable_pages(request: GraphRequest, pages: Iterable[Page]) -> list[Page]:
    """Return the Pages that the token may read; this is no fault."""
    return [page for page in pages if request.token.has_page(page)]


def with_older_ids(request: GraphRequest, answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with accounts, some of them with an older id (`older_account_ids`)."""
    for item in answer["data"]:
        account = request.world.account(item["id"])
        if request.shows("older_account_ids", account):
            item["id"] = account.legacy_user_id
    return answer


def check_node(
    request: GraphRequest, node: Node, fields: Sequence[Field], answer: dict[str, Any]
) -> None:
    """Refuse a node, or remove the account of a Page, as the faults order.

    Args:
        request: The call that is answered.
        node: The node.
        fields: The fields that were requested.
        answer: The answer about the node, which is changed.

    Raises:
        GraphError: If a fault makes the whole call fail.
    """
    if isinstance(node, Media):
        names = {field.name for field in fields}
        for fault in request.faults_for("broken_listed_media", node):
            if names & set(fault.names) and request.faults.happens(fault):
                raise broken_video()
    if isinstance(node, Page) and node.account is not None:
        _check_account_of_page(request, node.account, fields, answer)


def _check_account_of_page(
    request: GraphRequest, account: Account, fields: Sequence[Field], answer: dict[str, Any]
) -> None:
    if answer.keys() & ACCOUNT_OF_PAGE and is_unlinked(request, account):
        for name in ACCOUNT_OF_PAGE:
            answer.pop(name, None)
    for field in fields:
        nested = field.name in ACCOUNT_OF_PAGE and field.inner not in {None, "", "id"}
        if nested and request.shows("unreadable_page", account):
            raise no_permission()


# Account insights


def may_combine(request: GraphRequest, account: Account, names: Sequence[str]) -> bool:
    """Return whether a call may name several dimensions (`two_dimensions`, `allowed`)."""
    is_pair = sorted(names) == sorted(PAIR)
    return is_pair and request.shows("two_dimensions", account, form="allowed")


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
    possible = set(asked) <= set(PAIR) and all(metric in ACCOUNT_BREAKDOWNS[name] for name in PAIR)
    shown = possible and request.shows("two_dimensions", account, form="unasked")
    return PAIR if shown else asked


def follower_count_edge(request: GraphRequest, account: Account) -> datetime:
    """Return the earliest moment at which the window of follower_count may begin.

    Without a fault it is the beginning of the Pacific day 30 days ago.
    """
    for fault in request.faults_for("follower_count_edge", account):
        if request.faults.happens(fault):
            days = timedelta(days=fault.number or 0)
            exact = fault.form == "seconds"
            return request.now - days if exact else midnight(day_of(request.now) - days)
    return midnight(day_of(request.now) - ONE_DAY * FOLLOWER_COUNT_DAYS)


# Retired metrics


def retired_metrics(request: GraphRequest, node: Node) -> dict[str, Fault | None]:
    """Return the metrics that are retired for a node, with the fault that words the refusal.

    A fault with names retires these metrics. A fault without names changes the wording of the
    metrics that the world has retired.
    """
    retired: dict[str, Fault | None] = dict.fromkeys(request.world.retired_metrics)
    for fault in request.faults_for("retired_metric", node):
        retired |= dict.fromkeys(fault.names or tuple(request.world.retired_metrics), fault)
    return retired


def retired_metric(
    request: GraphRequest, metric: str, fault: Fault | None, valid: Sequence[str], place: int
) -> GraphError:
    """Return the error for a retired metric.

    Args:
        request: The call that is answered.
        metric: The metric.
        fault: The fault that words the refusal. None for the usual wording.
        valid: The metrics that are not retired.
        place: Position of the metric in the request, from 0.
    """
    usual = not_one_of(valid, f"metric[{place}]")
    if fault is None or not request.faults.happens(fault):
        return usual
    code, wording = _WORDINGS.get(fault.form, (usual.code, usual.message))
    message = (fault.message or wording).replace("{metric}", metric)
    message = translate(message) if fault.form.startswith("foreign") else message
    return GraphError(fault.code or code, message, fault.subcode, status=fault.status)


_V22 = (
    "(#100) Starting from version v22.0 and above, the {metric} metric is no longer supported for "
    "the queried media. For more information, please refer to the changelog."
)
_WORDINGS: dict[str, tuple[int, str]] = {
    "v22": (100, _V22),
    "incompatible": (
        100,
        "(#100) The following metric ({metric}) is incompatible with the metric type (total_value)",
    ),
    "unknown_100": (100, "(#100) An unknown error has occurred."),
    "unknown_1": (1, "An unknown error occurred"),
    "foreign": (100, _V22),
    "foreign_nameless": (100, "(#100) This metric is no longer supported."),
}
"""Code and message by the form of the fault; the form `one_of` lists the valid metrics."""
