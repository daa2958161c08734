"""The accounts in the vault are listed without their tokens, and are disconnected."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.tokens.oauth import App
from tests.tokens.command import APP, command, complaint, environment, output
from tests.tokens.records import OBTAINED, new_record, put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Record, Vault

WORLD = WorldSettings(accounts=2, posts=1, days=2)
FIRST, SECOND, THIRD = "17841400000000001", "17841400000000002", "17841400000000003"


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    return serve(WORLD)


@pytest.fixture
def env(server: GraphApiServer, vault: Vault, keys: KeyRing, record: Record) -> dict[str, str]:
    """Two accounts that one person connected, and one of another person and the other login."""
    third = new_record(THIRD, "IGAAthird", login="instagram", user_id="2590001")
    first = replace(record, expires=OBTAINED, status="refused")
    put(vault, keys, first, new_record(SECOND, "EAAsecond"), third)
    return environment(server, VAULT_PATH=vault.location, **APP)


def test_accounts_are_listed_with_their_dates_and_status(
    env: dict[str, str], vault: Vault, keys: KeyRing
) -> None:
    lines = output(command("list-accounts", env=env)).splitlines()
    assert lines[0].split()[:3] == ["account", "login", "status"]
    listed = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert listed[FIRST] == [
        *("facebook", "refused", "2026-11-01", "-", "2026-11-01", "-", keys.ids[0])
    ]
    assert set(listed) == {FIRST, SECOND, THIRD}
    text = "\n".join(lines)
    stored = vault.read_unverified().values()
    assert not [members["token"] for members in stored if str(members["token"]) in text]


def test_accounts_are_listed_without_an_encryption_key(env: dict[str, str]) -> None:
    keyless = {name: value for name, value in env.items() if "ENCRYPTION_KEY" not in name}
    printed = output(command("list-accounts", "--json", env=keyless))
    rows = [json.loads(line) for line in printed.splitlines()]
    assert [row["account"] for row in rows] == [FIRST, SECOND, THIRD]
    assert {row["verified"] for row in rows} == {False}
    shown = command("list-accounts", env=keyless)
    assert "Not verified" in shown.stderr
    assert output(shown).count("\n") == 4


def test_a_missing_vault_path_is_reported() -> None:
    assert "VAULT_PATH" in complaint(command("list-accounts"))


def test_the_vault_may_be_named_in_a_config_file_or_an_option(
    env: dict[str, str], vault: Vault, tmp_path: Path
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"vault_path": vault.location}))
    bare = environment()
    assert FIRST in output(command("--config", str(config), "list-accounts", env=bare))
    assert FIRST in output(command("list-accounts", "--vault", vault.location, env=bare))
    assert env


def test_consent_for_no_other_account_is_revoked(
    server: GraphApiServer, env: dict[str, str], vault: Vault
) -> None:
    text = output(command("disconnect", FIRST, SECOND, "--yes", env=env))
    assert "was revoked at Meta" in text
    assert set(vault.account_ids()) == {THIRD}
    token = server.api.tokens.get("sandbox-token")
    assert token
    assert token.ended == 458


def test_a_revocation_names_the_configured_user_agent(
    server: GraphApiServer, env: dict[str, str]
) -> None:
    env["TAP_INSTAGRAM_BUSINESS_USER_AGENT"] = "acme-reports/2"
    output(command("disconnect", FIRST, SECOND, "--yes", env=env))
    assert [(request.method, request.user_agent) for request in server.requests] == [
        ("DELETE", "acme-reports/2")
    ]


def test_consent_for_other_accounts_as_well_is_not_revoked(
    server: GraphApiServer, env: dict[str, str], vault: Vault
) -> None:
    run = command("disconnect", FIRST, "--yes", env=env)
    output(run)
    assert "accounts that stay connected" in run.stderr
    assert set(vault.account_ids()) == {SECOND, THIRD}
    assert not len(server.requests)


def test_consent_of_the_instagram_login_is_revoked_in_instagram(
    env: dict[str, str], vault: Vault
) -> None:
    run = command("disconnect", THIRD, "--yes", env=env)
    output(run)
    assert "Apps and websites" in run.stderr
    assert set(vault.account_ids()) == {FIRST, SECOND}


@pytest.mark.parametrize("kind", ["service_error", "html_502", "drop"])
def test_tokens_are_removed_whatever_meta_says(
    server: GraphApiServer, env: dict[str, str], vault: Vault, kind: str
) -> None:
    server.faults.add(Fault(kind=kind, match="permissions", times=None))
    run = command("disconnect", FIRST, SECOND, "--yes", env=env)
    sentence = complaint(run)
    assert set(vault.account_ids()) == {THIRD}
    assert f"{FIRST} is disconnected" in run.stdout
    assert "was not revoked at Meta (" in sentence
    assert ("Meta's error 2" in sentence) is (kind == "service_error")
    assert "business_tools" in sentence


def test_tokens_are_removed_without_the_app(env: dict[str, str], vault: Vault) -> None:
    env["TAP_INSTAGRAM_BUSINESS_APP_ID"] = ""
    run = command("disconnect", FIRST, SECOND, "--yes", env=env)
    assert "The Meta app is not configured" in complaint(run)
    assert set(vault.account_ids()) == {THIRD}


def test_consent_stays_if_that_is_wanted(
    server: GraphApiServer, env: dict[str, str], vault: Vault
) -> None:
    output(command("disconnect", FIRST, SECOND, "--yes", "--local", env=env))
    assert set(vault.account_ids()) == {THIRD}
    assert not len(server.requests)


def test_an_unknown_account_is_reported_and_nothing_is_changed(
    env: dict[str, str], vault: Vault
) -> None:
    assert "17841499" in complaint(command("disconnect", FIRST, "17841499", "--yes", env=env))
    assert vault.account_ids() == [FIRST, SECOND, THIRD]


def test_without_a_terminal_yes_must_be_given(env: dict[str, str], vault: Vault) -> None:
    assert "--yes" in complaint(command("disconnect", FIRST, env=env))
    assert FIRST in vault.account_ids()


def test_every_part_of_a_requests_path_is_quoted() -> None:
    url = App("facebook").oauth_url("permissions", user="../app?x#y")
    assert url.endswith("/..%2Fapp%3Fx%23y/permissions")
    assert Call("../1?x", "insights").path == "..%2F1%3Fx/insights"
