"""No secret leaves in plain text, or for a host that nobody has named twice."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
import requests
from requests.adapters import HTTPAdapter
from singer_sdk.exceptions import ConfigValidationError

from tap_instagram_business.commands.options import CommandSettings
from tap_instagram_business.graph import api
from tap_instagram_business.graph.errors import Unreachable
from tap_instagram_business.settings.secrets import secret_problems
from tap_instagram_business.tap import TapInstagramBusiness
from tap_instagram_business.tokens import oauth
from tap_instagram_business.tokens.encryption import SOURCES
from tap_instagram_business.tokens.errors import CredentialsError
from tests.tokens.command import APP, command, complaint, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.encryption import KeyRing

TOKEN = "EAAcanary-token-for-one-host-0123456789"
ACCOUNT = "17841400000000001"
COMMANDS = {
    "sync": (),
    "doctor": ("doctor",),
    "connect": ("connect", "--from-token", "--vault", "vault"),
    "list-accounts": ("list-accounts", "--vault", "vault"),
    "disconnect": ("disconnect", ACCOUNT, "--vault", "vault", "--yes"),
    "erase": ("erase", ACCOUNT, "--no-bigquery", "--no-state", "--yes"),
    "rotate-keys": ("rotate-keys", "--vault", "vault"),
    "verify-signed-request": ("verify-signed-request",),
}
"""Every command that uses settings."""


def run(name: str, **settings: Any) -> str:
    """Run a command with settings in the environment, and return its one error sentence."""
    arguments = COMMANDS[name] or ("--config=ENV",)
    return complaint(command(*arguments, env=environment(**settings), stdin=TOKEN))


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_sends_a_token_in_plain_text(name: str) -> None:
    sentence = run(name, ACCESS_TOKEN=TOKEN, API_URL="http://graph.evil.example")
    assert sentence.startswith("Setting `api_url` must begin with https://")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_takes_a_secret_in_plain_text_that_must_be_encrypted(name: str) -> None:
    sentence = run(name, ACCESS_TOKEN=TOKEN, REQUIRE_ENCRYPTED_SECRETS="true")
    assert sentence.startswith("Setting `access_token` is plain text")
    assert TOKEN not in sentence


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_refuses_a_switch_that_is_neither_true_nor_false(name: str) -> None:
    sentence = run(name, ACCESS_TOKEN=TOKEN, REQUIRE_ENCRYPTED_SECRETS="ture")
    assert sentence == "Setting `require_encrypted_secrets` must be true or false."


@pytest.mark.parametrize("value", ["2", "yess", "none", " ", "[]", "true false", 1, 0, []])
def test_no_other_value_of_the_switch_is_taken_for_true_or_false(value: Any) -> None:
    with pytest.MonkeyPatch.context() as environment:
        config = {} if isinstance(value, str) else {"require_encrypted_secrets": value}
        environment.setenv("TAP_INSTAGRAM_BUSINESS_REQUIRE_ENCRYPTED_SECRETS", str(value))
        with pytest.raises(CredentialsError, match="must be true or false"):
            CommandSettings({"require_encrypted_secrets": value})
        with pytest.raises(ConfigValidationError, match="must be true or false"):
            TapInstagramBusiness(config=config, parse_env_config=isinstance(value, str))


@pytest.mark.parametrize("name", COMMANDS)
def test_encrypted_secrets_go_to_no_other_host_without_a_second_switch(
    name: str, key: str, keys: KeyRing
) -> None:
    encrypted = keys.encrypt(TOKEN, "access_token")
    sentence = run(name, ACCESS_TOKEN=encrypted, API_URL="https://graph.evil.example")
    assert "graph.evil.example, which is not Meta's" in sentence
    assert api.TRUSTED_HOST_VARIABLE in sentence
    assert key


ADDRESSES = (
    "http://127.0.0.1@evil.example",
    "http://127.0.0.1:80@evil.example",
    "http://127.0.0.1\\@evil.example",
    "http://127.0.0.1#@evil.example",
    "http://127.0.0.1?@evil.example",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://0x7f000001.evil.example",
    "http://0.0.0.0",
    "http://[::ffff:203.0.113.7]",
    "http://graph.facebook.com",
    "http://127.0.0.1\n",
    "HTTP://evil.example",
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "//evil.example",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_not_what_it_seems_is_refused(address: str) -> None:
    config = {"access_token": TOKEN, "api_url": address}
    with pytest.raises(CredentialsError, match="Setting `api_url` must be"):
        CommandSettings(config)
    with pytest.raises(ConfigValidationError, match="Setting `api_url` must be"):
        TapInstagramBusiness(config=config)


@pytest.mark.parametrize(
    ("address", "trusted", "is_allowed"),
    [
        ("https://graph.evil.example", "", False),
        ("https://graph.evil.example", "true", False),
        ("https://graph.evil.example", "evil.example", False),
        ("https://graph.evil.example", "graph.evil.example", True),
        ("https://facebook.com.evil.example", "", False),
        ("https://notfacebook.com", "", False),
        ("https://graph.facebook.com", "", True),
        ("https://graph.instagram.com:443", "", True),
        ("http://127.0.0.1:8010", "", True),
        ("http://127.8.9.1", "", True),
        ("http://[::1]:8010", "", True),
        ("http://localhost:8010/", "", True),
        ("", "", True),
    ],
)
def test_which_hosts_may_have_encrypted_secrets(
    monkeypatch: pytest.MonkeyPatch, address: str, trusted: str, *, is_allowed: bool
) -> None:
    settings = {"api_url": address, "vault_path": "vault"}
    monkeypatch.setenv(api.TRUSTED_HOST_VARIABLE, trusted)
    found = list(secret_problems(settings))
    assert bool(found) is not is_allowed


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_of_keys_counts_as_encrypted_secrets(
    monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """A token that a command reads from standard input may be stored with these keys."""
    settings = {"api_url": "https://graph.evil.example"}
    assert not list(secret_problems(settings))
    monkeypatch.setenv(source, "anything")
    (sentence,) = secret_problems(settings)
    assert "graph.evil.example, which is not Meta's" in sentence


def test_no_password_of_the_users_netrc_file_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library sends it to hosts on https where a request has no credentials of its own."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine graph.instagram.com login someone password canary-password\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    sent: list[requests.PreparedRequest] = []

    def note(_: HTTPAdapter, request: requests.PreparedRequest, **_options: Any) -> NoReturn:
        sent.append(request)
        raise requests.ConnectionError

    monkeypatch.setattr(HTTPAdapter, "send", note)
    with pytest.raises(Unreachable):
        oauth.refresh(oauth.App("instagram"), TOKEN)
    (request,) = sent
    assert str(request.url).startswith("https://graph.instagram.com/refresh_access_token?")
    assert "Authorization" not in request.headers


def test_a_run_warns_of_a_host_that_is_not_metas() -> None:
    env = environment(ACCESS_TOKEN=TOKEN, API_URL="https://127.0.0.1.invalid", MAX_CALLS="1")
    ran = command("--config=ENV", env=env)
    assert "to 127.0.0.1.invalid, which is not Meta's." in ran.stderr
    assert TOKEN not in ran.stderr


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that answers nothing: its address, and what it has received."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    received.append(connection.recv(65536))

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", received
        listening.shutdown(socket.SHUT_RDWR)


def test_no_proxy_sees_what_is_for_this_machine(
    serve: Callable[..., GraphApiServer], proxy: tuple[str, list[bytes]], key: str, tmp_path: Path
) -> None:
    address, received = proxy
    names = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
    through = dict.fromkeys(names, address) | {"no_proxy": "", "NO_PROXY": ""}
    env = environment(serve(), VAULT_PATH=str(tmp_path / "vault"), **APP)
    ran = command("connect", "--from-token", env={**env, **through}, stdin="sandbox-token")
    assert ran.returncode == 0, ran.stderr
    assert received == []
    assert key
