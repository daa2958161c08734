"""Names and messages from outside cannot control a terminal or write a log line of their own."""

from __future__ import annotations

import json
import logging
import unicodedata
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox import tables
from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business import redaction
from tap_instagram_business.cli import COMMANDS
from tap_instagram_business.redaction import escape, mask_typed
from tests.tap_run import run_tap
from tests.tokens.command import APP, command, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer

    Serve = Callable[..., GraphApiServer]

ATTACK = "\x1b[2J\x1b]0;gone\x07\r\u202eecnalab\u202c\u2066x\u2069\u200b\u2028\x85\x9b31m\n"
FORGED = "2026-11-27 12:00:00,000 | CRITICAL | tap-instagram-business | Forged"
SECRET = "9c1f0e2d3b4a59687766554433221100"
TOKEN = "EAAcanary.token+0123456789/abcdef"


def controls(text: str, *, keep: str = "\n\t") -> set[str]:
    """The characters of a text that a terminal does not show."""
    unseen = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return {c for c in text if unicodedata.category(c) in unseen and c not in keep}


def test_everything_is_escaped_that_a_terminal_obeys() -> None:
    every = "".join(map(chr, range(0x110000)))
    for escaped in (escape(every), tables.escape(every)):
        assert controls(escaped, keep="") == {"\u200c", "\u200d"}
        assert "\\n" in escaped or "\\u000a" in escaped
    ordinary = "Æsop 👩‍👩‍👧‍👦 日本 é \u00a0 \\ \" '"
    assert escape(ordinary) == tables.escape(ordinary) == ordinary


@pytest.fixture
def server(serve: Serve) -> GraphApiServer:
    """A sandbox in which an account has a name that attacks the terminal."""
    server = serve(WorldSettings(accounts=1, posts=2, days=3))
    object.__setattr__(server.world.account_at(0), "username", f"shop{ATTACK}{FORGED}")
    return server


def test_a_name_controls_no_screen_and_no_log(
    server: GraphApiServer, tmp_path: Path, key: str
) -> None:
    env = environment(server, VAULT_PATH=str(tmp_path / "vault"), **APP)
    assert key
    runs = [
        command("connect", "--from-token", env=env, stdin="sandbox-token"),
        command("list-accounts", env=env),
        command("doctor", env={**env, "TAP_INSTAGRAM_BUSINESS_ACCESS_TOKEN": "sandbox-token"}),
        command("--config=ENV", env={**env, "TAP_INSTAGRAM_BUSINESS_MAX_CALLS": "6"}),
    ]
    assert "shop\\x1b[2J" in runs[0].stdout
    assert "shop\\x1b[2J" in runs[2].stdout
    for run in runs:
        assert not controls(run.stderr)
        assert f"\n{FORGED}" not in run.stderr + run.stdout
    assert not any(controls(run.stdout) for run in runs[:3])


def test_a_message_of_meta_controls_no_screen_and_no_log(
    server: GraphApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    fault = {"kind": "error", "code": 200, "message": f"no{ATTACK}{FORGED}"}
    server.faults.add(Fault.from_json({**fault, "match": "insights", "times": 40}))
    with caplog.at_level(logging.INFO):
        run = run_tap(server, strict=False)
    assert server.faults.history
    lines = [record.getMessage() for record in caplog.records]
    assert [line for line in lines if "no\\x1b[2J" in line]
    assert not controls("".join(lines))
    assert not controls(json.dumps(run.records))


def test_a_message_of_meta_brings_no_secret_into_a_row(server: GraphApiServer) -> None:
    told = f"Bad tokenEAAneverseen1abcdefghijklmnop, access_token=neverseen1, {SECRET}"
    fault = {"kind": "error", "code": 100, "message": told, "match": "insights", "times": 40}
    server.faults.add(Fault.from_json(fault))
    run = run_tap(server, strict=False, app_secret=SECRET)
    server.faults.clear()
    assert SECRET not in str(run.error)
    server.faults.add(Fault.from_json({**fault, "times": 40}))
    run = run_tap(server, strict=False)
    messages = [row["message"] for row in run.records["insight_gaps"]]
    assert any(messages)
    assert not [message for message in messages if "neverseen1" in str(message)]


@pytest.mark.parametrize(
    "arguments",
    [
        ("encrypt", SECRET),
        ("encrypt", TOKEN),
        ("encrypt", f"--{SECRET}"),
        (TOKEN,),
        ("connect", "--login", SECRET),
        ("connect", f"--token={TOKEN}", TOKEN),
        ("disconnect", f"--secret={TOKEN}"),
        (f"--access_token={TOKEN}",),
    ],
)
def test_an_error_of_the_command_line_shows_no_secret_that_was_typed(
    arguments: tuple[str, ...],
) -> None:
    run = command(*arguments)
    assert run.returncode == 2, run.stderr
    assert "Error: " in run.stderr
    assert TOKEN not in run.stderr
    assert SECRET not in run.stderr


@pytest.mark.parametrize(
    "text",
    [
        "No such command 'ecnrypt'.",
        "File '/home/me/tap-instagram-business-2/config.json' does not exist",
        "Got unexpected extra argument (17841400000000001)",
        *(f"Usage: tap-instagram-business {name} [OPTIONS]" for name in COMMANDS),
    ],
)
def test_an_error_of_the_command_line_still_says_what_is_wrong(text: str) -> None:
    assert redaction.clean(mask_typed(text)) == text
