"""What a first day brings: wrong settings, files and commands, each told in one sentence."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import GraphApiServer, WorldSettings
from tap_instagram_business.settings.checks import ON_PURPOSE
from tap_instagram_business.tokens.encryption import KEY_VARIABLE, KeyRing, generate_key
from tests import program
from tests.tokens.command import command, environment, output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX = "TAP_INSTAGRAM_BUSINESS_"
MAX_LINES = 15
TOKEN = "EAAcanary-token-0123456789"
INSTAGRAM_TOKEN = "IGAAcanary-token-0123456789"
SECRET = "canary-app-secret-0123456789"
SYNC = "--config=ENV"
"""Beside a config file, the environment is read only with this option."""
DEAD = {"ACCESS_TOKEN": TOKEN}
GOOD = {"ACCESS_TOKEN": "sandbox-token"}
VAULT = {"VAULT_PATH": "{folder}/vault", "ENCRYPTION_KEY_FILE": "{folder}/good.key"}
MISSING = "Setting `access_token` is missing: put a token into the environment variable"
USAGE = 2


@dataclass(frozen=True)
class Mistake:
    """A wrong input.

    Attributes:
        arguments: The command line; `{folder}` stands for a folder with `FILES`.
        says: What the one sentence must hold, as a regular expression.
        settings: The environment variables without their prefix.
        code: The exit code.
        stdin: The standard input.
    """

    arguments: str
    says: str
    settings: Mapping[str, str] = field(default_factory=dict)
    code: int = 1
    stdin: str = ""


FILES = {
    "list.json": "[]",
    "broken.json": '{"access_token": "' + TOKEN + '"',
    "config.yml": f"access_token: {TOKEN}\n",
    "state.json": '{"bookmarks": 5}',
    "short.key": "too short",
    "no-vault.json": "hello",
    "empty.txt": "",
}

TOKENS = {
    "no token": Mistake(SYNC, MISSING),
    "an empty token": Mistake(SYNC, MISSING, {"ACCESS_TOKEN": ""}),
    "a token of spaces": Mistake(SYNC, MISSING, {"ACCESS_TOKEN": "  "}),
    "no token, for doctor": Mistake("doctor", MISSING),
    "a misspelt name of the token": Mistake(
        SYNC, f"did you mean `{PREFIX}ACCESS_TOKEN`", {"ACCES_TOKEN": TOKEN}
    ),
    "a token with Bearer before it": Mistake(
        SYNC, "begins with the word Bearer: leave", {"ACCESS_TOKEN": f"Bearer {TOKEN}"}
    ),
    "a token with a line break in it": Mistake(
        SYNC, "is not a token: it has spaces, line", {"ACCESS_TOKEN": f"{TOKEN}\n{TOKEN}"}
    ),
    "the placeholder of a manual": Mistake(SYNC, "is not a token", {"ACCESS_TOKEN": "EAAB…"}),
    "a dead token": Mistake(SYNC, "error 190: .*: connect the account again", DEAD),
    "a token of an unknown kind": Mistake(
        SYNC, "error 190: .*, or set `login` to", {"ACCESS_TOKEN": "XYZcanary-0123456"}
    ),
    "a token of an unknown kind, for doctor": Mistake(
        "doctor", "error 190: .*, or set `login` to", {"ACCESS_TOKEN": "XYZcanary-0123456"}
    ),
    "a token of the Instagram login": Mistake(
        SYNC, "begins with IGAA.*set `login` to instagram", {"ACCESS_TOKEN": INSTAGRAM_TOKEN}
    ),
    "a token of the Facebook login": Mistake(
        SYNC, "begins with EAA.*set `login` to facebook", {**DEAD, "LOGIN": "instagram"}
    ),
    "a token of the Instagram login, for doctor": Mistake(
        "doctor", "begins with IGAA.*set `login`", {"ACCESS_TOKEN": INSTAGRAM_TOKEN}
    ),
    "a wrong app secret": Mistake(
        SYNC, "check setting `app_secret`", {**GOOD, "APP_SECRET": SECRET}
    ),
    "plain text where it is forbidden": Mistake(
        SYNC, "encrypt it with `tap-inst", {**DEAD, "REQUIRE_ENCRYPTED_SECRETS": "true"}
    ),
}
SETTINGS = {
    "another login": Mistake(
        SYNC, "`login` must be one of facebook, in", {**DEAD, "LOGIN": "meta"}
    ),
    "a user name for an id": Mistake(
        SYNC, "`account_ids` must be ids of digits only", {**DEAD, "ACCOUNT_IDS": "@acme"}
    ),
    "an address for an id": Mistake(
        SYNC, "`account_ids` must be ids", {**DEAD, "ACCOUNT_IDS": "https://instagram.com/acme"}
    ),
    "half a list of ids": Mistake(
        SYNC, "`account_ids` must be ids of digits", {**DEAD, "ACCOUNT_IDS": '["17841'}
    ),
    "an id that is no account": Mistake(
        SYNC,
        "17841499999999999.*setting `account_ids`",
        {**GOOD, "ACCOUNT_IDS": "17841499999999999"},
    ),
    "a German date": Mistake(
        SYNC, "`start_date` must be a date written as YYYY", {**DEAD, "START_DATE": "31.01.2026"}
    ),
    "a day that there is not": Mistake(
        SYNC, "`start_date` must be a date", {**DEAD, "START_DATE": "2026-02-30"}
    ),
    "a day to come": Mistake(
        SYNC, "lies in the future: choose", {**DEAD, "START_DATE": "2999-01-01"}
    ),
    "a version without v": Mistake(
        SYNC, "`api_version` must look like v26.0", {**DEAD, "API_VERSION": "26.0"}
    ),
    "an address without http": Mistake(
        SYNC, "`api_url` must be an address", {**DEAD, "API_URL": "localhost:8010"}
    ),
    "an address with a path": Mistake(
        SYNC,
        "`api_url` must be an address",
        {**DEAD, "API_URL": "https://graph.facebook.com/v26.0"},
    ),
    "an open address elsewhere": Mistake(
        SYNC, "must begin with https://, because", {**DEAD, "API_URL": "http://example.com"}
    ),
    "a sandbox that is down": Mistake(
        SYNC, "gives no answer .*: check the network", {**DEAD, "API_URL": "http://127.0.0.1:9"}
    ),
    "a sandbox that is down, for doctor": Mistake(
        "doctor", "A sync would fail: .*no answer", {**DEAD, "API_URL": "http://127.0.0.1:9"}
    ),
    "a word for a number": Mistake(
        SYNC, "`max_calls` must be of type integer", {**DEAD, "MAX_CALLS": "many"}
    ),
    "no requests": Mistake(
        SYNC, "`parallel_requests` must be 1 or more", {**DEAD, "PARALLEL_REQUESTS": "0"}
    ),
    "too many requests": Mistake(
        SYNC, "`parallel_requests` must be 32 or less", {**DEAD, "PARALLEL_REQUESTS": "99"}
    ),
    "a negative time": Mistake(
        SYNC, "`max_wait_minutes` must be 0 or more", {**DEAD, "MAX_WAIT_MINUTES": "-1"}
    ),
    "a word for when": Mistake(
        SYNC, "`media_refresh` must be `always` or", {**DEAD, "MEDIA_REFRESH": "daily"}
    ),
    "a word for the limit": Mistake(
        SYNC, "`on_rate_limit` must be one of wait, stop", {**DEAD, "ON_RATE_LIMIT": "pause"}
    ),
    "a word for yes": Mistake(
        SYNC, "must be true or false", {**DEAD, "REQUIRE_ENCRYPTED_SECRETS": "maybe"}
    ),
    "a margin of months": Mistake(
        SYNC,
        "`token_refresh_days_before_expiry` must be 59 or less",
        {**DEAD, "TOKEN_REFRESH_DAYS_BEFORE_EXPIRY": "90"},
    ),
    "a metric that is a table": Mistake(
        SYNC,
        "online_followers is a table of its own",
        {**DEAD, "EXTRA_METRICS": "account:online_followers:day"},
    ),
    "a metric without its kind": Mistake(
        SYNC, "`extra_metrics` must be a list such as", {**DEAD, "EXTRA_METRICS": "views"}
    ),
}
FILES_AND_OPTIONS = {
    "no config file": Mistake("--config {folder}/no.json", "no.json cannot be read .*--config"),
    "a folder for a config": Mistake("--config {folder}", "cannot be read .*check option --config"),
    "a config that is a list": Mistake(
        "--config {folder}/list.json", "list.json does not hold a JSON object: correct it"
    ),
    "a config with a brace too few": Mistake(
        "--config {folder}/broken.json", "broken.json does not hold a JSON object"
    ),
    "a config in YAML": Mistake("--config {folder}/config.yml", "does not hold a JSON object"),
    "no state file": Mistake(f"{SYNC} --state no.json", "'no.json': No such file", DEAD, USAGE),
    "a state of another tap": Mistake(
        f"{SYNC} --state {{folder}}/state.json", "is not a state of this tap: correct it", DEAD
    ),
    "no catalog file": Mistake(f"{SYNC} --catalog no.json", "No such file", DEAD, USAGE),
    "a catalog that is none": Mistake(
        f"{SYNC} --catalog {{folder}}/state.json", "is not a Singer catalog: make a new one", DEAD
    ),
    "an option that there is not": Mistake("--conf x", "Did you mean '--config'", code=USAGE),
    "an option of doctor that there is not": Mistake(
        "doctor --jsn", "Did you mean '--json'", code=USAGE
    ),
    "a misspelt command": Mistake("docter", "No such command 'docter'. Did you", code=USAGE),
    "a command of another program": Mistake("run", "No such command 'run'", code=USAGE),
    "a command without its argument": Mistake("erase", "Missing argument 'ACCOUNT_ID", code=USAGE),
}
KEYS_AND_VAULTS = {
    "an encrypted token without a key": Mistake(
        SYNC, "no encryption key: make one with", {"ACCESS_TOKEN": "{sealed}"}
    ),
    "an encrypted token of another key": Mistake(
        SYNC,
        "key",
        {"ACCESS_TOKEN": "{sealed}", "ENCRYPTION_KEY_FILE": "{folder}/good.key"},
    ),
    "no key file": Mistake(
        "connect", f"cannot be read .*check {PREFIX}ENC", {**VAULT, "ENCRYPTION_KEY_FILE": "/no"}
    ),
    "a key file that holds no key": Mistake(
        "connect", "ENCRYPTION_KEY_FILE", {**VAULT, "ENCRYPTION_KEY_FILE": "{folder}/short.key"}
    ),
    "a key file that all may read": Mistake(
        "connect",
        "Other users can read.*run chmod 600",
        {**VAULT, "ENCRYPTION_KEY_FILE": "/bin/sh"},
    ),
    "a vault without accounts": Mistake(SYNC, "contains no account of the facebook login", VAULT),
    "a file for a vault": Mistake(
        SYNC, "is a file: a vault is a folder", {**VAULT, "VAULT_PATH": "{folder}/no-vault.json"}
    ),
    "a vault in an unknown place": Mistake(
        "list-accounts", "cannot be opened", {**VAULT, "VAULT_PATH": "ftps://x/vault"}
    ),
    "connect without a vault": Mistake(
        "connect", "vault is not known: give --vault", {"ENCRYPTION_KEY_FILE": "{folder}/good.key"}
    ),
    "connect without a key": Mistake(
        "connect", "There is no encryption key: make one", {"VAULT_PATH": "{folder}/vault"}
    ),
    "connect without an app": Mistake("connect", f"set {PREFIX}APP_ID and {PREFIX}APP_S", VAULT),
    "connect with another login": Mistake(
        "connect --login meta", "'meta' is not one of 'facebook', 'instagram'", VAULT, USAGE
    ),
    "connect with an empty token": Mistake("connect --from-token", "There is no token on", VAULT),
    "connect with a token of the other login": Mistake(
        "connect --from-token", "begins with IGAA.*set `login`", VAULT, stdin=INSTAGRAM_TOKEN
    ),
    "connect with a dead token": Mistake("connect --from-token", "190", VAULT, stdin=TOKEN),
    "disconnect what was never connected": Mistake(
        "disconnect 17841 --yes", "does not contain account 17841: .*accounts` lists", VAULT
    ),
    "erase outside of a project": Mistake(
        "erase 17841 --yes --no-bigquery",
        "not in a Meltano project: change to one",
        VAULT,
    ),
    "a key over a key": Mistake(
        "generate-key --output {folder}/good.key", "could not be written .*choose another file"
    ),
    "a key into no folder": Mistake(
        "generate-key --output {folder}/no/good.key", "could not be written .*choose another file"
    ),
    "encrypt without a key": Mistake("encrypt", "There is no encryption key: make one", stdin="x"),
    "rotate without a key": Mistake("rotate-keys", "There is no encryption key", {}),
    "a signed request without a secret": Mistake(
        "verify-signed-request", f"set {PREFIX}APP_SECRET", stdin="a.b"
    ),
}
FORMS_OF_IDS = ("{0}", '["{0}"]', "[{0}]", "{0},{1}", " {0} , {1} ", '["{0}", "{1}"]', "[{0},{1}]")
MISTAKES = {**TOKENS, **SETTINGS, **FILES_AND_OPTIONS, **KEYS_AND_VAULTS}


@pytest.fixture(scope="module")
def server() -> Iterator[GraphApiServer]:
    with GraphApiServer(WorldSettings(accounts=2, posts=2, days=30, seed=7)) as started:
        yield started


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A folder with the files, and a token that a key has encrypted which is not there any more."""
    folder = tmp_path_factory.mktemp("it's a first day")
    for name, content in FILES.items():
        (folder / name).write_text(content)
    for name in ("good.key", "short.key"):
        (folder / name).touch(mode=0o600)
        (folder / name).chmod(0o600)
    (folder / "good.key").write_text(generate_key())
    lost = KeyRing.parse(generate_key(), source="the test")
    return {"folder": str(folder), "sealed": lost.encrypt(TOKEN, "access_token")}


