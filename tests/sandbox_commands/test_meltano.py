"""A new world takes no bookmarks of the last one along."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.meltano import delete_bookmarks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / ".meltano" / "meltano.db"
    path.parent.mkdir()
    return path


def test_only_the_sandboxs_bookmarks_are_deleted(tmp_path: Path, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE state (state_id TEXT)")
        ids = [("sandbox:tap-to-target",), ("prod:tap-to-target",)]
        connection.executemany("INSERT INTO state VALUES (?)", ids)

    assert delete_bookmarks(tmp_path) == 1

    with closing(sqlite3.connect(database)) as connection:
        kept = connection.execute("SELECT state_id FROM state").fetchall()
    assert kept == [("prod:tap-to-target",)]


def test_a_project_that_never_ran_has_nothing_to_delete(tmp_path: Path, database: Path) -> None:
    assert delete_bookmarks(tmp_path) == 0
    database.touch()
    assert delete_bookmarks(tmp_path) == 0
