"""Tokens, permissions and signatures."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

import requests

from instagram_sandbox.graph_api import ApiSettings

if TYPE_CHECKING:
    from .client import Client
    from .conftest import Serve

PROOF = hmac.new(b"sandbox-app-secret", b"sandbox-token", hashlib.sha256).hexdigest()


def test_a_token_as_parameter_comes_back_in_the_next_link(shared: Client) -> None:
    account = shared.server.world.account_ids[0]
    url = f"{shared.server.url}/v25.0/{account}/media"
    body = requests.get(f"{url}?access_token=sandbox-token&limit=1", timeout=5).json()
    assert "access_token=sandbox-token" in body["paging"]["next"]
    assert list(shared.server.requests)[-1].token_in_url
    assert "access_token" not in list(shared.server.requests)[-1].params
    assert "sandbox-token" not in shared.get(f"{account}/media", limit=1)["paging"]["next"]


def test_no_token_and_an_unknown_one(shared: Client) -> None:
    url = f"{shared.server.url}/v25.0/me"
    assert requests.get(url, timeout=5).json()["error"]["code"] == 2500
    unknown = requests.get(url, headers={"Authorization": "Bearer nonsense"}, timeout=5)
    assert unknown.json()["error"]["code"] == 190
    assert "WWW-Authenticate" in unknown.headers


def test_a_token_expires(serve: Serve) -> None:
    client = serve(server={"api_settings": ApiSettings(token_expires_in=3600)})
    assert client.get("me")["id"]
    assert client.get("debug_token", input_token="sandbox-token")["data"]["is_valid"]
    client.server.clock.advance(timedelta(hours=1))
    error = client.error("me")
    assert (error["code"], error["error_subcode"]) == (190, 463)


def test_a_token_ends_early(serve: Serve) -> None:
    client = serve()
    page_token = client.server.world.pages[0].access_token
    client.server.api.tokens.end("sandbox-token", 460)
    assert client.error("me")["error_subcode"] == 460
    client.session.headers["Authorization"] = f"Bearer {page_token}"
    described = client.get("debug_token", input_token="sandbox-token")
    assert client.response.status_code == 200
    assert described["data"]["is_valid"] is False
    assert described["data"]["error"]["subcode"] == 460


def test_debug_token_names_what_may_be_read(shared: Client) -> None:
    data = shared.get("debug_token", input_token="sandbox-token")["data"]
    targets = {part["scope"]: part["target_ids"] for part in data["granular_scopes"]}
    assert targets["instagram_basic"] == shared.server.world.account_ids
    assert (data["type"], data["expires_at"], data["is_valid"]) == ("USER", 0, True)


def test_proofs_are_checked_when_given(shared: Client) -> None:
    assert shared.get("me", appsecret_proof=PROOF)["id"]
    message = shared.error("me", appsecret_proof="0" * 64)["message"]
    assert "Invalid appsecret_proof provided in the API argument" in message


def test_proofs_can_be_required(serve: Serve) -> None:
    client = serve(server={"api_settings": ApiSettings(require_proof=True)})
    assert "appsecret_proof" in client.error("me")["message"]
    assert client.get("me", appsecret_proof=PROOF)["id"]
    answers = client.batch("v25.0/me", appsecret_proof=PROOF)
    assert [answer["code"] for answer in answers] == [200]
    assert client.batch("v25.0/me")["error"]["code"] == 100


def test_the_proof_of_a_batch_is_not_that_of_an_operation_with_its_own_token(
    shared: Client,
) -> None:
    token = shared.server.world.pages[1].access_token
    own_proof = hmac.new(b"sandbox-app-secret", token.encode(), hashlib.sha256).hexdigest()
    with_token = f"v25.0/me?fields=id&access_token={token}"
    answers = shared.batch(
        with_token,
        f"{with_token}&appsecret_proof={own_proof}",
        f"{with_token}&appsecret_proof={PROOF}",
        appsecret_proof=PROOF,
    )
    assert [answer["code"] for answer in answers] == [200, 200, 400]


def test_without_the_insights_permission_even_invented_metrics_are_refused(serve: Serve) -> None:
    scopes = ("instagram_basic", "pages_show_list")
    client = serve(server={"api_settings": ApiSettings(scopes=scopes)})
    account = client.server.world.account_ids[0]
    media = client.get(f"{account}/media", fields="id,shares_count", limit=1)["data"][0]
    assert client.error(f"{account}/insights", metric="nonsense", period="day")["code"] == 10
    assert client.error(f"{media['id']}/insights", metric="reach")["code"] == 10
    assert client.error(f"{media['id']}/comments")["code"] == 10
