"""The Meltano project that the sandbox is started from, if it is started from one."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

STATE_IDS = "sandbox:%"
"""SQL pattern of the state ids that pipelines have in Meltano's environment `sandbox`."""


def project_root() -> Path | None:
    """Return the root directory of the Meltano project, or None outside of Meltano."""
    root = os.environ.get("MELTANO_PROJECT_ROOT")
    return Path(root) if root else None


def delete_bookmarks(root: Path) -> int:
    """Delete the state that Meltano keeps of pipelines that read from an earlier sandbox.

    Bookmarks of an earlier world would make the tap skip most of a new world.

    Args:
        root: The root directory of the Meltano project.

    Returns:
        The number of pipelines whose state was deleted.
    """
    database = root / ".meltano" / "meltano.db"
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchall()
        if not tables:
            return 0
        deletion = "DELETE FROM state WHERE state_id LIKE ?"
        return connection.execute(deletion, [STATE_IDS]).rowcount
