"""The command `renew` renews all tokens that expire soon, with few writes of the vault."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.credentials import oauth, renewal
from tests.credentials.command import command, environment
from tests.credentials.records import new_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.vault import Vault

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
    with vault.changing() as records:
        for account_id, token in tokens.items():
            records[account_id] = new_record(keys, account_id, token, **values)


def generation(vault: Vault) -> int:
    """How often the vault, which is one file, was written."""
    (file,) = vault.files
    file.read()
    return file._generation


def test_tokens_that_expire_soon_are_renewed_with_one_write(
    server: GraphApiServer, vault: Vault, keys: KeyRing, tokens: dict[str, str]
) -> None:
    fill(vault, keys, tokens, 5 * DAY)
    before, written = vault.read(), generation(vault)
    run = command("renew", env=environment(server, VAULT_PATH=vault.location))
    assert (run.returncode, run.stderr.splitlines()[-1]) == (
        0,
        "9 tokens were renewed, 0 could not be.",
    )
    assert generation(vault) == written + 1
    for name, record in vault.read().items():
        assert record.open_token(keys) != tokens[name]
        assert record.expires
        assert record.expires > before[name].expires + 30 * DAY  # type: ignore[operator]


def test_tokens_that_live_long_are_left_alone(
    server: GraphApiServer, vault: Vault, keys: KeyRing, tokens: dict[str, str]
) -> None:
    fill(vault, keys, tokens, 21 * DAY)
    written = generation(vault)
    env = environment(server, VAULT_PATH=vault.location)
    assert "0 tokens were renewed" in command("renew", env=env).stderr
    assert (generation(vault), server.http_requests) == (written, 0)
    assert (
        "9 tokens were renewed"
        in command("renew", env={**env, "TAP_INSTAGRAM_BUSINESS_REFRESH_MARGIN_DAYS": "22"}).stderr
    )


def test_a_token_that_meta_refuses_stops_no_other(
    server: GraphApiServer, vault: Vault, keys: KeyRing, tokens: dict[str, str]
) -> None:
    fill(vault, keys, tokens, 5 * DAY)
    server.faults.add(Fault(kind="expired_token", match="refresh_access_token", times=2))
    run = command("renew", env=environment(server, VAULT_PATH=vault.location))
    assert run.returncode == 0
    assert "7 tokens were renewed, 2 could not be." in run.stderr
    assert run.stderr.count("could not be renewed and expires on") == 2
    new = [record for record in vault.read().values() if record.refreshed]
    assert len(new) == 7


def test_what_others_change_meanwhile_stays(
    server: GraphApiServer,
    vault: Vault,
    keys: KeyRing,
    tokens: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Readers see whole vaults only, and a connected or erased account is not overwritten."""
    fill(vault, keys, tokens, 5 * DAY)
    monkeypatch.setattr(renewal, "TOKENS_PER_WRITE", 2)
    erased, connected, *_ = tokens
    done = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not done.is_set():
            seen.append(len(vault.read()))

    def change(app: oauth.App, token: str) -> oauth.Grant:
        if token == "sandbox-token":
            with vault.changing() as records:
                del records[erased]
                records[connected] = new_record(keys, connected, "IGAAnew", login="instagram")
        return refresh(app, token)

    refresh = oauth.refresh
    monkeypatch.setattr(oauth, "refresh", change)
    work = renewal.Renewal(vault, keys, oauth.App(login="instagram", api_url=server.url), 20 * DAY)
    reader = threading.Thread(target=read)
    reader.start()
    work.run(dt.datetime.now(dt.timezone.utc))
    done.set()
    reader.join()
    assert {*seen} <= {8, 9}
    records = vault.read()
    assert erased not in records
    assert records[connected].open_token(keys) == "IGAAnew"
    assert work.renewed == 7
    assert sum(record.refreshed is not None for record in records.values()) == 7
