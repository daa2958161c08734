"""Which accounts and Pages the lists of their owners contain. Each function is one oddity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instagram_sandbox.graph_api.api.request import GraphRequest
    from instagram_sandbox.graph_api.world.accounts import Account, Page


def listed_accounts(request: GraphRequest, accounts: Iterable[Account]) -> list[Account]:
    """Return accounts without those that are unlinked (`lost_account`)."""
    return [
        account
        for account in accounts
        if all(each.form != "unlinked" for each in request.conditions_for("lost_account", account))
    ]


def listed_pages(request: GraphRequest, pages: Iterable[Page]) -> list[Page]:
    """Return the readable Pages without those that Meta leaves out silently (`silent_pages`)."""
    readable = readable_pages(request, pages)
    if "business_management" in request.token.scopes:
        return readable
    return [page for page in readable if not request.conditions_for("silent_pages", page)]


def readable_pages(request: GraphRequest, pages: Iterable[Page]) -> list[Page]:
    """Return the Pages that the token may read; this is no oddity."""
    return [page for page in pages if request.token.has_page(page)]


def with_older_ids(request: GraphRequest, answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with accounts, some of them with an older id (`older_account_ids`)."""
    world = request.world
    for item in answer["data"]:
        account = world.account(item["id"])
        if request.conditions_for("older_account_ids", account):
            item["id"] = account.legacy_user_id
    return answer
