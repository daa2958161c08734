"""The edges that say what is whose: a person's or system user's Pages, a business's accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.api.edges import page
from instagram_sandbox.graph_api.api.tokens import PORTFOLIO
from instagram_sandbox.graph_api.world.accounts import Account, Asset, Business, Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instagram_sandbox.graph_api.api.reading import Edge, Reading, User

PAGE_DEFAULT = "access_token,category,name,id,tasks"


def pages(reading: Reading, _user: User) -> dict[str, Any]:
    """Answer /me/accounts and, for a system user, /me/assigned_pages.

    Graph API reference: User accounts. Pages that a portfolio has as a client's are not listed.
    """
    return page(reading, _seen_pages(reading, reading.world.business.pages), PAGE_DEFAULT)


def accounts(reading: Reading, _user: User) -> dict[str, Any]:
    """Answer /me/assigned_instagram_accounts: with a Page or without."""
    return page(reading, _seen(reading, _all_accounts(reading.world.business)), "id")


def permissions(reading: Reading, _user: User) -> dict[str, Any]:
    """Answer /me/permissions."""
    scopes = reading.token.scopes
    return {"data": [{"permission": scope, "status": "granted"} for scope in scopes]}


def businesses(reading: Reading, _user: User) -> dict[str, Any]:
    """Answer /me/businesses. Graph API reference: User businesses."""
    reading.token.need(PORTFOLIO)
    return page(reading, [reading.world.business], "id,name")


def owned_pages(reading: Reading, business: Business) -> dict[str, Any]:
    """Answer /{business}/owned_pages."""
    reading.token.need(PORTFOLIO)
    return page(reading, _seen_pages(reading, business.pages), PAGE_DEFAULT)


def client_pages(reading: Reading, business: Business) -> dict[str, Any]:
    """Answer /{business}/client_pages."""
    reading.token.need(PORTFOLIO)
    return page(reading, _seen_pages(reading, business.client_pages), PAGE_DEFAULT)


def business_accounts(reading: Reading, business: Business) -> dict[str, Any]:
    """Answer /{business}/instagram_business_accounts, and its older likes."""
    reading.token.need(PORTFOLIO)
    return page(reading, _all_accounts(business), "id")


def owned_assets(reading: Reading, business: Business) -> dict[str, Any]:
    """Answer /{business}/owned_instagram_assets."""
    reading.token.need(PORTFOLIO)
    return page(reading, _assets([*_with_page(business.pages), *business.pageless]), "id")


def client_assets(reading: Reading, business: Business) -> dict[str, Any]:
    """Answer /{business}/client_instagram_assets."""
    reading.token.need(PORTFOLIO)
    return page(reading, _assets(_with_page(business.client_pages)), "id")


def _seen_pages(reading: Reading, listed: Iterable[Page]) -> list[Page]:
    return [item for item in listed if reading.token.lists(item)]


def _seen(reading: Reading, listed: Iterable[Account]) -> list[Account]:
    return [account for account in listed if reading.token.sees(account)]


def _with_page(listed: Iterable[Page]) -> list[Account]:
    return [item.account for item in listed if item.account is not None]


def _all_accounts(business: Business) -> list[Account]:
    with_page = _with_page([*business.pages, *business.client_pages])
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
