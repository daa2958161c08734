"""Which accounts a token finds by itself, what that costs, and why others are not read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from instagram_sandbox.graph_api.settings import FACEBOOK_SCOPES
from tap_instagram_business.graph.accounts import NoAccount, TokenAccounts
from tap_instagram_business.graph.api import ApiConfig
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.graph.discovery import discover_accounts
from tap_instagram_business.graph.errors import GraphError
from tests.tap_run import run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

    Serve = Callable[..., GraphApiServer]

MANAGER = ApiSettings(scopes=(*FACEBOOK_SCOPES, "business_management"))
SYSTEM_USER = ApiSettings(token_kind="system_user")
NOT_LINKED = "no professional account is linked to it, or the token was not granted that account"


def world(**settings: Any) -> WorldSettings:
    return WorldSettings(accounts=3, posts=1, days=1, **settings)


def find(server: GraphApiServer, *account_ids: str, token: str = "sandbox-token") -> TokenAccounts:
    login = server.world.settings.login
    session = GraphClient(ApiConfig(api_url=server.url, login=login))
    fields = ["id", "username", "followers_count"]
    try:
        return discover_accounts(session, token, account_ids=account_ids, fields=fields)
    finally:
        session.close()


def ids(found: TokenAccounts) -> list[str]:
    return [account.id for account in found.accounts]


def why(found: TokenAccounts) -> list[str]:
    return [item.text for item in found.missing]


def test_pages_and_permissions_come_in_one_call(serve: Serve) -> None:
    server = serve(world())
    found = find(server)
    assert ids(found) == server.world.account_ids
    assert [account.page["id"] for account in found.accounts] == [
        page.id for page in server.world.pages[:3]
    ]
    assert found.owner == {"id": "5550000000000001", "name": "Sandbox Person"}
    assert found.permissions == frozenset(FACEBOOK_SCOPES)
    assert why(found) == [
        f"Page A Page without Instagram ({server.world.pages[3].id}): {NOT_LINKED}"
    ]
    assert server.calls == 1


def test_many_pages_are_paged_through(serve: Serve) -> None:
    server = serve(WorldSettings(accounts=5, posts=1), api_settings=ApiSettings(page_cap=2))
    assert ids(find(server)) == server.world.account_ids
    assert server.calls == 3


def test_portfolios_are_searched_where_that_is_granted(serve: Serve) -> None:
    server = serve(world(client_pages=(0,), pageless_accounts=(2,)), api_settings=MANAGER)
    clients, own, pageless = server.world.account_ids
    found = find(server)
    assert ids(found) == [own, clients, pageless]
    assert [account.page.get("name") for account in found.accounts] == [
        server.world.account(own).name,
        server.world.account(clients).name,
        None,
    ]
    assert {account.node["username"] for account in found.accounts} == {
        account["username"] for account in server.world.accounts(server.clock.now())
    }
    assert (server.calls, server.http_requests) == (1 + 3 + 7 + 1, 4)


def test_what_is_found_twice_comes_once(serve: Serve) -> None:
    server = serve(world(), api_settings=MANAGER)
    assert ids(find(server)) == server.world.account_ids


def test_a_person_without_pages_is_asked_for_what_is_assigned(serve: Serve) -> None:
    server = serve(world(pageless_accounts=(0, 1, 2)), api_settings=SYSTEM_USER)
    found = find(server)
    assert ids(found) == server.world.account_ids
    assert found.owner["name"] == "Sandbox System User"
    assert (server.calls, server.http_requests) == (1 + 2 + 3, 3)


def test_edges_that_are_not_for_the_token_are_passed_over(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(world(pageless_accounts=(2,)), api_settings=MANAGER)
    server.faults.add(Fault("error", match="client_pages", times=None, code=3, message="(#3) No"))
    server.faults.add(Fault("permission", match="owned_instagram_assets", times=None))
    with caplog.at_level("INFO"):
        assert ids(find(server)) == server.world.account_ids
    said = [(r.levelname, r.getMessage()) for r in caplog.records]
    assert {level for level, _ in said} == {"INFO"}
    assert (
        "INFO",
        (
            "Skipped, because this token has no access: 900000000000001/client_pages (Meta's error "
            "3: (#3) No)."
        ),
    ) in said


def test_a_list_that_fails_is_no_empty_list(serve: Serve) -> None:
    server = serve(world(), api_settings=MANAGER)
    server.faults.add(Fault("service_error", match="owned_pages", times=None))
    with pytest.raises(GraphError, match="unexpected error"):
        find(server)


@pytest.mark.parametrize("kind", ["too_much_data", "permission", "unknown_error"])
def test_pages_are_asked_for_alone_where_all_in_one_is_refused(serve: Serve, kind: Any) -> None:
    server = serve(world())
    server.faults.add(Fault(kind, match=r"/me\?", times=None))
    found = find(server)
    assert ids(found) == server.world.account_ids
    assert found.permissions is None


def test_only_granted_permissions_count(serve: Serve) -> None:
    server = serve(world())
    statuses = {"instagram_basic": "granted", "business_management": "declined", "ads": "expired"}
    told = [{"permission": name, "status": status} for name, status in statuses.items()]
    account = server.world.account_ids[0]
    page = {"id": "777", "instagram_business_account": {"id": account, "username": "ann"}}
    body = {"id": "555", "accounts": {"data": [page]}, "permissions": {"data": told}}
    server.faults.add(Fault("raw", status=200, body=json.dumps(body), match=r"/me\?"))
    found = find(server)
    assert ids(found) == [account]
    assert found.permissions == frozenset({"instagram_basic"})
    assert server.calls == 1, "no portfolio is searched"


def test_portfolios_are_searched_where_meta_does_not_tell_permissions(serve: Serve) -> None:
    server = serve(world(pageless_accounts=(2,)), api_settings=MANAGER)
    server.faults.add(Fault("permission", match=r"/me\?", times=None))
    found = find(server)
    assert found.permissions is None
    assert ids(found) == server.world.account_ids


def test_too_many_pages_at_once_are_asked_for_in_parts(serve: Serve) -> None:
    server = serve(world())
    server.faults.add(Fault("too_much_data", match=r"/me\?|limit=(100|50)\b", times=None))
    assert ids(find(server)) == server.world.account_ids


def test_an_account_in_the_portfolio_that_may_not_be_read(serve: Serve) -> None:
    server = serve(world(pageless_accounts=(1,)), api_settings=MANAGER)
    lost = server.world.account_ids[1]
    server.world.lost_accounts[lost] = "permission"
    found = find(server)
    assert ids(found) == [server.world.account_ids[0], server.world.account_ids[2]]
    assert (
        f"account {lost} ({server.world.account(lost).username}): the token's owner has it, but "
        "may not read it (Meta's error 10: (#10) Application does not have permission for this "
        "action)"
    ) in why(found)


def test_an_account_that_meta_fails_to_give_is_not_left_out_in_silence(serve: Serve) -> None:
    server = serve(world(pageless_accounts=(1,)), api_settings=MANAGER)
    lost = server.world.account_ids[1]
    server.faults.add(Fault("unknown_error", match=rf"/{lost}\?", times=None))
    run = run_tap(server, strict=False)
    assert f"{lost} in accounts: Meta's error 1:" in str(run.error)
    assert {key for (key,) in run.table("accounts")} == set(server.world.account_ids) - {lost}


@pytest.mark.parametrize("named", [False, True])
def test_an_account_that_may_be_asked_no_more_today_is_no_failure(
    serve: Serve, caplog: pytest.LogCaptureFixture, *, named: bool
) -> None:
    server = serve(world(pageless_accounts=(1,)), api_settings=MANAGER)
    lost = server.world.account_ids[1]
    server.faults.add(Fault("throttle", match=rf"/{lost}\?", times=None))
    wanted = server.world.account_ids if named else []
    run = run_tap(server, on_rate_limit="stop", account_ids=wanted)
    assert {key for (key,) in run.table("accounts")} == set(server.world.account_ids) - {lost}
    assert (
        f"Account {lost} is postponed to the next run: Meta's rate limit is used up" in caplog.text
    )
    assert len(server.faults.history) == 1


def test_a_page_without_the_task_says_so(serve: Serve) -> None:
    server = serve(world())
    message = {"data": [{"id": "1", "name": "A", "tasks": ["MODERATE"]}]}
    body = f'{{"id": "5", "name": "P", "accounts": {message}}}'.replace("'", '"')
    server.faults.add(Fault("raw", match=r"/me\?", status=200, body=body))
    with pytest.raises(NoAccount, match="lacks the task ANALYZE on it"):
        find(server)


def test_a_page_whose_account_has_no_id_is_told_as_a_warning(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(world())
    pages = [
        {"id": "1", "name": "A", "instagram_business_account": {"ig": server.world.account_ids[0]}},
        {"id": "2", "name": "B", "instagram_business_account": {"id": server.world.account_ids[1]}},
    ]
    body = json.dumps({"id": "5", "name": "P", "accounts": {"data": pages}})
    server.faults.add(Fault("raw", match=r"/me\?", status=200, body=body))
    found = find(server)
    assert ids(found) == server.world.account_ids[1:2]
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "Not read: Page A (1): Meta gave no id for the account that is linked to it."
    ]


@pytest.mark.parametrize("page_cap", [100, 1])
def test_what_is_no_page_in_a_list_of_pages_is_told_as_a_warning(
    serve: Serve, caplog: pytest.LogCaptureFixture, page_cap: int
) -> None:
    order = Fault("broken_item", form="null_item", match=r"/me[/?]", accounts=(1,))
    server = serve(world(), api_settings=ApiSettings(faults=(order,), page_cap=page_cap))
    found = find(server)
    assert ids(found) == [server.world.account_ids[0], server.world.account_ids[2]]
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "Not read: something in the list me/accounts: Meta gave no object for it."
    ]


def test_a_page_token_is_its_page(serve: Serve) -> None:
    server = serve(world(), api_settings=ApiSettings(token_kind="page"))
    found = find(server)
    assert ids(found) == server.world.account_ids[:1]
    assert found.owner == {"id": server.world.pages[0].id, "name": server.world.pages[0].name}
    assert server.calls == 2


def test_a_page_token_whose_page_has_no_instagram(serve: Serve) -> None:
    server = serve(world())
    page = server.world.pages[3]
    with pytest.raises(NoAccount, match=rf"seen: Page {page.name} \({page.id}\): no professional"):
        find(server, token=page.access_token)


def test_only_what_was_ticked_is_found(serve: Serve) -> None:
    server = serve(world(), api_settings=ApiSettings(granted_accounts=(1,)))
    assert ids(find(server)) == server.world.account_ids[1:2]


def test_ids_alone_need_no_page(serve: Serve) -> None:
    server = serve(world(pageless_accounts=(0,)), api_settings=ApiSettings(scopes=FACEBOOK_SCOPES))
    wanted = [server.world.account_ids[2], server.world.account_ids[0]]
    assert ids(find(server, *wanted)) == wanted
    assert not any("accounts" in request.path for request in server.requests)


def test_the_instagram_login_is_its_account(serve: Serve) -> None:
    server = serve(world(login="instagram"))
    assert ids(find(server)) == server.world.account_ids[:1]
    assert server.calls == 1


@pytest.mark.parametrize("gone", [None, 0, "unexpected", []])
def test_an_id_of_the_app_never_stands_in_for_that_of_the_account(
    serve: Serve, gone: object
) -> None:
    server = serve(WorldSettings(accounts=1, posts=1, days=1, login="instagram"))
    body = json.dumps({"user_id": gone, "id": "25900000000000001", "username": "someone"})
    server.faults.add(Fault("raw", match=r"/me\?", status=200, body=body, times=None))
    with pytest.raises(NoAccount, match="gave no user_id for the access token"):
        find(server)


def test_a_sync_reads_all_that_is_found(serve: Serve) -> None:
    server = serve(world(client_pages=(0,), pageless_accounts=(2,)), api_settings=MANAGER)
    run = run_tap(server)
    assert {key for (key,) in run.table("accounts")} == set(server.world.account_ids)
    assert {row["page_id"] for row in run.table("accounts").values()} == {
        None,
        *(page.id for page in server.world.pages[:2]),
    }
