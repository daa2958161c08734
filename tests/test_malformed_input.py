"""A file, a setting or a token that is not what it should be is told in a sentence."""

from __future__ import annotations

import datetime as dt
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click
import pytest
from singer_sdk.exceptions import ConfigValidationError

from tap_instagram_business.cli import read_catalog, read_config, read_state
from tap_instagram_business.commands.options import CommandSettings
from tap_instagram_business.settings import checks
from tap_instagram_business.settings.reading import complete
from tap_instagram_business.settings.schema import PROPERTIES, SETTINGS
from tap_instagram_business.settings.secrets import Secrets
from tap_instagram_business.tap import TapInstagramBusiness
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.vault import Vault
from tests.program import complaint
from tests.tokens.command import command, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer

TOKEN = "EAAcanary-token-0123456789"
PREFIX = "TAP_INSTAGRAM_BUSINESS_"
DEEP = "[" * 100_000
FILES: dict[str, str | bytes] = {
    "deep": DEEP,
    "deep objects": '{"a":' * 100_000,
    "a list": "[]",
    "a text": '"x"',
    "nothing": "",
    "no text": b"\xff\xfe\x00\x01",
    "a huge number": '{"max_calls": ' + "9" * 5_000 + "}",
}


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "given.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_holds_no_json_object(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, FILES[name])
    for read in (read_state, read_catalog):
        with path.open() as file, pytest.raises(SystemExit):
            read(file)
    with pytest.raises(SystemExit):
        read_config(click.Context(click.Command("tap")), click.Option(["--config"]), (str(path),))
    assert caplog.text.count(f"{path} does not hold a JSON object") == 3


@pytest.mark.parametrize(
    "state",
    [
        {"bookmarks": 5},
        {"bookmarks": []},
        {"bookmarks": {"media": 5}},
        {"bookmarks": {"media": {"accounts": []}}},
        {"bookmarks": {"media": {"accounts": {"17841": "2026-01-01"}}}},
        {"bookmarks": None},
    ],
)
def test_a_state_of_another_form(tmp_path: Path, state: Any) -> None:
    with written(tmp_path, json.dumps(state)).open() as file, pytest.raises(SystemExit):
        read_state(file)


@pytest.mark.parametrize(
    "catalog",
    [{"streams": None}, {"streams": 5}, {"streams": [5]}, {"streams": [{}]}, {"streams": {"a": 1}}],
)
def test_a_catalog_of_another_form(tmp_path: Path, catalog: Any) -> None:
    with written(tmp_path, json.dumps(catalog)).open() as file, pytest.raises(SystemExit):
        read_catalog(file)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("max_wait_minutes", "60", 60),
        ("max_calls", "100", 100),
        ("max_calls", " 7 ", 7),
        ("require_encrypted_secrets", "True", True),
        ("require_encrypted_secrets", "on", True),
        ("require_encrypted_secrets", "0", False),
        ("require_encrypted_secrets", "No", False),
        ("account_ids", '["17841", "17842"]', ["17841", "17842"]),
        ("account_ids", "['17841', '17842']", ["17841", "17842"]),
        ("account_ids", "17841, 17842", ["17841", "17842"]),
        ("account_ids", "[]", []),
        ("start_date", "2026-01-31", "2026-01-31"),
    ],
)
def test_environment_variables_are_read_as_meltano_reads_them(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: Any
) -> None:
    monkeypatch.setenv(f"{PREFIX}{name.upper()}", text)
    config = {"access_token": f"enc:v1:{TOKEN}"}
    tap = TapInstagramBusiness(config=config, parse_env_config=True)
    assert tap.config[name] == value
    assert type(tap.config[name]) is type(value)


@pytest.mark.parametrize(
    ("start_date", "is_wrong"),
    [("2026-11-19", False), ("2026-11-20", False), ("2026-11-21", True)],
)
def test_a_start_date_may_be_today(
    monkeypatch: pytest.MonkeyPatch, start_date: str, *, is_wrong: bool
) -> None:
    now = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
    clock = SimpleNamespace(
        date=dt.date, timezone=dt.timezone, datetime=SimpleNamespace(now=lambda _: now)
    )
    monkeypatch.setattr(checks, "dt", clock)
    found = checks.problems({"start_date": start_date}, PROPERTIES, needs_token=False)
    future = "Setting `start_date` lies in the future: choose 2026-11-20 or a day before it."
    assert found == ([future] if is_wrong else [])


WRONG = {
    "integer": ["x", "1.5", "1,5", "nan", "1e3", "0x10", "9" * 5_000, "true"],
    "boolean": ["x", "2", "ture", " "],
    "array": ["[", "[1.5]", "[[]]", "['a'", DEEP, "[__import__('os')]", "@acme"],
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_environment_variable_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    properties = SETTINGS.to_dict()["properties"]
    names = [name for name, schema in properties.items() if kind in schema["type"]]
    assert names
    for name in names:
        for text in WRONG[kind]:
            assert complete({name: text}, properties)[name] == text or kind == "array"
            monkeypatch.setenv(f"{PREFIX}{name.upper()}", text)
            with pytest.raises(ConfigValidationError, match=f"Setting `{name}` must"):
                TapInstagramBusiness(config={"access_token": TOKEN}, parse_env_config=True)
        monkeypatch.delenv(f"{PREFIX}{name.upper()}")


def test_a_line_break_after_a_token_is_left_out(serve: Callable[..., GraphApiServer]) -> None:
    server = serve()
    settings = {"ACCESS_TOKEN": "sandbox-token\r\n", "APP_SECRET": "sandbox-app-secret\n"}
    ran = command("--config=ENV", env=environment(server, **settings, MAX_CALLS="3"))
    assert ran.returncode == 0, ran.stderr
    assert server.requests.stats()["calls"]


@pytest.mark.parametrize("token", [f"{TOKEN}\nX: y", f"{TOKEN}\r\nX: y", f"a {TOKEN}", f"{TOKEN}é"])
def test_a_token_with_other_characters_is_told_in_a_sentence(token: str) -> None:
    with pytest.raises(CredentialsError, match="is not a token") as told:
        Secrets({"access_token": token})["access_token"]
    assert TOKEN not in str(told.value)


@pytest.mark.parametrize(
    "location",
    ["foo://bucket/vault", "://x", "zip://x", "ftp://127.0.0.1:9/vault", "reference://x"],
)
def test_a_uri_of_an_unknown_kind_is_told_in_a_sentence(location: str) -> None:
    with pytest.raises(CredentialsError, match="cannot be opened"):
        Vault(location)


def test_a_setting_of_an_odd_type_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({"vault_path": []}))
    told = complaint(command("--config", str(path), "list-accounts"))
    assert told.startswith("Setting `vault_path` must be of type string")
    for name, value in (("login", {}), ("login", "x"), ("api_version", 5), ("user_agent", 1.5)):
        with pytest.raises(CredentialsError, match=f"Setting `{name}` must"):
            CommandSettings({name: value})
