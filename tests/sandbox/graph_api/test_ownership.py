"""Who has which Page and account: portfolios, system users, tasks, and what was ticked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings
from instagram_sandbox.graph_api.settings import FACEBOOK_SCOPES

if TYPE_CHECKING:
    from .client import Client
    from .conftest import Serve

PORTFOLIO = {"api_settings": ApiSettings(scopes=(*FACEBOOK_SCOPES, "business_management"))}
SYSTEM_USER = {"api_settings": ApiSettings(token_kind="system_user")}


def ids(client: Client, path: str, key: str = "id", **params: Any) -> list[str]:
    return [item[key] for item in client.get(path, **params)["data"]]


def test_pages_of_clients_and_accounts_without_a_page_are_the_portfolios(serve: Serve) -> None:
    client = serve(server=PORTFOLIO, accounts=3, client_pages=(1,), pageless_accounts=(2,))
    world = client.server.world
    (business,) = ids(client, "me/businesses")
    own, clients, without = world.account_ids
    assert [page.account and page.account.id for page in world.pages] == [own, clients, None]
    assert ids(client, "me/accounts") == [world.pages[0].id, world.pages[2].id]
    assert ids(client, f"{business}/owned_pages") == [world.pages[0].id, world.pages[2].id]
    assert ids(client, f"{business}/client_pages") == [world.pages[1].id]
    assert ids(client, f"{business}/instagram_business_accounts") == world.account_ids
    fields = {"fields": "ig_user_id,ig_username"}
    owned = ids(client, f"{business}/owned_instagram_assets", "ig_user_id", **fields)
    assert owned == [own, without]
    assert ids(client, f"{business}/client_instagram_assets", "ig_user_id", **fields) == [clients]
    assert client.get(without, fields="username")["username"] == world.account(without).username


@pytest.mark.parametrize("path", ["me/businesses", "900000000000001/owned_pages"])
def test_a_portfolio_needs_a_permission_of_its_own(shared: Client, path: str) -> None:
    assert shared.error(path)["code"] == 200
    assert shared.response.status_code == 403


def test_what_is_assigned_to_a_system_user(serve: Serve) -> None:
    client = serve(server=SYSTEM_USER, accounts=2, pageless_accounts=(1,))
    world = client.server.world
    assert client.get("me")["name"] == "Sandbox System User"
    assert ids(client, "me/assigned_pages") == [page.id for page in world.pages]
    assert ids(client, "me/assigned_instagram_accounts") == world.account_ids
    described = client.get("debug_token", input_token="sandbox-token")["data"]
    assert (described["type"], described["user_id"]) == ("SYSTEM_USER", client.get("me")["id"])


def test_nothing_is_assigned_to_a_person(shared: Client) -> None:
    assert "nonexisting field" in shared.error("me/assigned_instagram_accounts")["message"]


def test_without_the_task_analyze_an_account_is_found_but_not_read(serve: Serve) -> None:
    client = serve(taskless_pages=(0,))
    fields = "tasks,instagram_business_account{id,username}"
    page = client.get("me/accounts", fields=fields)["data"][0]
    lost = page["instagram_business_account"]["id"]
    assert page["tasks"] == ["CREATE_CONTENT", "MODERATE"]
    assert client.error(lost)["code"] == 10
    client.session.headers["Authorization"] = f"Bearer {client.server.world.pages[0].access_token}"
    assert client.get(lost)["id"] == lost


def test_what_was_not_ticked_is_not_there(serve: Serve) -> None:
    client = serve(server={"api_settings": ApiSettings(granted_accounts=(1,))})
    world = client.server.world
    first, second = world.account_ids
    assert ids(client, "me/accounts") == [world.pages[1].id]
    assert client.error(first)["error_subcode"] == 33
    data = client.get("debug_token", input_token="sandbox-token")["data"]
    targets = {part["scope"]: part["target_ids"] for part in data["granular_scopes"]}
    assert targets["instagram_basic"] == [second]
    assert targets["pages_show_list"] == [world.pages[1].id]
