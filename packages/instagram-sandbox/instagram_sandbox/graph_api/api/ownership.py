"""The edges that show ownership: Pages of a person or system user, accounts of a business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.edges import page
from instagram_sandbox.graph_api.api.tokens import PORTFOLIO
from instagram_sandbox.graph_api.faults.rules import (
    listed_accounts,
    listed_pages,
    readable_pages,
    with_older_ids,
)
from instagram_sandbox.graph_api.world.accounts import Account, Asset, Business, Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instagram_sandbox.graph_api.api.request import Edge, GraphRequest, User

PAGE_DEFAULT = "access_token,category,name,id,tasks"


def pages(request: GraphRequest, _user: User) -> dict[str, Any]:
    """Answer /me/accounts and, for a system user, /me/assigned_pages.

    Graph API reference: User accounts. The Pages of a portfolio's clients are not in this list.
    """
    return page(request, listed_pages(request, request.world.business.pages), PAGE_DEFAULT)


def accounts(request: GraphRequest, _user: User) -> dict[str, Any]:
    """Answer /me/assigned_instagram_accounts: accounts with a Page and without one."""
    listed = listed_accounts(request, _all_accounts(request.world.business))
    return page(request, [each for each in listed if request.token.can_read(each)], "id")


def permissions(request: GraphRequest, _user: User) -> dict[str, Any]:
    """Answer /me/permissions."""
    scopes = request.token.scopes
    return {"data": [{"permission": scope, "status": "granted"} for scope in scopes]}


def businesses(request: GraphRequest, _user: User) -> dict[str, Any]:
    """Answer /me/businesses. Graph API reference: User businesses."""
    request.token.require(PORTFOLIO)
    return page(request, [request.world.business], "id,name")


def owned_pages(request: GraphRequest, business: Business) -> dict[str, Any]:
    """Answer /{business}/owned_pages."""
    request.token.require(PORTFOLIO)
    return page(request, readable_pages(request, business.pages), PAGE_DEFAULT)


def client_pages(request: GraphRequest, business: Business) -> dict[str, Any]:
    """Answer /{business}/client_pages."""
    request.token.require(PORTFOLIO)
    return page(request, readable_pages(request, business.client_pages), PAGE_DEFAULT)


def business_accounts(request: GraphRequest, business: Business) -> dict[str, Any]:
    """Answer /{business}/instagram_business_accounts and its older names."""
    request.token.require(PORTFOLIO)
    listed = listed_accounts(request, _all_accounts(business))
    return with_older_ids(request, page(request, listed, "id"))


def owned_assets(request: GraphRequest, business: Business) -> dict[str, Any]:
    """Answer /{business}/owned_instagram_assets."""
    request.token.require(PORTFOLIO)
    accounts = [*_accounts_of(business.pages), *business.pageless]
    return page(request, _assets(listed_accounts(request, accounts)), "id")


def client_assets(request: GraphRequest, business: Business) -> dict[str, Any]:
    """Answer /{business}/client_instagram_assets."""
    request.token.require(PORTFOLIO)
    accounts = listed_accounts(request, _accounts_of(business.client_pages))
    return page(request, _assets(accounts), "id")


def _accounts_of(pages: Iterable[Page]) -> list[Account]:
    return [page.account for page in pages if page.account is not None]


def _all_accounts(business: Business) -> list[Account]:
    with_page = _accounts_of([*business.pages, *business.client_pages])
    return sorted([*with_page, *business.pageless], key=lambda account: account.index)


def _assets(accounts: Iterable[Account]) -> list[Asset]:
    return [Asset(f"77{account.id[2:]}", account) for account in accounts]


USER_EDGES: dict[str, Edge] = {
    "accounts": pages,
    "businesses": businesses,
    "permissions": permissions,
}
BUSINESS_EDGES: dict[str, Edge] = {
    "owned_pages": owned_pages,
    "client_pages": client_pages,
    "instagram_accounts": business_accounts,
    "instagram_business_accounts": business_accounts,
    "owned_instagram_accounts": business_accounts,
    "owned_instagram_assets": owned_assets,
    "client_instagram_assets": client_assets,
}
