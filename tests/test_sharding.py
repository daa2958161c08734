"""Setting `shard`: several runs share the accounts, and each account is read by one of them."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instagram_sandbox.graph_api import WorldSettings
from tap_instagram_business.sharding import Shard, place
from tests.program import run as program
from tests.tap_run import Row, catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
WORLD = WorldSettings(accounts=7, posts=4, days=20, start=START)
TABLES = catalog("accounts", "media", "media_insights")
ids = st.from_regex("1784[0-9]{13}", fullmatch=True)


@pytest.mark.parametrize(
    ("account_id", "places"),
    [
        ("17841400000000001", (1, 2, 6, 10, 10)),
        ("17841409611130212", (1, 1, 6, 1, 1)),
        ("17841470092800089", (1, 4, 2, 4, 52)),
    ],
)
def test_an_account_has_its_place_for_ever(account_id: str, places: tuple[int, ...]) -> None:
    """State is kept for each shard, so that a changed place would read everything again."""
    assert tuple(place(account_id, number) for number in (1, 4, 7, 16, 64)) == places


@given(ids, st.integers(1, 10_000))
def test_every_account_is_in_just_one_shard(account_id: str, number: int) -> None:
    index = place(account_id, number)
    assert 1 <= index <= number
    assert Shard(index, number).contains(account_id)
    assert not Shard(index % number + 1, number).contains(account_id) or number == 1


@given(ids, st.integers(1, 5_000))
def test_twice_as_many_shards_split_each_in_two(account_id: str, number: int) -> None:
    assert place(account_id, 2 * number) - place(account_id, number) in {0, number}


@given(st.integers(1, 999_999), st.integers(1, 999_999))
def test_a_shard_is_read_as_it_is_written(index: int, number: int) -> None:
    if index <= number:
        assert str(Shard.parse(f"{index}/{number}")) == f"{index}/{number}"
    else:
        with pytest.raises(ValueError, match="/"):
            Shard.parse(f"{index}/{number}")


def comparable(rows: list[Row]) -> list[str]:
    """Rows in an order of their own, without addresses, which are new in each answer."""
    kept = [{name: row[name] for name in row if not name.endswith("_url")} for row in rows]
    return sorted(map(json.dumps, kept))


def test_all_shards_together_read_all_accounts_and_each_only_its_own(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WORLD)
    whole = run_tap(server, catalog=TABLES)
    parts = [run_tap(server, catalog=TABLES, shard=f"{index}/3") for index in (1, 2, 3)]
    for table, rows in whole.records.items():
        of_parts = [row for part in parts for row in part.records[table]]
        assert comparable(rows) == comparable(of_parts)
    for index, part in enumerate(parts, start=1):
        assert part.records["accounts"]
        assert {place(row["id"], 3) for row in part.records["accounts"]} == {index}


def test_named_accounts_of_other_shards_are_not_asked_for(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WORLD)
    named = list(server.world.account_ids)
    own = [name for name in named if place(name, 3) == 2]
    run = run_tap(server, catalog=catalog("accounts"), account_ids=named, shard="2/3")
    assert {row["id"] for row in run.records["accounts"]} == {*own}
    asked = {
        name
        for request in server.requests
        for name in named
        if name in "\n".join((request.path, *request.operations))
    }
    assert asked == {*own}


@pytest.mark.parametrize("accounts", ["named", "found"])
def test_a_shard_without_accounts_ends_well_and_leaves_the_state_alone(
    serve: Callable[..., GraphApiServer], tmp_path: Path, accounts: str
) -> None:
    server = serve(WORLD)
    free = next(i for i in range(1, 99) if all(place(a, 99) != i for a in server.world.account_ids))
    config: dict[str, Any] = {
        "access_token": "sandbox-token",
        "api_url": server.url,
        "shard": f"{free}/99",
    }
    config["account_ids"] = [*server.world.account_ids] if accounts == "named" else []
    (tmp_path / "config.json").write_text(json.dumps(config))
    run = program(f"--config={tmp_path / 'config.json'}", env={"PATH": "/usr/bin:/bin"})
    assert (run.returncode, run.stdout) == (0, ""), run.stderr
    assert f"There is no account to read in shard {free}/99." in run.stderr
    assert (server.calls == 0) == (accounts == "named")


def test_accounts_of_other_shards_are_not_missed(
    serve: Callable[..., GraphApiServer], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(WORLD)
    state = run_tap(server, catalog=TABLES).state
    run_tap(server, catalog=TABLES, state=state, shard="1/3")
    assert "is not found any more" not in caplog.text


@pytest.mark.parametrize("wrong", ["0/3", "4/3", "3", "1/0", "1/3/5", "-1/3", "one/3", "1/3\n"])
def test_a_wrong_shard_is_told(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"access_token": "x", "shard": wrong}))
    run = program(f"--config={tmp_path / 'config.json'}", env={"PATH": "/usr/bin:/bin"})
    assert run.returncode == 1
    assert "Setting `shard` must look like 3/16, which is the third of 16 parts." in run.stderr
