"""The doctor reads encrypted settings and vaults like a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import WorldSettings
from tests.tokens.command import APP, command, complaint, environment
from tests.tokens.records import new_record, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Vault

TOKEN, SECRET = "sandbox-token", APP["APP_SECRET"]


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    return serve(WorldSettings(accounts=2, posts=4, days=3))


def diagnosis(env: dict[str, str], code: int = 0) -> dict[str, Any]:
    run = command("doctor", "--json", env=env)
    assert run.returncode == code, run.stderr
    assert TOKEN not in run.stdout + run.stderr
    assert SECRET not in run.stdout + run.stderr
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen


def test_the_doctor_decrypts_settings(server: GraphApiServer, keys: KeyRing) -> None:
    env = environment(
        server,
        ACCESS_TOKEN=keys.encrypt(TOKEN, "access_token"),
        APP_ID=APP["APP_ID"],
        APP_SECRET=keys.encrypt(SECRET, "app_secret"),
    )
    seen = diagnosis(env)
    assert (seen["ok"], seen["is_token_known"], seen["owner_kind"]) == (True, True, "user")
    assert len(seen["accounts"]) == 2


def test_the_doctor_reads_a_vault(server: GraphApiServer, keys: KeyRing, vault: Vault) -> None:
    pages = {page.account.id: page for page in server.world.pages if page.account}
    for account_id, page in pages.items():
        put(vault, keys, new_record(account_id, page.access_token))
    env = environment(server, VAULT_PATH=vault.location)
    seen = diagnosis(env)
    assert seen["ok"]
    assert seen["owner_kind"] == "each account's own, in the vault"
    assert {account["id"] for account in seen["accounts"]} == set(pages)
    dead = next(iter(pages.values()))
    server.api.tokens.end(dead.access_token, 458)
    problem = diagnosis(env, code=1)["problems"][0]
    assert "190/458" in problem
    assert "tap-instagram-business connect" in problem


def test_the_doctor_needs_the_key(server: GraphApiServer, keys: KeyRing) -> None:
    env = environment(server, ACCESS_TOKEN=keys.encrypt(TOKEN, "access_token"), ENCRYPTION_KEY="")
    assert "There is no encryption key" in complaint(command("doctor", env=env))
