"""The two logins: dialog, codes, tokens and how they end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from instagram_sandbox.graph_api import ApiSettings

if TYPE_CHECKING:
    from .client import Client
    from .conftest import Serve

APP = {"client_id": "1234567890123456", "client_secret": "sandbox-app-secret"}
APP_TOKEN = "1234567890123456|sandbox-app-secret"
BACK = "https://app.example/back?from=meta"


def dialog(client: Client, path: str, **params: str) -> tuple[dict[str, str], str]:
    """Go through the dialog; give what came back, and the fragment."""
    asked = {"client_id": APP["client_id"], "redirect_uri": BACK, "state": "s t", **params}
    url = f"{client.server.url}/{path}"
    answer = requests.get(url, asked, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    target = urlsplit(answer.headers["Location"])
    found = {name: values[0] for name, values in parse_qs(target.query).items()}
    assert (found.pop("from"), found.pop("state")) == ("meta", "s t")
    return found, target.fragment


def login(client: Client, token: str) -> None:
    client.session.headers["Authorization"] = f"Bearer {token}"


def facebook_token(client: Client, **params: str) -> dict[str, Any]:
    code = dialog(client, "v25.0/dialog/oauth")[0]["code"]
    asked = {"redirect_uri": BACK, "code": code, **APP, **params}
    body: dict[str, Any] = client.get("oauth/access_token", **asked)
    return body


def test_facebook_codes_become_tokens_of_an_hour_and_then_of_sixty_days(serve: Serve) -> None:
    client = serve(posts=1)
    short = facebook_token(client)
    assert (short["token_type"], short["expires_in"]) == ("bearer", 3600)
    exchange = {"grant_type": "fb_exchange_token", "fb_exchange_token": short["access_token"]}
    long = client.get("oauth/access_token", **APP, **exchange)
    assert long["expires_in"] == 5_183_944
    login(client, long["access_token"])
    client.server.clock.advance(timedelta(days=59))
    assert len(client.get("me/accounts")["data"]) == 3
    login(client, short["access_token"])
    assert client.error("me")["error_subcode"] == 463
    assert client.error("oauth/access_token", **APP, **exchange)["error_subcode"] == 463


def test_facebook_codes_are_good_once_and_for_their_address(serve: Serve) -> None:
    client = serve(posts=1)
    code = dialog(client, "dialog/oauth")[0]["code"]
    asked = {"redirect_uri": BACK, "code": code, **APP}
    assert client.get("oauth/access_token", **asked)["access_token"]
    assert client.error("oauth/access_token", **asked)["error_subcode"] == 36009
    assert facebook_token(client, redirect_uri=f"{BACK}/")["error"]["error_subcode"] == 36008
    assert "client secret" in facebook_token(client, client_secret="?")["error"]["message"]
    code = dialog(client, "dialog/oauth")[0]["code"]
    client.server.clock.advance(timedelta(hours=1))
    late = {"redirect_uri": BACK, "code": code, **APP}
    assert client.error("oauth/access_token", **late)["error_subcode"] == 36007


def test_only_what_was_granted(serve: Serve) -> None:
    client = serve(posts=1)
    code = dialog(client, "dialog/oauth", scope="instagram_basic,pages_show_list")[0]["code"]
    token = client.get("oauth/access_token", redirect_uri=BACK, code=code, **APP)
    login(client, token["access_token"])
    granted = [part["permission"] for part in client.get("me/permissions")["data"]]
    assert granted == ["instagram_basic", "pages_show_list"]
    account = client.server.world.account_ids[0]
    assert client.error(f"{account}/insights", metric="reach", period="day")["code"] == 10


def test_the_app_is_removed(serve: Serve) -> None:
    client = serve(posts=1)
    url = f"{client.server.url}/v25.0/me/permissions"
    one = client.session.delete(f"{url}/instagram_manage_insights", timeout=5)
    assert one.json() == {"success": True}
    account = client.server.world.account_ids[0]
    assert client.error(f"{account}/insights", metric="reach", period="day")["code"] == 10
    assert client.session.delete(url, timeout=5).json() == {"success": True}
    assert client.error("me")["error_subcode"] == 458


def test_the_app_itself_removes_a_person(serve: Serve) -> None:
    client = serve(posts=1)
    person = client.get("me")["id"]
    page = client.get("me/accounts", fields="access_token")["data"][0]["access_token"]
    url = f"{client.server.url}/v25.0"
    for token, path in ((page, "me"), (page, person), (APP_TOKEN, "me")):
        headers = {"Authorization": f"Bearer {token}"}
        refused = requests.delete(f"{url}/{path}/permissions", headers=headers, timeout=5)
        assert refused.status_code == 400
    headers = {"Authorization": f"Bearer {APP_TOKEN}"}
    done = requests.delete(f"{url}/{person}/permissions", headers=headers, timeout=5)
    assert done.json() == {"success": True}
    assert client.error("me")["error_subcode"] == 458


@pytest.mark.parametrize(
    ("kind", "path"), [("facebook", "dialog/oauth"), ("instagram", "oauth/authorize")]
)
def test_the_person_says_no(serve: Serve, kind: str, path: str) -> None:
    client = serve(login=kind, server={"api_settings": ApiSettings(deny_login=True)})
    found, _ = dialog(client, path)
    assert found["error"] == "access_denied"
    assert found["error_reason"] == "user_denied"


def instagram_token(client: Client, **params: str) -> Any:
    found, fragment = dialog(client, "oauth/authorize")
    assert fragment == "_"
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, **found, **APP, **params}
    url = f"{client.server.url}/oauth/access_token"
    return requests.post(url, data=form, timeout=5).json()


@pytest.mark.parametrize("flat", [True, False])
def test_instagram_codes_answer_in_two_shapes(serve: Serve, *, flat: bool) -> None:
    settings = ApiSettings(flat_token_answer=flat, person=1)
    client = serve(login="instagram", posts=1, server={"api_settings": settings})
    body = instagram_token(client)
    token = body if flat else body["data"][0]
    assert token["permissions"].startswith("instagram_business_basic,")
    login(client, token["access_token"])
    me = client.get("me", fields="id,user_id")
    assert me == {"id": token["user_id"], "user_id": client.server.world.account_ids[1]}


def test_instagram_refuses_codes_in_its_own_shape(serve: Serve) -> None:
    client = serve(login="instagram", posts=1)
    for wrong in ({"code": "x"}, {"client_secret": "x"}, {"redirect_uri": "x"}):
        body = instagram_token(client, **wrong)
        assert (body["error_type"], body["code"]) == ("OAuthException", 400)
        assert body["error_message"]


def test_instagram_tokens_are_exchanged_and_refreshed(serve: Serve) -> None:
    client = serve(login="instagram", posts=1)
    clock = client.server.clock
    short = instagram_token(client)["data"][0]["access_token"]
    secret = {"client_secret": APP["client_secret"]}
    long = client.get("access_token", grant_type="ig_exchange_token", access_token=short, **secret)
    assert long["expires_in"] == 5_183_944
    refresh = {"grant_type": "ig_refresh_token", "access_token": long["access_token"]}
    assert "24 hours" in client.error("refresh_access_token", **refresh)["message"]
    clock.advance(timedelta(days=50))
    fresh = client.get("refresh_access_token", **refresh)
    clock.advance(timedelta(days=50))
    login(client, fresh["access_token"])
    assert client.get("me", fields="username")["username"]
    assert client.error("refresh_access_token", **refresh)["error_subcode"] == 463


def test_a_token_from_the_dashboard_is_long_already(serve: Serve) -> None:
    client = serve(login="instagram", posts=1)
    exchange = {
        "grant_type": "ig_exchange_token",
        "client_secret": APP["client_secret"],
        "access_token": "sandbox-token",
    }
    assert "Session key invalid" in client.error("access_token", **exchange)["message"]
    refresh = {"grant_type": "ig_refresh_token", "access_token": "sandbox-token"}
    assert client.get("refresh_access_token", **refresh)["access_token"].startswith("IGAA")
