"""What one can type, and the sentence one gets for a mistake."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings
from tests import program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer

TOKEN = "EAAcanary-token-0123456789"
SECRET = "canary-app-secret-0123456789"


def tap(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("TAP_INSTAGRAM")}
    return program.run(*arguments, env={**inherited, **environment})


def sync(tmp_path: Path, **settings: Any) -> subprocess.CompletedProcess[str]:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings))
    return tap("--config", str(config))


def complaint(run: subprocess.CompletedProcess[str]) -> str:
    """The one error sentence of a run, which must have failed and shown no secret."""
    assert TOKEN not in run.stdout + run.stderr
    assert SECRET not in run.stdout + run.stderr
    return program.complaint(run)


@pytest.mark.parametrize("flag", ["--help", "--version", "--about", "--discover"])
def test_flags_that_need_no_config(flag: str) -> None:
    run = tap(flag)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_about_as_json_names_every_setting_and_which_are_secret() -> None:
    about = json.loads(tap("--about", "--format", "json").stdout)
    settings = about["settings"]["properties"]
    secret = {name for name, schema in settings.items() if schema.get("secret")}
    assert secret == {"access_token", "app_secret"}
    assert all(schema.get("description") for schema in settings.values())
    assert "batch" not in about["capabilities"]


CONFIG = "{folder}/config.json"
BESIDE_A_FILE = "environment variables are read only with --config=ENV"


@pytest.mark.parametrize(
    ("arguments", "is_read"),
    [
        ((), True),
        (("--config=ENV",), True),
        (("--config", CONFIG, "--config=ENV"), True),
        (("doctor",), True),
        (("doctor", "--config=ENV"), True),
        (("--config", CONFIG, "doctor", "--config=ENV"), True),
        (("--config=ENV", "doctor", "--config", CONFIG), True),
        (("list-accounts",), True),
        (("--config", CONFIG, "list-accounts", "--config=ENV"), True),
        (("--config", CONFIG), False),
        (("--config", CONFIG, "doctor"), False),
        (("doctor", "--config", CONFIG), False),
        (("--config", CONFIG, "list-accounts"), False),
    ],
)
def test_the_environment_is_read_without_a_config_file_or_with_env(
    tmp_path: Path, arguments: tuple[str, ...], *, is_read: bool
) -> None:
    """The login in the environment is wrong: who reads it says so."""
    (tmp_path / "config.json").write_text('{"vault_path": ""}')
    run = tap(
        *(argument.format(folder=tmp_path) for argument in arguments),
        TAP_INSTAGRAM_BUSINESS_ACCESS_TOKEN=TOKEN,
        TAP_INSTAGRAM_BUSINESS_LOGIN="twitter",
    )
    sentence = complaint(run)
    assert (sentence == "Setting `login` must be one of facebook, instagram.") is is_read
    assert is_read or BESIDE_A_FILE in sentence or "list-accounts" in arguments


def test_a_config_file_after_a_command_wins_over_one_before_it(tmp_path: Path) -> None:
    for name, login in (("wrong", "twitter"), ("right", "facebook")):
        (tmp_path / name).write_text(f'{{"login": "{login}"}}')
    wrong, right = (f"--config={tmp_path / name}" for name in ("wrong", "right"))
    refused = "Setting `login` must be one of facebook, instagram."
    for before, after in ((wrong, right), (right, wrong)):
        sentence = complaint(tap(before, "list-accounts", after))
        assert (sentence == refused) is (after == wrong)
        assert (complaint(tap(before, after)) == refused) is (after == wrong)


def in_folder(folder: Path, *arguments: str) -> str:
    """The error sentence of a command in a working directory, with an empty environment."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TAP_INSTA")}
    run = subprocess.run(
        [*program.PROGRAM, *arguments],
        cwd=folder,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    return complaint(run)


@pytest.mark.parametrize("arguments", [(), ("doctor",), ("list-accounts",)])
@pytest.mark.parametrize("place", [".", "below"])
def test_the_file_env_is_read_from_the_working_directory_only(
    tmp_path: Path, place: str, arguments: tuple[str, ...]
) -> None:
    (tmp_path / ".env").write_text("TAP_INSTAGRAM_BUSINESS_LOGIN=twitter\n")
    (tmp_path / "below").mkdir()
    sentence = in_folder(tmp_path / place, *arguments)
    assert ("Setting `login` must be one of" in sentence) is (place == ".")


@pytest.mark.parametrize("content", [b"\xff\xfe=1\n", b"TAP_INSTAGRAM_BUSINESS_LOGIN=a\0b\n"])
def test_a_file_env_that_is_not_text_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    assert "The file .env in the working directory is not text" in in_folder(tmp_path)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"login": "twitter"}, "Setting `login` must be one of facebook, instagram."),
        (
            {"start_date": "last week"},
            "Setting `start_date` must be a date written as YYYY-MM-DD, such as 2026-01-31.",
        ),
        ({"start_date": "2999-01-01"}, "Setting `start_date` lies in the future: choose"),
        (
            {"account_ids": ["@acme"]},
            "Setting `account_ids` must be ids of digits only with commas",
        ),
        ({"account_ids": 1.5}, "Setting `account_ids` must be ids of digits only with commas"),
        ({"api_version": "25"}, "Setting `api_version` must look like v26.0."),
        ({"media_refresh": "daily"}, "Setting `media_refresh` must be `always` or look like"),
        ({"parallel_requests": 0}, "Setting `parallel_requests` must be 1 or more."),
        ({"app_secret": 1234}, "Setting `app_secret` must be of type string."),
        ({"access_token": ""}, "Setting `access_token` is missing: put a token into"),
        ({"access_token": 12}, "Setting `access_token` must be of type string."),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(
    tmp_path: Path, settings: dict[str, Any], sentence: str
) -> None:
    run = sync(tmp_path, **{"access_token": TOKEN, "app_secret": SECRET, **settings})
    assert complaint(run).startswith(sentence)


