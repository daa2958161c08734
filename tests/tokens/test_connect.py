"""The consent flow of both logins against the local Graph API, and its errors."""

from __future__ import annotations

import datetime as dt
import socket
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from tap_instagram_business.tokens.encryption import KEY_VARIABLE, generate_key
from tap_instagram_business.tokens.vault import REFUSED
from tests import program
from tests.local_sandbox import free_port
from tests.tokens.command import APP, command, complaint, environment, output
from tests.tokens.records import all_records, put

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Record, Vault

    Serve = Callable[..., GraphApiServer]

LOGINS = ("facebook", "instagram")
DAY = dt.timedelta(days=1)
BROWSER = """
import sys, requests
answer = requests.get(sys.argv[1], timeout=5)
open(sys.argv[2], "w").write(answer.text)
"""


def world(login: str, accounts: int = 3) -> WorldSettings:
    return WorldSettings(accounts=accounts, posts=1, days=2, login=login)  # type: ignore[arg-type]


def env_of(server: GraphApiServer, vault: Vault, **settings: str) -> dict[str, str]:
    return environment(server, VAULT_PATH=vault.location, **{**APP, **settings})


@dataclass
class Pasting:
    """A consent in a browser on another machine, whose address the user pastes."""

    command: program.Command
    page: str

    def browse(self) -> str:
        """Open the consent page as a browser does, and return the address of the redirect."""
        answer = requests.get(self.page, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def paste(self, address: str) -> subprocess.CompletedProcess[str]:
        return self.command.finish(f"{address}\n")


@pytest.fixture
def pasting(keys: KeyRing) -> Iterator[Callable[..., Pasting]]:
    assert keys
    with ExitStack() as running:

        def start(env: dict[str, str], *options: str) -> Pasting:
            started = program.Command("connect", "--paste", *options, env=env)
            running.enter_context(started)
            return Pasting(started, started.line_of_stderr("http"))

        yield start


@pytest.mark.parametrize("login", LOGINS)
def test_the_redirect_is_received_from_a_browser_on_this_machine(
    serve: Serve, vault: Vault, keys: KeyRing, tmp_path: Path, login: str
) -> None:
    server = serve(world(login))
    (tmp_path / "browser.py").write_text(BROWSER)
    env = env_of(server, vault)
    env["BROWSER"] = f"{sys.executable} {tmp_path}/browser.py %s {tmp_path}/seen.html"
    run = command("connect", f"--redirect-uri=http://localhost:{free_port()}/back", env=env)
    said = output(run)
    accounts = server.world.account_ids if login == "facebook" else server.world.account_ids[:1]
    records = all_records(vault, keys)
    assert list(records) == sorted(accounts)
    for account_id in accounts:
        assert f"{account_id} ({server.world.account(account_id).username}) is connected" in said
        assert records[account_id].token.startswith(("EAA", "IGAA"))
    assert "insights" in said
    assert "You can close this window" in (tmp_path / "seen.html").read_text()


def test_facebook_login_stores_page_tokens_that_do_not_expire(
    serve: Serve, vault: Vault, keys: KeyRing, pasting: Callable[..., Pasting]
) -> None:
    server = serve(world("facebook"))
    consent = pasting(env_of(server, vault))
    output(consent.paste(consent.browse()))
    pages = {page.account.id: page for page in server.world.pages if page.account}
    for account_id, record in all_records(vault, keys).items():
        assert record.token == pages[account_id].access_token
        assert (record.login, record.status, record.expires) == ("facebook", "good", None)
        assert abs(record.obtained - server.clock.now()) < dt.timedelta(seconds=5)
        assert record.data_access_expires
        assert record.user_id == "5550000000000001"


@pytest.mark.parametrize("flat", [True, False])
def test_instagram_login_stores_a_token_of_sixty_days(
    serve: Serve, vault: Vault, keys: KeyRing, pasting: Callable[..., Pasting], *, flat: bool
) -> None:
    settings = ApiSettings(flat_token_answer=flat, person=1)
    server = serve(world("instagram"), api_settings=settings)
    consent = pasting(env_of(server, vault))
    address = consent.browse()
    assert address.endswith("#_")
    said = output(consent.paste(address))
    account = server.world.account(server.world.account_ids[1])
    assert "instagram_business_manage_insights" in said
    record = all_records(vault, keys)[account.id]
    assert record.user_id == account.app_scoped_id
    assert record.expires
    assert dt.timedelta(days=59) < record.expires - server.clock.now() < dt.timedelta(days=61)
    token = server.api.tokens.get(record.token)
    assert token
    assert token.long_lived


@pytest.mark.parametrize("login", LOGINS)
def test_only_the_needed_permissions_are_asked_for(
    serve: Serve, vault: Vault, pasting: Callable[..., Pasting], login: str
) -> None:
    server = serve(world(login))
    for options, comments in (([], False), (["--comments"], True)):
        page = pasting(env_of(server, vault), *options).page
        scopes = parse_qs(urlsplit(page).query)["scope"][0].split(",")
        assert any("comments" in scope for scope in scopes) is comments
        assert len(scopes) == (4 if login == "facebook" else 2) + comments


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("configured", ["acme-reports/2", ""])
def test_every_request_names_the_user_agent(
    serve: Serve, vault: Vault, pasting: Callable[..., Pasting], login: str, configured: str
) -> None:
    server = serve(world(login))
    consent = pasting(env_of(server, vault, USER_AGENT=configured))
    address = consent.browse()
    sent_by_the_browser = len(server.requests)
    output(consent.paste(address))
    sent = list(server.requests)[sent_by_the_browser:]
    assert any(request.path.endswith("access_token") for request in sent)
    name_and_version = f"tap-instagram-business/{version('tap-instagram-business')}"
    assert {request.user_agent for request in sent} == {configured or name_and_version}


def test_a_configuration_replaces_the_list_of_permissions(
    serve: Serve, vault: Vault, pasting: Callable[..., Pasting]
) -> None:
    page = pasting(env_of(serve(world("facebook")), vault), "--config-id", "77").page
    query = parse_qs(urlsplit(page).query)
    assert query["config_id"] == ["77"]
    assert "scope" not in query


def test_only_the_named_accounts_are_connected(
    serve: Serve, vault: Vault, pasting: Callable[..., Pasting]
) -> None:
    server = serve(world("facebook"))
    wanted = server.world.account_ids[1]
    consent = pasting(env_of(server, vault), "--account", wanted)
    output(consent.paste(consent.browse()))
    assert vault.account_ids() == [wanted]


@pytest.mark.parametrize("login", LOGINS)
def test_a_denied_consent_stores_nothing(
    serve: Serve, vault: Vault, pasting: Callable[..., Pasting], login: str
) -> None:
    server = serve(world(login), api_settings=ApiSettings(deny_login=True))
    consent = pasting(env_of(server, vault))
    sentence = complaint(consent.paste(consent.browse()))
    assert sentence.startswith("Consent was not given (Permissions error)")
    assert vault.account_ids() == []


@pytest.mark.parametrize("login", LOGINS)
def test_a_redirect_with_another_state_is_not_used(
    serve: Serve, vault: Vault, pasting: Callable[..., Pasting], login: str
) -> None:
    server = serve(world(login))
    first, second = (pasting(env_of(server, vault)) for _ in range(2))
    assert "its state differs" in complaint(first.paste(second.browse()))
    assert not [r for r in server.requests if r.path.endswith("access_token")]
    assert vault.account_ids() == []


def test_after_an_address_of_another_consent_the_right_one_can_be_pasted(
    serve: Serve, vault: Vault, pasting: Callable[..., Pasting]
) -> None:
    server = serve(world("facebook"))
    first, second = (pasting(env_of(server, vault)) for _ in range(2))
    output(first.paste(f"nonsense\n{second.browse()}\n{first.browse()}"))
    assert len(vault.account_ids()) == 3


class Attackers:
    """Programs and pages of this machine that send requests to where the redirect is awaited."""

    def __init__(self, port: int) -> None:
        self._at = ("127.0.0.1", port)
        self.held = [socket.create_connection(self._at) for _ in range(20)]
        for connection in self.held[:10]:
            connection.sendall(b"GET /?code=x&state=")

    def slip_in(self) -> list[int]:
        """Send consents of another person; return the statuses of the answers."""
        forged = (
            {"code": "x"},
            {"code": "x", "state": "y"},
            {"error": "e", "state": ""},
            {"a": ""},
        )
        url = f"http://127.0.0.1:{self._at[1]}/"
        return [requests.get(url, params=query, timeout=60).status_code for query in forged]

    def close(self) -> None:
        for connection in self.held:
            connection.close()


def test_neither_a_wrong_state_nor_slow_clients_hold_up_a_consent(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    assert keys
    server, port = serve(world("facebook")), free_port()
    env = {**env_of(server, vault), "BROWSER": "true"}
    with program.Command("connect", f"--redirect-uri=http://localhost:{port}/", env=env) as started:
        page = started.line_of_stderr("http")
        attackers = Attackers(port)
        assert attackers.slip_in() == [403, 403, 403, 404]
        page_of_consent = requests.get(page, allow_redirects=False, timeout=60)
        redirect = requests.get(page_of_consent.headers["Location"], timeout=60)
        assert redirect.status_code == 200
        output(started.finish())
        attackers.close()
    assert len(all_records(vault, keys)) == 3


@pytest.mark.parametrize("login", LOGINS)
def test_an_expired_code_stores_nothing(
    serve: Serve, vault: Vault, pasting: Callable[..., Pasting], login: str
) -> None:
    server = serve(world(login))
    consent = pasting(env_of(server, vault))
    address = consent.browse()
    server.clock.advance(dt.timedelta(minutes=61))
    assert "works only once and only for one hour" in complaint(consent.paste(address))
    assert vault.account_ids() == []


@pytest.mark.parametrize("address", ["", "https://localhost:8765/", "not an address"])
def test_a_pasted_address_without_a_code_stores_nothing(
    serve: Serve, vault: Vault, pasting: Callable[..., Pasting], address: str
) -> None:
    consent = pasting(env_of(serve(world("facebook")), vault))
    complaint(consent.paste(address))
    assert vault.account_ids() == []


@pytest.mark.parametrize("login", LOGINS)
def test_a_wrong_app_secret_is_reported(
    serve: Serve, vault: Vault, pasting: Callable[..., Pasting], login: str
) -> None:
    consent = pasting(env_of(serve(world(login)), vault, APP_SECRET="wrong-app-secret"))
    sentence = complaint(consent.paste(consent.browse()))
    assert "client secret" in sentence
    assert "wrong-app-secret" not in sentence


def test_the_app_must_be_configured(serve: Serve, vault: Vault, keys: KeyRing) -> None:
    assert keys
    env = env_of(serve(world("facebook")), vault, APP_ID="")
    assert "TAP_INSTAGRAM_BUSINESS_APP_ID" in complaint(command("connect", "--paste", env=env))


def test_nothing_is_added_to_a_vault_of_another_key(
    serve: Serve, vault: Vault, keys: KeyRing, pasting: Callable[..., Pasting]
) -> None:
    server = serve(world("facebook"))
    consent = pasting(env_of(server, vault))
    output(consent.paste(consent.browse()))
    before = all_records(vault, keys)
    env = {**env_of(server, vault), KEY_VARIABLE: generate_key()}
    sentence = complaint(command("connect", "--from-token", stdin="sandbox-token", env=env))
    assert keys.ids[0] in sentence
    assert all_records(vault, keys) == before


def test_a_port_in_use_is_reported(serve: Serve, vault: Vault, keys: KeyRing) -> None:
    assert keys
    server = serve(world("facebook"))
    run = command("connect", f"--redirect-uri={server.url}/", env=env_of(server, vault))
    assert "--redirect-uri, or paste the address" in complaint(run)


# From an existing token


def test_a_user_token_is_replaced_by_page_tokens(serve: Serve, vault: Vault, keys: KeyRing) -> None:
    server = serve(world("facebook"))
    run = command("connect", "--from-token", stdin="sandbox-token\n", env=env_of(server, vault))
    assert "instagram_manage_insights" in output(run)
    records = all_records(vault, keys)
    assert list(records) == sorted(server.world.account_ids)
    assert "sandbox-token" not in {record.token for record in records.values()}


def test_a_token_can_be_connected_without_the_app(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    assert keys
    server = serve(world("facebook"))
    env = env_of(server, vault, APP_ID="", APP_SECRET="")
    output(command("connect", "--from-token", stdin="sandbox-token\n", env=env))
    assert len(all_records(vault, keys)) == 3


@pytest.mark.parametrize("kind", ["page", "system_user"])
def test_tokens_of_pages_and_system_users_are_connected(
    serve: Serve, vault: Vault, keys: KeyRing, kind: str
) -> None:
    settings = ApiSettings(token_kind=kind)  # type: ignore[arg-type]
    server = serve(world("facebook"), api_settings=settings)
    output(command("connect", "--from-token", stdin="sandbox-token", env=env_of(server, vault)))
    records = all_records(vault, keys)
    assert len(records) == (1 if kind == "page" else 3)
    assert all(record.token for record in records.values())


def test_a_token_of_the_instagram_login_is_renewed_at_once(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    server = serve(world("instagram"))
    output(command("connect", "--from-token", stdin="sandbox-token", env=env_of(server, vault)))
    (record,) = all_records(vault, keys).values()
    assert record.token != "sandbox-token"
    assert record.expires


def test_a_dead_token_stores_nothing(serve: Serve, vault: Vault, keys: KeyRing) -> None:
    assert keys
    for login, token in zip(LOGINS, ("EAAdead", "IGAAdead"), strict=True):
        env = env_of(serve(world(login)), vault)
        sentence = complaint(command("connect", "--from-token", stdin=token, env=env))
        assert sentence.startswith("Meta's error 190")
    assert all_records(vault, keys) == {}


def test_an_empty_standard_input_is_reported(serve: Serve, vault: Vault, keys: KeyRing) -> None:
    assert keys
    run = command("connect", "--from-token", env=env_of(serve(world("facebook")), vault))
    assert complaint(run).startswith("There is no token on standard input")


@pytest.mark.parametrize("is_named", [False, True])
def test_missing_permissions_are_reported(
    serve: Serve, vault: Vault, keys: KeyRing, *, is_named: bool
) -> None:
    assert keys
    settings = ApiSettings(scopes=("instagram_basic", "pages_show_list"))
    server = serve(world("facebook"), api_settings=settings)
    options = ("--account", server.world.account_ids[0]) if is_named else ()
    env = env_of(server, vault)
    run = command("connect", "--from-token", *options, stdin="sandbox-token", env=env)
    output(run)
    assert "Permissions: instagram_basic, pages_show_list\n" in run.stdout
    assert "Without instagram_manage_insights" in run.stderr


def test_a_token_that_reads_no_account_is_reported(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    assert keys
    env = env_of(serve(world("facebook", accounts=0)), vault)
    sentence = complaint(command("connect", "--from-token", stdin="sandbox-token", env=env))
    assert "gives access to no Instagram professional account" in sentence
    assert all_records(vault, keys) == {}


@pytest.mark.parametrize("kind", ["permission", "service_error"])
def test_a_persons_token_is_not_kept_in_place_of_a_pages(
    serve: Serve, vault: Vault, keys: KeyRing, kind: str
) -> None:
    server = serve(world("facebook"))
    first, second, third = sorted(server.world.account_ids)
    page = next(page for page in server.world.pages if page.account and page.account.id == second)
    server.faults.add(Fault(kind=kind, match=f"/{page.id}.*access_token", times=None))
    env = env_of(server, vault)
    run = command("connect", "--from-token", stdin="sandbox-token", env=env)
    sentence = complaint(run)
    assert f"{second} (" in sentence
    assert "is not connected, because Meta does not give the token of its Page" in sentence
    assert set(all_records(vault, keys)) == {first, third}
    assert second not in run.stdout
    assert "sandbox-token" not in {each.token for each in all_records(vault, keys).values()}


def test_a_better_token_is_not_replaced_by_a_worse_one(
    serve: Serve, vault: Vault, keys: KeyRing
) -> None:
    server = serve(world("instagram"))
    account_id = server.world.account_ids[0]
    env = env_of(server, vault)
    output(command("connect", "--from-token", stdin="sandbox-token", env=env))
    (good,) = all_records(vault, keys).values()
    later = replace(good, expires=server.clock.now() + 200 * DAY)
    put(vault, keys, later)
    sentence = complaint(command("connect", "--from-token", stdin="sandbox-token", env=env))
    assert "keeps the token that it has" in sentence
    assert all_records(vault, keys) == {account_id: later}

    put(vault, keys, replace(later, status=REFUSED))
    output(command("connect", "--from-token", stdin="sandbox-token", env=env))
    assert all_records(vault, keys)[account_id].status == "good"
    assert keys


@pytest.mark.parametrize(
    ("login", "days", "is_worse"),
    [
        ("facebook", (None, 60), True),
        ("facebook", (None, None), False),
        ("facebook", (60, None), False),
        ("instagram", (None, 60), False),
        ("instagram", (50, 60), False),
        ("instagram", (60, 0.04), True),
        ("instagram", (60, 59.5), False),
        ("instagram", (60, None), False),
        ("instagram", (-1, -2), False),
    ],
)
def test_which_token_is_worse(
    record: Record, now: dt.datetime, login: str, days: tuple[float, float], *, is_worse: bool
) -> None:
    ends = [each if each is None else now + each * DAY for each in days]
    before, after = (replace(record, login=login, expires=end, obtained=now) for end in ends)
    assert after.is_worse_than(before) is is_worse