def test_there_are_sixty() -> None:
    assert len(MISTAKES) == len({*TOKENS, *SETTINGS, *FILES_AND_OPTIONS, *KEYS_AND_VAULTS})
    assert len(MISTAKES) >= 60


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_input_is_told_in_one_sentence(
    name: str, server: GraphApiServer, places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake = MISTAKES[name]
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    settings = {key: value.format(**places) for key, value in mistake.settings.items()}
    # The folder is in no Meltano project, wherever the tests are run.
    project = {"MELTANO_PROJECT_ROOT": places["folder"]}
    given = {**environment(**{"API_URL": server.url, **settings}), **project}
    arguments = [part.format(**places) for part in shlex.split(mistake.arguments)]
    run = command(*arguments, env=given, stdin=mistake.stdin)
    shown = run.stdout + run.stderr
    assert run.returncode == mistake.code, shown
    sentences = sentences_of(run)
    assert len(sentences) == 1, shown
    assert re.search(mistake.says, sentences[0]), sentences[0]
    assert "Traceback" not in shown
    assert len(shown.splitlines()) < MAX_LINES
    for secret in (TOKEN, INSTAGRAM_TOKEN, SECRET, places["sealed"]):
        assert secret not in shown


@pytest.mark.parametrize("form", FORMS_OF_IDS)
@pytest.mark.parametrize("place", ["file", "environment"])
def test_ids_may_be_written_in_every_form(
    form: str, place: str, server: GraphApiServer, tmp_path: Path
) -> None:
    one, two = server.world.account_ids
    ids = form.format(one, two)
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"account_ids": ids} if place == "file" else {}))
    settings = {} if place == "file" else {"ACCOUNT_IDS": ids}
    given = environment(server, **{**GOOD, **settings})
    seen = json.loads(output(command("--config", str(file), SYNC, "doctor", "--json", env=given)))
    found = [account["id"] for account in seen["accounts"]]
    assert found == ([one, two] if "1" in form else [one])


