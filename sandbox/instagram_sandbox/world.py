"""The world a sandbox shows: chosen by the first `up`, kept until a `reset`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from instagram_sandbox.failure import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

MELTANO_STATE_IDS = "sandbox:%"


@dataclass(frozen=True)
class World:
    """What the Graph API's server makes its figures from."""

    accounts: int = 2
    posts: int = 300
    days: int = 365
    seed: int = 1
    login: str = "facebook"
    start: str = ""

    def arguments(self) -> list[str]:
        """Spell the world as options of the Graph API's server."""
        return [f"--{name}={value}" for name, value in asdict(self).items()]


def kept_world(data_dir: Path) -> World | None:
    """Return the world that the first `up` chose, if there was one."""
    path = _path(data_dir)
    return World(**json.loads(path.read_text())) if path.exists() else None


def new_world(wishes: dict[str, Any], clock: str) -> World:
    """Make a world that starts now, or at the moment its clock is to show."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return World(**wishes, start=now if clock == "now" else clock)


def check_wishes(world: World, wishes: dict[str, Any]) -> None:
    """Refuse to show another world than the one there is.

    Args:
        world: The world there is.
        wishes: The fields of a world that the user asked for by name.

    Raises:
        SandboxError: If a wish differs from the world.
    """
    there = {name: value for name, value in asdict(world).items() if name in wishes}
    if there != wishes:
        described = ", ".join(f"{name} {value}" for name, value in there.items())
        message = f"There is a world with {described} already: reset the sandbox to get another."
        raise SandboxError(message)


def keep(world: World, data_dir: Path) -> None:
    """Remember the world for the next `up`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    _path(data_dir).write_text(json.dumps(asdict(world), indent=2) + "\n")


def forget(data_dir: Path) -> None:
    """Let the next `up` choose a new world."""
    _path(data_dir).unlink(missing_ok=True)


def forget_bookmarks(project_root: Path) -> int:
    """Delete what Meltano remembers of an earlier sandbox: its bookmarks are of another world.

    Args:
        project_root: The Meltano project.

    Returns:
        How many pipelines' states were deleted.
    """
    database = project_root / ".meltano" / "meltano.db"
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchall()
        if not tables:
            return 0
        deletion = "DELETE FROM state WHERE state_id LIKE ?"
        return connection.execute(deletion, [MELTANO_STATE_IDS]).rowcount


def _path(data_dir: Path) -> Path:
    return data_dir / "world.json"