def test_no_settings_at_all() -> None:
    assert complaint(tap()).startswith("Setting `access_token` is missing")


def test_a_host_that_does_not_answer(tmp_path: Path) -> None:
    run = sync(tmp_path, access_token=TOKEN, app_secret=SECRET, api_url="http://127.0.0.1:9")
    assert complaint(run) == (
        "http://127.0.0.1:9/v26.0 gives no answer (no connection, or it broke): check the network, "
        "and setting `api_url` where it is set."
    )


def test_a_token_that_is_dead(tmp_path: Path, serve: Callable[..., GraphApiServer]) -> None:
    run = sync(tmp_path, access_token=TOKEN, api_url=serve().url)
    sentence = complaint(run)
    assert sentence.startswith("Meta's error 190")
    assert sentence.endswith(", or set `login` to the login that the token belongs to.")


def test_a_wrong_app_secret(tmp_path: Path, serve: Callable[..., GraphApiServer]) -> None:
    run = sync(tmp_path, access_token="sandbox-token", app_secret=SECRET, api_url=serve().url)
    assert "check setting `app_secret`" in complaint(run)


def test_the_right_app_secret_signs_every_call(
    tmp_path: Path, serve: Callable[..., GraphApiServer]
) -> None:
    server = serve(api_settings=ApiSettings(require_proof=True))
    run = sync(
        tmp_path,
        access_token="sandbox-token",
        app_secret="sandbox-app-secret",
        api_url=server.url,
    )
    assert run.returncode == 0, run.stderr
    gets = [request for request in server.requests if request.method == "GET"]
    assert gets
    assert not any(request.token_in_url for request in gets)


def test_an_account_that_the_token_cannot_see(
    tmp_path: Path, serve: Callable[..., GraphApiServer]
) -> None:
    run = sync(
        tmp_path,
        access_token="sandbox-token",
        account_ids=["17841499999999999"],
        api_url=serve().url,
    )
    sentence = complaint(run)
    assert "17841499999999999" in sentence
    assert "setting `account_ids`" in sentence


def test_a_config_file_that_is_not_there() -> None:
    run = tap("--config", "/nonexistent/config.json")
    assert "/nonexistent/config.json" in complaint(run)


def test_a_config_file_that_is_no_json(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(f'{{"access_token": "{TOKEN}", oops')
    assert str(config) in complaint(tap("--config", str(config)))


def test_days_are_those_of_metas_clock_not_the_machines(
    tmp_path: Path, serve: Callable[..., GraphApiServer]
) -> None:
    server = serve()
    run = sync(tmp_path, access_token="sandbox-token", api_url=server.url)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    dates = {
        row["record"]["snapshot_date"]
        for row in rows
        if row.get("stream") == "account_history" and row["type"] == "RECORD"
    }
    assert dates == {server.clock.now().date().isoformat()}
    assert server.clock.now().date() != dt.datetime.now(dt.timezone.utc).date()


def test_a_target_that_ends_early_is_told_in_a_sentence(
    tmp_path: Path, serve: Callable[..., GraphApiServer]
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"access_token": "sandbox-token", "api_url": serve().url}))
    run = subprocess.Popen(
        [*program.PROGRAM, "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout
    assert run.stdout.readline()
    run.stdout.close()
    assert run.stderr
    log = run.stderr.read()
    run.stderr.close()
    assert run.wait(timeout=60) == 1
    assert "The target ended early" in log
    assert "Traceback" not in log


@pytest.mark.parametrize("mode", ["all", "schema"])
def test_a_trial_run_reads_the_selected_tables_only_and_tells_no_error(
    tmp_path: Path, serve: Callable[..., GraphApiServer], mode: str
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"access_token": "sandbox-token", "api_url": serve().url}))
    run = tap("--config", str(config), f"--test={mode}")
    assert run.returncode == 0, run.stderr
    assert not re.search("ERROR|CRITICAL|Traceback", run.stderr)
    messages = [json.loads(line) for line in run.stdout.splitlines()]
    told = Counter((message["type"], message.get("stream")) for message in messages)
    assert not [stream for _, stream in told if stream in {"comments", "tagged_media"}]
    assert told["SCHEMA", "media"] == 1
    assert told["RECORD", "media"] == (1 if mode == "all" else 0)
    assert max(number for (kind, _), number in told.items() if kind != "STATE") == 1
