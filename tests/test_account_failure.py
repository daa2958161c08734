"""Setting `on_account_failure`: what a run ends with that could not read some accounts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.failures import AccountsUnread
from tap_instagram_business.streams.account import Accounts
from tests.program import run as program
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer

WORLD = WorldSettings(accounts=3, posts=4, days=9)
TABLES = catalog("accounts", "media")


def deny(server: GraphApiServer, *places: int) -> list[str]:
    """Let the lists of media of some accounts be refused."""
    dead = [server.world.account_ids[place] for place in places]
    for account_id in dead:
        fault = Fault(kind="permission", match=f"/{account_id}/media", times=None)
        server.faults.add(fault)
    return dead


def test_an_account_that_fails_fails_the_run(serve: Callable[..., GraphApiServer]) -> None:
    server = serve(WORLD)
    (dead,) = deny(server, 0)
    with pytest.raises(AccountsUnread, match=dead):
        run_tap(server, catalog=TABLES)


def test_an_account_that_fails_is_only_reported(
    serve: Callable[..., GraphApiServer], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(WORLD)
    (dead,) = deny(server, 0)
    run = run_tap(server, catalog=TABLES, on_account_failure="log")
    assert {row["account_id"] for row in run.records["media"]} == {*server.world.account_ids[1:]}
    told = [record for record in caplog.records if "Not everything could be read" in record.message]
    assert [(record.levelname, dead in record.message) for record in told] == [("ERROR", True)]
    assert dead not in run.state["bookmarks"]["media"]["accounts"]


def test_a_shard_whose_accounts_have_all_ended_is_reported(
    serve: Callable[..., GraphApiServer], tmp_path: Path
) -> None:
    server = serve(WORLD)
    config = {
        "access_token": "sandbox-token",
        "api_url": server.url,
        "account_ids": ["17841999999999999"],
        "on_account_failure": "log",
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    run = program(f"--config={tmp_path / 'config.json'}", env={"PATH": "/usr/bin:/bin"})
    assert (run.returncode, run.stdout) == (0, "")
    assert "Not everything could be read. 17841999999999999 in accounts" in run.stderr


def test_an_error_of_the_program_fails_the_run_all_the_same(
    serve: Callable[..., GraphApiServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(WORLD)
    monkeypatch.setattr(Accounts, "rows", lambda _self: (1 / 0 for _ in "x"))
    with pytest.raises(AccountsUnread, match="ZeroDivisionError"):
        run_tap(server, catalog=TABLES, on_account_failure="log")
