"""The accounts in the vault: listed without their tokens, and disconnected."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tests.credentials.command import APP, command, complaint, done, environment
from tests.credentials.records import OBTAINED, new_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.vault import Record, Vault

WORLD = WorldSettings(accounts=2, posts=1, days=2)
FIRST, SECOND, THIRD = "17841400000000001", "17841400000000002", "17841400000000003"


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    return serve(WORLD)


@pytest.fixture
def env(server: GraphApiServer, vault: Vault, keys: KeyRing, record: Record) -> dict[str, str]:
    """Two accounts of one person's consent, and one of another's, in the other login."""
    third = new_record(keys, THIRD, "IGAAthird", login="instagram", user_id="2590001")
    with vault.changing() as records:
        records[FIRST] = replace(record, expires=OBTAINED, status="refused")
        records[SECOND] = new_record(keys, SECOND, "EAAsecond")
        records[THIRD] = third
    return environment(server, VAULT_PATH=vault.place, **APP)


def test_they_are_listed_with_dates_and_state(
    env: dict[str, str], vault: Vault, keys: KeyRing
) -> None:
    lines = done(command("accounts", env=env)).splitlines()
    assert lines[0].split()[:3] == ["account", "login", "status"]
    listed = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert listed[FIRST] == [
        *("facebook", "refused", "2026-11-01", "-", "2026-11-01", "-", keys.ids[0])
    ]
    assert set(listed) == {FIRST, SECOND, THIRD}
    said = "\n".join(lines)
    assert not [record.token for record in vault.read().values() if record.token in said]


def test_they_are_listed_without_a_key(env: dict[str, str]) -> None:
    keyless = {name: value for name, value in env.items() if "ENCRYPTION_KEY" not in name}
    rows = done(command("accounts", "--json", env=keyless)).splitlines()
    assert {json.loads(row)["account"] for row in rows} == {FIRST, SECOND, THIRD}


def test_where_is_the_vault() -> None:
    assert "VAULT_PATH" in complaint(command("accounts"))


def test_the_vault_may_be_named_in_a_config_file_or_an_option(
    env: dict[str, str], vault: Vault, tmp_path: Path
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"vault_path": vault.place}))
    bare = environment()
    assert FIRST in done(command("--config", str(config), "accounts", env=bare))
    assert FIRST in done(command("accounts", "--vault", vault.place, env=bare))
    assert env


def test_consent_that_serves_no_other_account_is_revoked(
    server: GraphApiServer, env: dict[str, str], vault: Vault
) -> None:
    said = done(command("disconnect", FIRST, SECOND, "--yes", env=env))
    assert "is taken back at Meta" in said
    assert set(vault.read()) == {THIRD}
    token = server.api.tokens.get("sandbox-token")
    assert token
    assert token.ended == 458


def test_consent_that_serves_others_is_not(
    server: GraphApiServer, env: dict[str, str], vault: Vault
) -> None:
    run = command("disconnect", FIRST, "--yes", env=env)
    done(run)
    assert "for accounts that stay too" in run.stderr
    assert set(vault.read()) == {SECOND, THIRD}
    assert not len(server.requests)


def test_instagrams_is_taken_back_in_instagram(env: dict[str, str], vault: Vault) -> None:
    run = command("disconnect", THIRD, "--yes", env=env)
    done(run)
    assert "Apps and websites" in run.stderr
    assert set(vault.read()) == {FIRST, SECOND}


def test_if_meta_does_not_revoke_nothing_is_forgotten(
    server: GraphApiServer, env: dict[str, str], vault: Vault
) -> None:
    server.faults.add(Fault(kind="service_error", match="permissions", times=None))
    assert "Meta's error 2" in complaint(command("disconnect", FIRST, SECOND, "--yes", env=env))
    assert set(vault.read()) == {FIRST, SECOND, THIRD}
    done(command("disconnect", FIRST, SECOND, "--yes", "--local", env=env))
    assert set(vault.read()) == {THIRD}


def test_an_account_that_is_not_there(env: dict[str, str], vault: Vault) -> None:
    before = Path(vault.place).read_bytes()
    assert "17841499" in complaint(command("disconnect", FIRST, "17841499", "--yes", env=env))
    assert Path(vault.place).read_bytes() == before


def test_where_nobody_can_be_asked_nothing_is_done(env: dict[str, str], vault: Vault) -> None:
    assert "--yes" in complaint(command("disconnect", FIRST, env=env))
    assert FIRST in vault.read()
