"""A run of a shard reads the tokens of its own accounts only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import WorldSettings
from tap_instagram_business.sharding import Shard, place
from tap_instagram_business.tokens.errors import CredentialsError
from tests.tap_run import catalog, run_tap
from tests.tokens.records import all_records, new_record, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Vault

    Serve = Callable[..., GraphApiServer]


def options(vault: Vault, shard: str) -> dict[str, Any]:
    vault_only = {"access_token": "", "vault_path": vault.location}
    return {**vault_only, "catalog": catalog("accounts"), "shard": shard}


def tokens_of(server: GraphApiServer) -> dict[str, str]:
    return {page.account.id: page.access_token for page in server.world.pages if page.account}


def test_no_record_of_another_shard_is_decrypted_used_or_changed(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    server = serve(WorldSettings(accounts=7, posts=4, days=20))
    tokens = tokens_of(server)
    own = {name for name in tokens if place(name, 3) == 2}
    put(vault, keys, *(new_record(name, tokens[name], status="refused") for name in tokens))
    others = [Path(vault.location, "accounts", f"{name}.json") for name in tokens.keys() - own]
    for path in others:
        # What cannot be decrypted would end a run that reads it with exit code 1.
        path.write_text("damaged")
    run = run_tap(server, **options(vault, "2/3"))
    assert {row["id"] for row in run.records["accounts"]} == own
    assert {record.status for record in vault.read(keys, own).verified.values()} == {"good"}
    assert {path.read_text() for path in others} == {"damaged"}
    named = min(own)
    run = run_tap(server, **options(vault, "2/3"), account_ids=[named, *(tokens.keys() - own)])
    assert {row["id"] for row in run.records["accounts"]} == {named}


def test_a_shard_without_accounts_ends_well_and_an_empty_vault_does_not(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    server = serve(WorldSettings(accounts=1, posts=1, days=2))
    ((name, token),) = tokens_of(server).items()
    other = f"{place(name, 4) % 4 + 1}/4"
    run = run_tap(server, strict=False, **options(vault, other))
    assert isinstance(run.error, CredentialsError)
    assert "contains no account of the facebook login" in str(run.error)
    put(vault, keys, new_record(name, token))
    assert run_tap(server, **options(vault, other)).records.get("accounts", []) == []


@pytest.mark.parametrize("number", [1, 3, 16, 300])
def test_all_shards_together_read_each_account_once(
    any_vault: Vault, keys: KeyRing, number: int
) -> None:
    names = [f"178414000{account:08d}" for account in range(7)]
    put(any_vault, keys, *(new_record(name, f"EAAtoken-of-{name}") for name in names))
    shards = {Shard.of_account(name, number) for name in names}
    parts = [any_vault.read(keys, shard=shard).all() for shard in shards]
    assert sorted(name for part in parts for name in part) == names
    assert all_records(any_vault, keys).keys() == set(names)
