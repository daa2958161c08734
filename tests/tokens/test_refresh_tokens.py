"""The command `refresh-tokens` renews all tokens that expire soon."""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.tokens import oauth
from tap_instagram_business.tokens.vault_tokens import VaultTokens, is_due
from tests.tokens.command import command, environment
from tests.tokens.records import OBTAINED, all_records, new_record, put

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Vault

DAY = dt.timedelta(days=1)


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    # The command knows the time by the clock of this machine.
    now = dt.datetime.now(dt.timezone.utc)
    return serve(WorldSettings(accounts=9, posts=0, days=2, login="instagram", start=now))


@pytest.fixture
def tokens(server: GraphApiServer) -> dict[str, str]:
    """The token of each account."""
    first, *others = server.world.account_ids
    numbered = {name: f"sandbox-token-{place}" for place, name in enumerate(others, start=2)}
    return {first: "sandbox-token", **numbered}


def fill(vault: Vault, keys: KeyRing, tokens: dict[str, str], left: dt.timedelta) -> None:
    now = dt.datetime.now(dt.timezone.utc).replace(microsecond=0)
    values = {"login": "instagram", "obtained": now - 40 * DAY, "expires": now + left}
    for account_id, token in tokens.items():
        put(vault, keys, new_record(account_id, token, **values))


def refresh_tokens(
    server: GraphApiServer, vault: Vault, **settings: str
) -> subprocess.CompletedProcess[str]:
    run = command("refresh-tokens", env=environment(server, VAULT_PATH=vault.location, **settings))
    assert run.returncode == 0, run.stderr
    return run


def test_tokens_that_expire_soon_are_renewed(
    server: GraphApiServer, vault: Vault, keys: KeyRing, tokens: dict[str, str]
) -> None:
    fill(vault, keys, tokens, 5 * DAY)
    facebook = new_record("17841499999999999", "EAAother", expires=OBTAINED)
    put(vault, keys, facebook)
    before = all_records(vault, keys)
    last = refresh_tokens(server, vault).stderr.splitlines()[-1]
    assert last == "9 tokens were renewed, 0 could not be."
    after = all_records(vault, keys)
    assert after[facebook.account_id] == facebook
    for name, token in tokens.items():
        expires = before[name].expires
        assert after[name].token != token
        assert expires
        assert (after[name].expires or expires) > expires + 30 * DAY


def test_tokens_that_live_long_are_left_alone(
    server: GraphApiServer, vault: Vault, keys: KeyRing, tokens: dict[str, str]
) -> None:
    fill(vault, keys, tokens, 21 * DAY)
    assert "0 tokens were renewed" in refresh_tokens(server, vault).stderr
    assert server.http_requests == 0
    assert (
        "9 tokens were"
        in refresh_tokens(server, vault, TOKEN_REFRESH_DAYS_BEFORE_EXPIRY="22").stderr
    )


HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("login", "values", "due"),
    [
        ("instagram", {"expires": 5 * DAY}, True),
        ("instagram", {"expires": 5 * DAY, "obtained": -23 * HOUR}, False),
        ("instagram", {"expires": 5 * DAY, "obtained": -24 * HOUR}, True),
        ("instagram", {"expires": 5 * DAY, "refreshed": -23 * HOUR}, False),
        ("instagram", {"expires": 5 * DAY, "refreshed": -24 * HOUR}, True),
        ("instagram", {"expires": 20 * DAY}, False),
        ("instagram", {}, True),
        ("facebook", {"expires": 5 * DAY, "obtained": -HOUR}, True),
        ("facebook", {"expires": 40 * DAY, "data_access_expires": 5 * DAY}, True),
        ("facebook", {"data_access_expires": 20 * DAY}, False),
        ("facebook", {}, False),
    ],
)
def test_which_tokens_are_due(
    now: dt.datetime, login: str, values: dict[str, dt.timedelta], *, due: bool
) -> None:
    times = {name: now + left for name, left in {"obtained": -40 * DAY, **values}.items()}
    token = new_record("17841400000000001", "IGAAtoken", login=login, **times)
    assert is_due(token, now, 20 * DAY) is due


def test_a_token_that_cannot_be_renewed_stops_no_other(
    server: GraphApiServer, vault: Vault, keys: KeyRing, tokens: dict[str, str]
) -> None:
    fill(vault, keys, tokens, 5 * DAY)
    server.faults.add(Fault(kind="expired_token", match="refresh_access_token", times=2))
    path = Path(vault.location, "accounts", f"{min(tokens)}.json")
    path.write_text(path.read_text().replace("5550000000000001", "6660000000000006"))
    run = refresh_tokens(server, vault)
    assert "6 tokens were renewed, 3 could not be." in run.stderr
    assert run.stderr.count("could not be renewed and expires on") == 2
    assert f"The record of account {min(tokens)} in the vault was changed" in run.stderr
    found = vault.read(keys)
    assert len([record for record in found.verified.values() if record.refreshed]) == 6
    assert list(found.refused) == [min(tokens)]


def test_what_others_change_meanwhile_stays(
    server: GraphApiServer,
    any_vault: Vault,
    keys: KeyRing,
    tokens: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A connected or erased account is not overwritten, in whichever storage the vault is."""
    fill(any_vault, keys, tokens, 5 * DAY)
    erased, connected, *_ = tokens
    theirs = new_record(connected, "IGAAnew", login="instagram")
    changing, changes = threading.Lock(), iter([any_vault.delete])

    def change(app: oauth.App, token: str) -> oauth.Grant:
        with changing:
            for delete in changes:
                delete([erased])
                put(any_vault, keys, theirs)
        return refresh(app, token)

    refresh = oauth.refresh
    monkeypatch.setattr(oauth, "refresh", change)
    app = oauth.App(login="instagram", api_url=server.url)
    work = VaultTokens(any_vault, keys, app, 20 * DAY)
    with closing(GraphClient(app)) as session:
        returned = work.renew(all_records(any_vault, keys), session)
    stored = all_records(any_vault, keys)
    assert erased not in stored
    assert stored[connected] == theirs
    assert len(work.renewed) == 7
    assert {name for name in stored if stored[name].refreshed} == {*work.renewed}
    assert all(returned[name].token == stored[name].token for name in work.renewed)
    assert returned[connected].token == tokens[connected]
