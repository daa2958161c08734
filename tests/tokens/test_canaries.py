"""Whatever is run and whatever fails, no secret is shown in logs, output, rows or errors."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import click
import pytest
from singer_sdk.logging import StructuredFormatter

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from instagram_sandbox.graph_api.faults import BATCH, CALL, OPERATION, TRANSPORT
from tap_instagram_business.cli import COMMANDS, command_line
from tap_instagram_business.settings.schema import SETTINGS
from tap_instagram_business.settings.secrets import SECRET_SETTINGS
from tap_instagram_business.tap import TapInstagramBusiness
from tap_instagram_business.tokens.encryption import KEY_VARIABLE, generate_key
from tests.tap_run import Run, catalog, run_tap
from tests.tokens.command import command, environment
from tests.tokens.records import new_record, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Vault

    Serve = Callable[..., GraphApiServer]

TOKEN = "canary.token+0123456789/abcdef"
SECRET = "canary&app=secret 0123456789"
APP_ID = "1234567890123456"
API = ApiSettings(access_token=TOKEN, app_secret=SECRET, app_id=APP_ID)
EVERYTHING = catalog(*TapInstagramBusiness(validate_config=False).streams)
START_DATE = "2026-11-17"
"""From when the worlds here have media: more days would show nothing else."""
DEBUG = {"LOGLEVEL": "DEBUG", "TAP_INSTAGRAM_BUSINESS_LOGLEVEL": "DEBUG"}


def serve_world(serve: Serve, login: str) -> GraphApiServer:
    world = WorldSettings(accounts=2, posts=4, days=3, login=login)  # type: ignore[arg-type]
    return serve(world, api_settings=API)


def secrets_of(server: GraphApiServer, *more: str) -> set[str]:
    """All tokens that exist by now, the app's secret, and more secrets."""
    return {token.text for token in server.api.tokens.all()} | {SECRET, *more}


def shows_none_of(text: str, secrets: set[str]) -> bool:
    """Look for each secret as it is, and as addresses and JSON write it."""
    assert len(text) > 20
    forms: tuple[Callable[[str], str], ...] = (
        str,
        quote_plus,
        lambda secret: quote(secret, safe=""),
        lambda secret: json.dumps(secret)[1:-1],
    )
    return not [secret for secret in secrets for form in forms if form(secret) in text]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged at DEBUG level, as the SDK's two formatters write it."""
    written = io.StringIO()
    handlers = [logging.StreamHandler(written), logging.StreamHandler(written)]
    handlers[1].setFormatter(StructuredFormatter())
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    # This logger writes a line for every column of every row.
    logging.getLogger("singer_sdk.singerlib.catalog").setLevel(logging.INFO)
    for handler in handlers:
        root.addHandler(handler)
    yield written
    for handler in handlers:
        root.removeHandler(handler)
    root.setLevel(level)
    logging.getLogger("singer_sdk.singerlib.catalog").setLevel(logging.NOTSET)


def everything_written(run: Run, log: io.StringIO) -> str:
    failure = "".join(traceback.format_exception(run.error)) if run.error else ""
    rows = json.dumps([run.records, run.states, run.schemas], default=str)
    return f"{log.getvalue()}{rows}{failure}"


def settings_with(way: str, server: GraphApiServer, vault: Vault, keys: KeyRing) -> dict[str, Any]:
    login = server.world.settings.login
    given = {"login": login, "app_id": APP_ID, "on_rate_limit": "stop", "catalog": EVERYTHING}
    given["start_date"] = START_DATE
    given["extra_metrics"] = ["media:new_metric", "account:new_metric"]
    if way == "plain":
        return {**given, "access_token": TOKEN, "app_secret": SECRET}
    encrypted = {**given, "app_secret": keys.encrypt(SECRET, "app_secret")}
    if way == "encrypted":
        return {
            **encrypted,
            "access_token": keys.encrypt(TOKEN, "access_token"),
            "require_encrypted_secrets": True,
        }
    account_ids = server.world.account_ids
    tokens = [TOKEN, f"{TOKEN}-2"] if login == "instagram" else [TOKEN, TOKEN]
    ends = server.clock.now() + dt.timedelta(days=5)
    for account_id, token in zip(account_ids, tokens, strict=True):
        put(vault, keys, new_record(account_id, token, login=login, expires=ends))
    return {**encrypted, "access_token": "", "vault_path": vault.location}


