"""A shard reads the tokens of its own accounts only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instagram_sandbox.graph_api import WorldSettings
from tap_instagram_business.sharding import place
from tests.credentials.records import new_record
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.vault import Vault

WORLD = WorldSettings(accounts=7, posts=4, days=20)


def test_no_token_of_another_shard_is_decrypted_or_sent(
    serve: Callable[..., GraphApiServer], vault: Vault, keys: KeyRing
) -> None:
    server = serve(WORLD)
    tokens = {page.account.id: page.access_token for page in server.world.pages if page.account}
    own = {name for name in tokens if place(name, 3) == 2}
    with vault.changing() as records:
        for name, token in tokens.items():
            record = new_record(keys, name, token)
            # What cannot be decrypted would end a run that reads it with exit code 1.
            broken = new_record(keys, "17841400000000009", token)
            records[name] = record if name in own else broken
    run = run_tap(
        server,
        catalog=catalog("accounts"),
        access_token="",
        vault_path=vault.location,
        shard="2/3",
    )
    assert {row["id"] for row in run.records["accounts"]} == own
