"""A run with a vault reads each account with its own token and renews tokens in time."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from tap_instagram_business.failures import AccountsUnread
from tap_instagram_business.tokens import oauth
from tap_instagram_business.tokens.encryption import KEY_VARIABLE
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.storage import local
from tap_instagram_business.tokens.storage.local import exclusive
from tests import truth
from tests.tap_run import Run, catalog, run_tap
from tests.tokens.command import APP
from tests.tokens.records import all_records, new_record, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Vault

    Serve = Callable[..., GraphApiServer]

DAY = dt.timedelta(days=1)
FIRST_DAY = dt.date(2026, 11, 15)
APP_SETTINGS: dict[str, Any] = {name.lower(): value for name, value in APP.items()}


def world(login: str) -> WorldSettings:
    return WorldSettings(accounts=3, posts=12, days=5, seed=3, login=login)  # type: ignore[arg-type]


def tokens_of(server: GraphApiServer) -> dict[str, str]:
    """The token of each account of a world."""
    if server.world.settings.login == "facebook":
        return {page.account.id: page.access_token for page in server.world.pages if page.account}
    first, *others = server.world.account_ids
    numbered = {name: f"sandbox-token-{place}" for place, name in enumerate(others, start=2)}
    return {first: "sandbox-token", **numbered}


def fill(vault: Vault, keys: KeyRing, server: GraphApiServer, **values: Any) -> dict[str, str]:
    tokens = tokens_of(server)
    given = {"login": server.world.settings.login, "obtained": server.clock.now() - 30 * DAY}
    for account_id, token in tokens.items():
        put(vault, keys, new_record(account_id, token, **{**given, **values}))
    return tokens


def run_with(vault: Vault, server: GraphApiServer, **options: Any) -> Run:
    given = {
        "access_token": "",
        "vault_path": vault.location,
        "login": server.world.settings.login,
        "start_date": FIRST_DAY.isoformat(),
    }
    return run_tap(server, **{**given, **options})


def assert_complete(server: GraphApiServer, run: Run, *, without: str = "") -> None:
    now = server.clock.now()
    last_day = truth.last_complete_day(now)
    days = truth.days_to(last_day, (last_day - FIRST_DAY).days + 1)
    for table, expected in {
        "accounts": truth.accounts(server.world, now),
        "account_insights": truth.account_insights(server.world, now, days),
        "media": truth.media(server.world, now),
        "media_insights": truth.media_insights(server.world, now),
    }.items():
        rows = {key: row for key, row in expected.items() if row["account_id"] != without}
        found = run.table(table)
        if table == "accounts":
            for row in (*rows.values(), *found.values()):
                row.update(page_id=None, page_name=None)
        truth.tables_equal(found, rows)


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_every_account_is_read_with_its_own_token(
    serve: Serve, vault: Vault, keys: KeyRing, login: str
) -> None:
    server = serve(world(login))
    fill(vault, keys, server)
    assert_complete(server, run_with(vault, server))


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_each_token_is_sent_with_its_own_proof(
    serve: Serve, vault: Vault, keys: KeyRing, login: str
) -> None:
    settings = ApiSettings(require_proof=True)
    server = serve(world(login), api_settings=settings)
    fill(vault, keys, server)
    assert_complete(server, run_with(vault, server, app_secret=settings.app_secret))


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_a_dead_token_affects_only_its_account(
    serve: Serve, vault: Vault, keys: KeyRing, login: str
) -> None:
    server = serve(world(login))
    dead, token = next(iter(fill(vault, keys, server).items()))
    server.api.tokens.end(token, 458)
    run = run_with(vault, server, strict=False)
    assert isinstance(run.error, AccountsUnread)
    assert dead in str(run.error)
    assert "connect it again with `tap-instagram-business connect`" in str(run.error)
    assert_complete(server, run, without=dead)
    assert {name: record.status for name, record in all_records(vault, keys).items()} == {
        name: "refused" if name == dead else "good" for name in tokens_of(server)
    }


@pytest.mark.parametrize("login", ["facebook", "instagram"])
@pytest.mark.parametrize("kind", ["throttle", "service_error"])
def test_a_temporary_error_of_one_account_affects_only_this_account(
    serve: Serve, vault: Vault, keys: KeyRing, login: str, kind: Any
) -> None:
    server = serve(world(login))
    tokens = fill(vault, keys, server)
    # The Instagram login requests `me` with each token: the first account gets the error.
    first = rf"/{next(iter(tokens))}\?fields" if login == "facebook" else r"/me\?"
    server.faults.add(Fault(kind=kind, match=first, times=1 if kind == "throttle" else 5))
    run = run_with(vault, server, strict=False, on_rate_limit="stop", parallel_requests=1)
    (lost,) = tokens.keys() - {account_id for (account_id,) in run.table("accounts")}
    assert_complete(server, run, without=lost)
    if kind == "throttle":
        assert run.error is None
    else:
        assert f"{lost} in accounts: Meta's error 2" in str(run.error)
        assert "connect" not in str(run.error)
    assert {record.status for record in all_records(vault, keys).values()} == {"good"}


@pytest.mark.parametrize("login", ["facebook", "instagram"])
@pytest.mark.parametrize("edge", ["insights", "media"])
def test_a_token_that_dies_during_the_run_affects_only_its_account(
    serve: Serve, vault: Vault, keys: KeyRing, login: str, edge: str
) -> None:
    server = serve(world(login))
    dead = next(iter(fill(vault, keys, server)))
    server.faults.add(Fault(kind="expired_token", match=f"{dead}/{edge}", times=None))
    run = run_with(vault, server, strict=False)
    assert isinstance(run.error, AccountsUnread)
    assert dead in str(run.error)
    for other in set(tokens_of(server)) - {dead}:
        assert other not in str(run.error)
        for table in ("media", "account_insights", "media_insights"):
            assert {row["account_id"] for row in run.records[table]} >= {other}


def test_a_refused_token_that_works_again_is_marked_as_good(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    server = serve(world("facebook"))
    fill(vault, keys, server, status="refused")
    run_with(vault, server)
    assert {record.status for record in all_records(vault, keys).values()} == {"good"}


def test_a_run_with_dead_tokens_only_fails(serve: Serve, vault: Vault, keys: KeyRing) -> None:
    server = serve(world("facebook"))
    for token in fill(vault, keys, server).values():
        server.api.tokens.end(token, 460)
    run = run_with(vault, server, strict=False)
    assert isinstance(run.error, AccountsUnread)
    assert not run.records


def test_only_the_configured_accounts_are_read(serve: Serve, vault: Vault, keys: KeyRing) -> None:
    server = serve(world("facebook"))
    wanted, *_ = fill(vault, keys, server)
    run = run_with(vault, server, strict=False, account_ids=[wanted, "17841499999999999"])
    assert set(run.table("accounts")) == {(wanted,)}
    assert "17841499999999999 in accounts: the vault" in str(run.error)


def test_accounts_of_the_other_login_are_not_read(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    server = serve(world("facebook"))
    fill(vault, keys, server)
    other = new_record("17841499999999999", "IGAAother", login="instagram")
    put(vault, keys, other)
    assert_complete(server, run_with(vault, server))


def test_the_error_for_an_empty_vault_says_how_to_fill_it(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    assert keys
    with pytest.raises(CredentialsError, match="connect --login instagram"):
        run_with(vault, serve(world("instagram")))


def test_an_instagram_token_of_another_account_is_refused(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    server = serve(world("instagram"))
    first, second, _ = fill(vault, keys, server)
    put(vault, keys, new_record(first, "sandbox-token-2", login="instagram"))
    run = run_with(vault, server, strict=False)
    assert f"{first} in accounts" in str(run.error)
    assert second not in str(run.error)


# Renewal


def refreshes(server: GraphApiServer) -> int:
    return sum(request.path == "/refresh_access_token" for request in server.requests)


@pytest.mark.parametrize("left", [dt.timedelta(days=19), None])
def test_tokens_of_the_instagram_login_are_renewed_before_they_expire(
    serve: Serve, vault: Vault, keys: KeyRing, left: dt.timedelta | None
) -> None:
    server = serve(world("instagram"))
    old = fill(vault, keys, server, expires=left and server.clock.now() + left)
    assert_complete(server, run_with(vault, server))
    assert refreshes(server) == 3
    for account_id, record in all_records(vault, keys).items():
        assert record.token != old[account_id]
        assert record.expires
        assert record.expires - server.clock.now() > 59 * DAY
        assert record.refreshed
    for token in old.values():
        server.api.tokens.end(token, 463)
    server.clock.advance(DAY * 2)
    assert_complete(server, run_with(vault, server))
    assert refreshes(server) == 3


def test_a_refused_token_that_works_again_is_renewed_in_the_same_run(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    server = serve(world("instagram"))
    expires = server.clock.now() + 5 * DAY
    fill(vault, keys, server, expires=expires, status="refused")
    run_with(vault, server)
    assert refreshes(server) == 3
    for record in all_records(vault, keys).values():
        assert record.status == "good"
        assert record.expires
        assert record.expires > expires


def test_a_renewal_names_the_configured_user_agent(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    server = serve(world("instagram"))
    fill(vault, keys, server, expires=server.clock.now() + 5 * DAY)
    run_with(vault, server, user_agent="acme-reports/2")
    assert refreshes(server) == 3
    assert {request.user_agent for request in server.requests} == {"acme-reports/2"}


NOT_RENEWED = {
    "a token younger than a day": (dt.timedelta(hours=23), 5 * DAY, 20),
    "one that lives long": (30 * DAY, 21 * DAY, 20),
    "one that lives longer than the setting says": (30 * DAY, 5 * DAY, 4),
}


@pytest.mark.parametrize("name", NOT_RENEWED)
def test_other_tokens_are_not_renewed(serve: Serve, vault: Vault, keys: KeyRing, name: str) -> None:
    age, left, margin = NOT_RENEWED[name]
    server = serve(world("instagram"))
    now = server.clock.now()
    fill(vault, keys, server, obtained=now - age, expires=now + left)
    run_with(vault, server, token_refresh_days_before_expiry=margin)
    assert refreshes(server) == 0


@pytest.fixture
def _short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oauth, "TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr(local, "MAX_WAIT_SECONDS", 0.05)


@pytest.mark.parametrize("kind", ["drop", "html_502", "service_error", "expired_token", "stall"])
@pytest.mark.usefixtures("_short_timeouts")
def test_a_failed_renewal_does_not_stop_the_run(
    serve: Serve, vault: Vault, keys: KeyRing, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    server = serve(world("instagram"))
    fill(vault, keys, server, expires=server.clock.now() + 5 * DAY)
    before = all_records(vault, keys)
    fault = Fault(kind=kind, match="refresh_access_token", times=None, seconds=1.5)
    server.faults.add(fault)
    with caplog.at_level(logging.WARNING):
        assert_complete(server, run_with(vault, server))
    assert caplog.text.count("could not be renewed and expires on 2026-11-25") == 3
    assert all_records(vault, keys) == before


@pytest.mark.usefixtures("_short_timeouts")
def test_a_new_token_that_cannot_be_stored_is_not_used(
    serve: Serve,
    vault: Vault,
    keys: KeyRing,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = serve(world("instagram"))
    fill(vault, keys, server, expires=server.clock.now() + 5 * DAY)
    made: list[str] = []

    def refresh(app: oauth.App, token: str) -> oauth.Grant:
        grant = renew(app, token)
        made.append(grant.token)
        server.api.tokens.end(grant.token, 463)
        return grant

    renew = oauth.refresh
    monkeypatch.setattr(oauth, "refresh", refresh)
    with exclusive(Path(vault.location) / ".lock", 1):
        assert_complete(server, run_with(vault, server))
    assert len(made) == 3
    assert caplog.text.count("Another process is changing") == 3


def test_a_renewal_does_not_overwrite_what_another_process_has_changed(
    serve: Serve, vault: Vault, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(world("instagram"))
    erased, renewed, _ = fill(vault, keys, server, expires=server.clock.now() + 5 * DAY)
    theirs = replace(all_records(vault, keys)[renewed], token="IGAAtheir_token")
    changing, changes = threading.Lock(), iter([vault.delete])

    def refresh(app: oauth.App, token: str) -> oauth.Grant:
        with changing:
            for delete in changes:
                delete([erased])
                put(vault, keys, theirs)
        return renew(app, token)

    renew = oauth.refresh
    monkeypatch.setattr(oauth, "refresh", refresh)
    run_with(vault, server)
    assert erased not in all_records(vault, keys)
    assert all_records(vault, keys)[renewed] == theirs


# Tokens that only a person can renew


def test_the_end_of_consent_is_warned_of_with_the_facebook_login(
    serve: Serve, vault: Vault, keys: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(world("facebook"))
    fill(vault, keys, server, data_access_expires=server.clock.now() + 5 * DAY)
    with caplog.at_level(logging.WARNING):
        run_with(vault, server, **APP_SETTINGS)
    assert "ends on" not in caplog.text
    assert {record.data_access_expires for record in all_records(vault, keys).values()} == {
        server.clock.now() + 60 * DAY
    }
    server.clock.advance(45 * DAY)
    with caplog.at_level(logging.WARNING):
        run_with(vault, server, catalog=catalog("accounts"), **APP_SETTINGS)
    assert caplog.text.count("ends on 2027-01-19: reconnect it before then") == 3


def test_without_the_app_the_stored_date_is_warned_of(
    serve: Serve, vault: Vault, keys: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(world("facebook"))
    fill(vault, keys, server, expires=server.clock.now() + 5 * DAY)
    with caplog.at_level(logging.WARNING):
        run_with(vault, server)
    assert caplog.text.count("ends on 2026-11-25") == 3


@pytest.mark.parametrize(("left", "warned"), [(5 * DAY, True), (40 * DAY, False), (None, False)])
def test_the_expiry_of_the_token_in_the_settings_is_warned_of(
    serve: Serve, caplog: pytest.LogCaptureFixture, left: dt.timedelta | None, *, warned: bool
) -> None:
    seconds = int(left.total_seconds()) if left else None
    server = serve(world("facebook"), api_settings=ApiSettings(token_expires_in=seconds))
    with caplog.at_level(logging.WARNING):
        run_tap(server, start_date=FIRST_DAY.isoformat(), **APP_SETTINGS)
    assert ("The access token expires on 2026-11-25" in caplog.text) is warned


def test_an_unknown_expiry_does_not_stop_the_run(serve: Serve) -> None:
    server = serve(world("facebook"))
    server.faults.add(Fault(kind="expired_token", match="debug_token", times=None))
    run = run_tap(server, start_date=FIRST_DAY.isoformat(), **APP_SETTINGS)
    assert_complete_with_pages(server, run)


def assert_complete_with_pages(server: GraphApiServer, run: Run) -> None:
    truth.tables_equal(run.table("accounts"), truth.accounts(server.world, server.clock.now()))


def test_without_the_key_nothing_is_read(
    serve: Serve, vault: Vault, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(world("facebook"))
    fill(vault, keys, server)
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(CredentialsError, match="There is no encryption key"):
        run_with(vault, server)
    assert not len(server.requests)


def test_a_damaged_vault_is_not_changed(serve: Serve, vault: Vault, keys: KeyRing) -> None:
    assert keys
    path = Path(vault.location) / "accounts" / "17841400000000001.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(CredentialsError, match="is damaged"):
        run_with(vault, serve(world("facebook")))
    assert path.read_text() == "{"