def test_ids_may_be_numbers_in_a_file(server: GraphApiServer, tmp_path: Path) -> None:
    first, *_ = server.world.account_ids
    for ids in (int(first), [int(first)]):
        file = tmp_path / "config.json"
        file.write_text(json.dumps({"account_ids": ids}))
        given = environment(server, **GOOD)
        seen = json.loads(
            output(command("--config", str(file), SYNC, "doctor", "--json", env=given))
        )
        assert [account["id"] for account in seen["accounts"]] == [first]


@pytest.mark.parametrize("token", ['"{}"', "'{}'", "{}\n", "\r\n {} ", '"{}"\n'])
def test_quotes_and_line_breaks_around_a_token_are_left_out(
    token: str, server: GraphApiServer
) -> None:
    given = environment(server, ACCESS_TOKEN=token.format("sandbox-token"), MAX_CALLS="3")
    assert output(command(SYNC, env=given))


def test_a_misspelt_setting_is_named_with_the_nearest(
    server: GraphApiServer, tmp_path: Path
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"acount_ids": ["1"]}))
    given = environment(server, **GOOD, START_DAY="2026-01-01", MAX_CALLS="1", ZZZ="1")
    told = command("--config", str(file), SYNC, env=given).stderr
    assert "There is no setting `acount_ids`, so it has no effect: did you mean `account_id" in told
    assert f"There is no setting for {PREFIX}START_DAY, so it has no effect: did you mean" in told
    assert f"did you mean `{PREFIX}START_DATE`?" in told
    assert f"setting for {PREFIX}ZZZ, so it has no effect: `--about` lists" in told
    seen = json.loads(command("--config", str(file), SYNC, "doctor", "--json", env=given).stdout)
    assert sum("There is no setting" in warning for warning in seen["warnings"]) == 3
    assert (
        "did you mean" in command("list-accounts", "--vault", str(tmp_path / "v"), env=given).stderr
    )