@pytest.mark.parametrize("login", ["facebook", "instagram"])
@pytest.mark.parametrize("way", ["plain", "encrypted", "vault"])
def test_a_run_of_every_table_shows_no_secret(  # noqa: PLR0913, PLR0917
    serve: Serve, vault: Vault, key: str, keys: KeyRing, log: io.StringIO, way: str, login: str
) -> None:
    server = serve_world(serve, login)
    run = run_tap(server, **settings_with(way, server, vault, keys))
    assert set(run.schemas) == set(TapInstagramBusiness(validate_config=False).streams)
    assert " /v26.0" in log.getvalue()
    assert shows_none_of(everything_written(run, log), secrets_of(server, key))


@pytest.mark.parametrize(
    ("login", "kind"),
    [
        *(("facebook", kind) for kind in (*TRANSPORT, *BATCH, *OPERATION, *CALL)),
        *(("instagram", kind) for kind in (*TRANSPORT, *CALL)),
    ],
)
def test_no_failure_of_the_api_shows_a_secret(  # noqa: PLR0913, PLR0917
    serve: Serve, vault: Vault, key: str, keys: KeyRing, log: io.StringIO, kind: str, login: str
) -> None:
    server = serve_world(serve, login)
    fault = Fault(
        kind=kind,
        times=12,
        after=2,
        seconds=0.1,
        body=f"{TOKEN} and {SECRET} where JSON ought to be",
        names=("reach",) if kind == "retire_metrics" else (),
        **({"code": 999, "message": f"Bad {TOKEN}"} if kind.startswith("error") else {}),  # type: ignore[arg-type]
    )
    server.faults.add(fault)
    settings = settings_with("vault", server, vault, keys)
    run = run_tap(server, strict=False, **settings)
    assert shows_none_of(everything_written(run, log), secrets_of(server, key))


@pytest.mark.parametrize("name", ["access_token", "app_secret"])
@pytest.mark.parametrize("wrong", [f"enc:{TOKEN}", f"enc:v1:{SECRET}", [TOKEN], {"a": SECRET}, 5])
def test_wrong_settings_show_no_secret(
    serve: Serve, keys: KeyRing, log: io.StringIO, name: str, wrong: Any
) -> None:
    assert keys
    server = serve_world(serve, "facebook")
    settings = {"access_token": TOKEN, "app_secret": SECRET, name: wrong}
    run = run_tap(server, strict=False, **settings)
    assert run.error
    assert name in str(run.error)
    assert shows_none_of(everything_written(run, log), secrets_of(server))


@pytest.mark.parametrize("name", SECRET_SETTINGS)
def test_plain_text_can_be_forbidden(serve: Serve, keys: KeyRing, name: str) -> None:
    secrets = {"access_token": TOKEN, "app_secret": SECRET}
    others = {n: keys.encrypt(secret, n) for n, secret in secrets.items() if n != name}
    settings = {**others, name: secrets[name], "require_encrypted_secrets": True}
    run = run_tap(serve_world(serve, "facebook"), strict=False, **settings)
    assert f"Setting `{name}` is plain text" in str(run.error)
    assert secrets[name] not in str(run.error)


def test_the_settings_stay_encrypted(serve: Serve, keys: KeyRing) -> None:
    server = serve_world(serve, "facebook")
    ciphertext = keys.encrypt(TOKEN, "access_token")
    tap = TapInstagramBusiness(config={"access_token": ciphertext, "api_url": server.url})
    tap.this_run.find_accounts()
    assert tap.this_run.accounts
    tap.this_run.graph.close()
    assert tap.config["access_token"] == ciphertext
    assert TOKEN not in repr(vars(tap)) + repr(tap.config) + json.dumps(tap.state)


