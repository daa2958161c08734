"""Finding accounts, and reading them and other nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Client
    from .conftest import Serve


def test_pages_with_their_accounts_and_one_without(shared: Client) -> None:
    fields = "id,name,access_token,instagram_business_account{id,username,followers_count}"
    pages = shared.get("me/accounts", fields=fields)["data"]
    world, now = shared.server.world, shared.server.clock.now()
    expected = [
        {name: account[name] for name in ("id", "username", "followers_count")}
        for account in world.accounts(now)
    ]
    found = [page["instagram_business_account"] for page in pages[:-1]]
    assert found == expected
    assert "instagram_business_account" not in pages[-1]
    assert all(page["access_token"].startswith("EAA") for page in pages)


def test_what_does_not_exist(shared: Client) -> None:
    error = shared.error("17841400000000000")
    assert (error["code"], error["error_subcode"]) == (100, 33)
    assert shared.response.status_code == 400
    assert shared.error("nobody")["code"] == 803


def test_a_field_that_does_not_exist(shared: Client) -> None:
    error = shared.error(shared.server.world.account_ids[0], fields="id,shoe_size")
    assert error["code"] == 100
    assert "Tried accessing nonexisting field (shoe_size)" in error["message"]


def test_a_shopping_field_fails_the_whole_node(shared: Client) -> None:
    account = shared.server.world.account_ids[0]
    assert shared.error(account, fields="id,shopping_product_tag_eligibility")["code"] == 10


@pytest.mark.parametrize(
    "fields", ["id{", "id\nname", "id,media{id", "a..b", "media.limit(2", "{id}"]
)
def test_a_field_list_that_makes_no_sense(shared: Client, fields: str) -> None:
    assert shared.error(shared.server.world.account_ids[0], fields=fields)["code"] == 2500


def test_versions(shared: Client) -> None:
    account = shared.server.world.account_ids[0]
    for version in ("v21.0/", "v26.0/", "v27.0/", "v19.0/", ""):
        url = f"{shared.server.url}/{version}{account}"
        assert shared.session.get(url, timeout=5).json() == {"id": account}
    assert shared.session.get(f"{shared.server.url}/v28.0/{account}", timeout=5).status_code == 400


def test_a_version_that_does_not_exist_yet(serve: Serve) -> None:
    client = serve(posts=1)
    client.server.api.newest_version = 24.0
    assert client.error("me")["message"] == "Unknown path components: /v25.0"


def test_the_instagram_login_shows_one_account_a_token(serve: Serve) -> None:
    client = serve(login="instagram")
    world = client.server.world
    me = client.get("me", fields="id,user_id,username,account_type")
    assert me["user_id"] == world.account_ids[0]
    assert me["id"] != me["user_id"]
    assert client.error(world.account_ids[1])["error_subcode"] == 33
    assert "nonexisting" in client.error("me", fields="ig_id")["message"]
    client.session.headers["Authorization"] = "Bearer sandbox-token-2"
    assert client.get("me", fields="user_id")["user_id"] == world.account_ids[1]


def test_the_instagram_login_has_fewer_media_fields(serve: Serve) -> None:
    client = serve(login="instagram")
    world, now = client.server.world, client.server.clock.now()
    account = world.account_ids[0]
    assert "nonexisting" in client.error(f"{account}/media", fields="shares_count")["message"]
    assert client.get(f"{account}/media", fields="view_count", limit=1)["data"][0].keys() == {"id"}
    assert "total_like_count" not in world.media(account, now)[0]