def test_a_selection_that_selects_nothing_is_named_with_the_nearest(server: GraphApiServer) -> None:
    patterns = ["*.*", "medai.*", "!media.captoin", "zzz.*", "media.zzz.b", "!comments.*"]
    given = environment(server, **GOOD, MAX_CALLS="1", _SELECT=json.dumps(patterns))
    told = command(SYNC, env=given).stderr
    assert "The selection `medai.*` fits no table: did you mean `media`?" in told
    assert "The selection `!media.captoin` fits no column: did you mean `caption`?" in told
    assert "The selection `zzz.*` fits no table, so it has no effect." in told
    assert told.count("The selection") == 4
    assert "There is no setting" not in told


def test_no_selected_table_is_told(server: GraphApiServer, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps({"streams": []}))
    run = command(SYNC, "--catalog", str(catalog), env=environment(server, **GOOD))
    assert "No table is selected, so nothing is read" in run.stderr


def test_a_real_token_is_not_answered_by_the_sandbox(
    server: GraphApiServer, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f'{PREFIX}ACCESS_TOKEN="{TOKEN}"\n')
    meltano = {"MELTANO_ENVIRONMENT": "sandbox", "MELTANO_PROJECT_ROOT": str(tmp_path)}
    given = {**environment(server, **GOOD, **VAULT), **meltano}
    for arguments in ([SYNC], ["doctor"], ["list-accounts"], ["connect"]):
        run = command(*arguments, env=given)
        assert "add `--environment=prod` after `meltano`" in program.complaint(run)
        assert TOKEN not in run.stderr
    assert command("doctor", env={**given, ON_PURPOSE: "1"}).returncode == 0
    assert command("doctor", env={**given, "MELTANO_ENVIRONMENT": "prod"}).returncode == 0
    (tmp_path / ".env").write_text(f"{PREFIX}ACCESS_TOKEN=\n")
    seen = json.loads(output(command("doctor", "--json", env=given)))
    host = server.url.removeprefix("http://")
    assert seen["source"] == (
        f"a server on this machine in place of Meta, {host} (Meltano's environment: sandbox)"
    )
    run = command(SYNC, env={**given, f"{PREFIX}MAX_CALLS": "1"})
    assert f"Reading from {seen['source']}." in run.stderr.splitlines()[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full.")
@pytest.mark.parametrize("arguments", [[SYNC], ["--about"], ["--help"], ["generate-key"]])
def test_a_full_disk_is_told_in_one_sentence(server: GraphApiServer, arguments: list[str]) -> None:
    given = environment(server, **GOOD)
    # With it, Python would have nothing left to write at exit.
    given.pop("PYTHONUNBUFFERED", None)
    with Path("/dev/full").open("w") as disk:
        run = subprocess.run(
            [*program.PROGRAM, *arguments],
            env=given,
            stdout=disk,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert run.returncode == 1
    assert "The output cannot be written (No space left on device): free space" in run.stderr
    assert run.stderr.count("CRITICAL") == 1
    assert "Traceback" not in run.stderr
    assert "Exception" not in run.stderr


def test_a_log_of_a_run_has_one_line_for_a_table(server: GraphApiServer) -> None:
    run = command(SYNC, env=environment(server, **GOOD))
    assert run.returncode == 0, run.stderr
    written = {json.loads(line)["stream"] for line in run.stdout.splitlines() if '"SCHEMA"' in line}
    lines = [line.split("|", 3)[3].strip() for line in run.stderr.splitlines() if "INFO" in line]
    tables = [line.split(":")[0] for line in lines if " rows, " in line]
    assert written <= {*tables}
    assert len(tables) == len({*tables})
    assert len(lines) == len(set(lines))
    others = [line for line in lines if " rows, " not in line]
    assert [line.split()[0] for line in others] == ["Reading", "Not"]


def sentences_of(run: subprocess.CompletedProcess[str]) -> list[str]:
    """The sentences of a run that tell an error: of the log, of the usage, or of `doctor`."""
    verdict = " ".join(run.stdout.split("\n\n")[0].splitlines())
    log = [line for line in run.stderr.splitlines() if re.search(r"CRITICAL|ERROR|^Error: ", line)]
    return [*log, *([verdict] if verdict.startswith("A sync would fail") else [])]
