"""What the vault keeps of how Meta treated each token when it was last used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tests.tap_run import catalog, run_tap
from tests.tokens.records import all_records, new_record, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Vault

WORLD = WorldSettings(accounts=2, posts=0, days=2)


@pytest.mark.parametrize("before", ["good", "refused"])
@pytest.mark.parametrize(
    "error", [("expired_token", True), ("permission", False), ("service_error", False)]
)
def test_only_an_error_of_the_token_marks_it_as_refused(
    serve: Callable[..., GraphApiServer],
    vault: Vault,
    keys: KeyRing,
    before: str,
    error: tuple[str, bool],
) -> None:
    kind, is_of_token = error
    server = serve(WORLD)
    tokens = {page.account.id: page.access_token for page in server.world.pages if page.account}
    put(vault, keys, *(new_record(name, tokens[name], status=before) for name in tokens))
    failing, working = tokens
    server.faults.add(Fault(kind=kind, match=rf"/{failing}\?fields", times=None))
    vault_only = {"access_token": "", "vault_path": vault.location}
    run = run_tap(server, strict=False, catalog=catalog("accounts"), **vault_only)
    assert [row["id"] for row in run.records["accounts"]] == [working]
    assert failing in str(run.error)
    statuses = {name: record.status for name, record in all_records(vault, keys).items()}
    assert statuses == {failing: "refused" if is_of_token else before, working: "good"}