def test_the_secret_settings_are_marked_in_the_schema() -> None:
    schema = SETTINGS.to_dict()["properties"]
    assert {name for name in schema if schema[name].get("secret")} == set(SECRET_SETTINGS)


# Commands


def everything_printed(*arguments: str, env: dict[str, str], stdin: str = "") -> str:
    run = command(*arguments, env={**env, **DEBUG}, stdin=stdin)
    return f"{run.returncode} {run.stdout} {run.stderr}"


def test_no_command_shows_a_secret(serve: Serve, vault: Vault, key: str) -> None:
    server = serve_world(serve, "facebook")
    env = environment(server, VAULT_PATH=vault.location, APP_ID=APP_ID, APP_SECRET=SECRET)
    env[KEY_VARIABLE] = f"{generate_key()},{key}"
    account_id = server.world.account_ids[0]
    runs = [
        (("encrypt",), TOKEN),
        (("encrypt", "--setting", "app_secret"), SECRET),
        (("connect", "--from-token"), TOKEN),
        (("list-accounts",), ""),
        (("doctor", "--json"), ""),
        (("refresh-tokens",), ""),
        (("rotate-keys",), ""),
        (("verify-signed-request",), f"signed_request={TOKEN}"),
        (("disconnect", account_id, "--yes"), ""),
        (("erase", account_id, "--no-state", "--no-bigquery", "--yes"), ""),
        (("reshard-state", "2"), ""),
        (("prune-runs",), ""),
        (("--config=ENV",), ""),
        (("--config=ENV", "--discover"), ""),
        (("--about",), ""),
    ]
    assert {name for (name, *_), _ in runs} >= set(COMMANDS) - {"sandbox", "generate-key"}
    text = "".join(
        everything_printed(*arguments, env=env, stdin=stdin) for arguments, stdin in runs
    )
    assert "DEBUG" in text
    assert shows_none_of(text, secrets_of(server, *env[KEY_VARIABLE].split(",")) | {TOKEN})


FAILURE_CAUSES = {
    "no network": {"API_URL": "http://127.0.0.1:9"},
    "a damaged vault": {"VAULT_PATH": "/dev/null"},
    "no key": {"ENCRYPTION_KEY": ""},
    "a key that is none": {"ENCRYPTION_KEY": f"{TOKEN},{SECRET}"},
    "a setting that is no ciphertext": {"APP_SECRET": f"enc:v1:{SECRET}"},
}


@pytest.mark.parametrize("name", FAILURE_CAUSES)
def test_no_failure_of_a_command_shows_a_secret(
    serve: Serve, vault: Vault, keys: KeyRing, name: str
) -> None:
    server = serve_world(serve, "facebook")
    account_id = server.world.account_ids[0]
    put(vault, keys, new_record(account_id, TOKEN))
    settings = {"VAULT_PATH": vault.location, "APP_ID": APP_ID, "APP_SECRET": SECRET}
    env = environment(server, **{**settings, **FAILURE_CAUSES[name]})
    runs = [
        (("connect", "--from-token"), TOKEN),
        (("disconnect", account_id, "--yes"), ""),
        (("rotate-keys",), ""),
        (("encrypt",), TOKEN),
        (("verify-signed-request",), TOKEN),
        (("--config=ENV",), ""),
    ]
    # All at once: without a network, each of some waits for it.
    with ThreadPoolExecutor(len(runs)) as threads:
        said = [
            threads.submit(everything_printed, *typed, env=env, stdin=stdin)
            for typed, stdin in runs
        ]
    text = "".join(output.result() for output in said)
    assert "Traceback" not in text
    assert "CRITICAL" in text
    assert shows_none_of(text, secrets_of(server) | {TOKEN})


def test_no_secret_is_taken_from_the_command_line() -> None:
    """Every process of the machine can read the command line."""
    group = command_line()
    for name in COMMANDS:
        found = group.get_command(click.Context(group), name)
        assert found
        for option in found.params:
            takes_value = isinstance(option, click.Option) and not option.is_flag
            assert not takes_value or not {"token", "secret", "key"} & set(option.opts)
            is_argument = isinstance(option, click.Argument)
            assert not is_argument or option.name in {"account_ids", "shards"}
