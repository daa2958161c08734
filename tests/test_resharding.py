"""The bookmarks of an account follow it when the number of shards changes."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_instagram_business.commands.fleet import WouldLoseBookmarks, count, moved
from tap_instagram_business.sharding import place
from tests.meltano_project import QUIET, meltano
from tests.program import PROGRAM

BASE = "prod:tap-instagram-business-to-target-bigquery"
TABLES = ("media", "account_insights")
OTHERS = {
    "prod:tap-instagram-business-to-target-bigquery:stories": {"completed": {"singer_state": 1}},
    "dev:tap-instagram-business-to-target-bigquery": {"completed": {"singer_state": 2}},
}
numbers = st.integers(1, 12)
kinds = st.sampled_from(["completed", "partial"])


def account(number: int) -> str:
    return f"1784{number * 7_919:013d}"


def kept(accounts: int, kind: str = "completed") -> dict[str, Any]:
    """The state of a run without shards that has read some accounts."""
    bookmarks = {
        table: {
            "day_labels": "start",
            "accounts": {
                account(n): {"date": f"2026-11-{n % 28 + 1:02d}"} for n in range(accounts)
            },
        }
        for table in TABLES
    }
    return {BASE: {kind: {"singer_state": {"bookmarks": bookmarks}}}}


def after(states: dict[str, Any], number: int) -> dict[str, Any]:
    return {**states, **moved(states, BASE, number)}


def alive(states: dict[str, Any]) -> dict[str, Any]:
    """The states that are not empty, without empty parts."""
    shown = {name: {k: v for k, v in state.items() if v} for name, state in states.items()}
    return {name: state for name, state in shown.items() if state}


@given(st.lists(numbers, max_size=4), st.integers(1, 40), kinds)
def test_there_and_back_changes_nothing(path: list[int], accounts: int, kind: str) -> None:
    first = {**kept(accounts, kind), **OTHERS}
    states = copy.deepcopy(first)
    for number in [*path, 1]:
        states = after(states, number)
    assert alive(states) == first


@given(numbers, numbers, kinds)
def test_every_account_is_in_the_state_of_its_shard(before: int, number: int, kind: str) -> None:
    states = alive(after(after(kept(30, kind), before), number))
    for name, state in states.items():
        index = int(name.removeprefix(BASE).lstrip(":").split("-")[0] or 1)
        for table in state[kind]["singer_state"]["bookmarks"].values():
            assert {place(a, number) for a in table["accounts"]} == {index}
            assert table["day_labels"] == "start"
    assert count(states) == count(kept(30)) == 60


@given(numbers)
def test_a_second_time_nothing_moves(number: int) -> None:
    assert moved(after(kept(30), number), BASE, number) == {}


@given(numbers, numbers, st.data())
def test_a_move_that_was_interrupted_goes_on(before: int, number: int, data: st.DataObject) -> None:
    states = after(kept(20), before)
    changed = moved(states, BASE, number)
    written = data.draw(st.sets(st.sampled_from(sorted(changed)))) if changed else set()
    # A store of files may have written some of the new states, and emptied none.
    partly = {**states, **{name: changed[name] for name in written if changed[name]["completed"]}}
    assert alive(after(partly, number)) == alive(after(states, number))


def test_two_sets_that_differ_are_refused() -> None:
    states = after(kept(9), 3)
    states |= kept(9)
    states[BASE]["completed"]["singer_state"]["bookmarks"]["media"]["accounts"][account(1)] = {
        "date": "2027-01-01"
    }
    with pytest.raises(WouldLoseBookmarks, match=account(1)):
        moved(states, BASE, 3)
    with pytest.raises(WouldLoseBookmarks, match=account(1)):
        moved(states, BASE, 5)


def test_a_bookmark_that_only_a_foreign_shard_has_is_refused() -> None:
    states = after(kept(9), 3)
    stray: dict[str, Any] = {
        "completed": {"singer_state": {"bookmarks": {"media": {"accounts": {"17841": {}}}}}}
    }
    states[f"{BASE}:{place('17841', 3) % 3 + 1}-of-3"] = stray
    with pytest.raises(WouldLoseBookmarks, match="17841"):
        moved(states, BASE, 4)


def test_nothing_to_move() -> None:
    assert moved({}, BASE, 4) == {}
    assert moved(OTHERS, BASE, 4) == {}


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_the_command_moves_the_states_of_meltano(tmp_path: Path, *, is_wrapped: bool) -> None:
    (tmp_path / "meltano.yml").write_text(
        "version: 1\nproject_id: reshard\nenvironments: [{name: prod}]\n"
    )
    env = {
        **os.environ,
        **QUIET,
        "MELTANO_ENVIRONMENT": "prod",
        "MELTANO_PROJECT_ROOT": str(tmp_path),
    }
    folder = Path(meltano()).parent
    if is_wrapped:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "meltano").write_text(f'#!/bin/sh\nexec {meltano()} "$@"\n')
        (folder / "meltano").chmod(0o755)
    env["PATH"] = os.pathsep.join([str(folder), env["PATH"]])

    def run(*command: str, given: str = "") -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=env, input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr if command[0] == sys.executable else done.stdout

    run(meltano(), "state", "import", given=json.dumps(kept(9)))
    assert f"{BASE}: 18 bookmarks moved, now in 3 shards." in run(*PROGRAM, "reshard-state", "3")
    states = json.loads(run(meltano(), "state", "export"))
    assert alive(states) == alive(after(kept(9), 3))
    assert f"{BASE}: 0 bookmarks moved" in run(*PROGRAM, "reshard-state", "3")

    run(meltano(), "state", "import", given=json.dumps(kept(9)).replace("2026-11", "2026-10"))
    before = run(meltano(), "state", "export")
    with pytest.raises(AssertionError, match="different bookmarks of account"):
        run(*PROGRAM, "reshard-state", "2")
    assert run(meltano(), "state", "export") == before
