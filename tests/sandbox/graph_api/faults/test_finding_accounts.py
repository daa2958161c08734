"""Lists of Pages and accounts that a client does not expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, Fault
from instagram_sandbox.graph_api.settings import FACEBOOK_SCOPES

if TYPE_CHECKING:
    from tests.sandbox.graph_api.client import Client
    from tests.sandbox.graph_api.conftest import Serve

PORTFOLIO = (*FACEBOOK_SCOPES, "business_management")


def portfolio(serve: Serve, *faults: Fault | str, **world: Any) -> Client:
    """A reader whose token may read the business portfolio."""
    settings = ApiSettings(scopes=PORTFOLIO, faults=faults)
    return serve(server={"api_settings": settings}, **world)


def test_one_unreadable_account_fails_the_nested_list_of_pages(serve: Serve) -> None:
    client = serve(accounts=3, posts=1)
    client.server.faults.add(Fault("unreadable_page", accounts=(1,)))
    nested = "id,instagram_business_account{id,username}"
    assert client.error("me/accounts", fields=nested)["code"] == 10
    pages = client.get("me/accounts", fields="id,instagram_business_account{id}")["data"]
    ids = [page["instagram_business_account"]["id"] for page in pages[:3]]
    assert ids == client.server.world.account_ids
    answers = [client.get(each, fields="id,username") for each in ids]
    assert ["error" in answer for answer in answers] == [False, True, False]


def test_a_portfolio_gives_older_ids(serve: Serve) -> None:
    client = portfolio(serve, Fault("older_account_ids", accounts=(1,)), accounts=3, posts=2)
    world = client.server.world
    path = f"{world.business.id}/instagram_business_accounts"
    ids = [item["id"] for item in client.get(path, fields="id,username")["data"]]
    older = world.account(world.account_ids[1]).legacy_user_id
    assert ids == [world.account_ids[0], older, world.account_ids[2]]
    assert client.get(older, fields="id,username")["id"] == world.account_ids[1]
    assert (
        client.get(f"{older}/media")["data"] == client.get(f"{world.account_ids[1]}/media")["data"]
    )
    client.server.faults.clear()
    assert client.error(older)["error_subcode"] == 33
    assert [item["id"] for item in client.get(path)["data"]] == world.account_ids


@pytest.mark.parametrize("accounts", [None, (1,)])
def test_pages_of_a_portfolio_are_left_out_silently(
    serve: Serve, accounts: tuple[int, ...] | None
) -> None:
    order = Fault("silent_pages", accounts=accounts)
    client = serve(accounts=2, posts=1, server={"api_settings": ApiSettings(faults=(order,))})
    pages = client.server.world.pages
    expected = [] if accounts is None else [pages[0].id, pages[2].id]
    assert [page["id"] for page in client.get("me/accounts")["data"]] == expected
    allowed = portfolio(serve, order, accounts=2, posts=1)
    assert len(allowed.get("me/accounts")["data"]) == 3


def test_an_unlinked_account_is_gone_from_all_lists(serve: Serve) -> None:
    order = Fault("lost_account", accounts=(0,))
    client = portfolio(serve, order, accounts=2, posts=1)
    world = client.server.world
    gone, other = world.account_ids
    fields = "id,instagram_business_account{id},connected_instagram_account"
    first, second, _ = client.get("me/accounts", fields=fields)["data"]
    assert first == {"id": world.pages[0].id}
    assert second["instagram_business_account"]["id"] == other
    business = world.business.id
    edges = ("instagram_business_accounts", "owned_instagram_assets")
    found = [
        [item.get("ig_user_id", item["id"]) for item in client.get(path, fields=names)["data"]]
        for path, names in zip(
            (f"{business}/{edge}" for edge in edges), ("id", "ig_user_id"), strict=True
        )
    ]
    assert found == [[other], [other]]
    assert client.error(gone)["error_subcode"] == 33


def test_a_personal_account_of_the_instagram_login(serve: Serve) -> None:
    client = serve(login="instagram", posts=1)
    assert client.get("me", fields="user_id")["user_id"]
    client.server.faults.add(Fault("lost_account", accounts=(0,)))
    assert client.error("me", fields="user_id")["code"] == 100


def test_an_account_that_lost_its_insights_is_still_listed(serve: Serve) -> None:
    client = serve(posts=2)
    client.server.faults.add(Fault("lost_account", form="insights", accounts=(0,)))
    world = client.server.world
    lost, other = world.account_ids
    asked = {"metric": "reach", "period": "day"}
    assert client.error(f"{lost}/insights", **asked)["code"] == 10
    assert client.get(f"{other}/insights", **asked)["data"]
    media = client.get(f"{lost}/media")["data"][0]["id"]
    assert client.error(f"{media}/insights", metric="reach")["code"] == 10
