"""The file that keeps a sandbox's world: the first `up` writes it, `reset` deletes it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from instagram_sandbox.errors import SandboxError
from instagram_sandbox.graph_api.settings import WorldSettings

if TYPE_CHECKING:
    from pathlib import Path


def load(data_dir: Path) -> WorldSettings | None:
    """Return the world of the sandbox, or None if it has none yet."""
    path = _path(data_dir)
    return WorldSettings.from_json(json.loads(path.read_text())) if path.exists() else None


def create(choices: dict[str, Any], start: datetime | None) -> WorldSettings:
    """Make a new world.

    Args:
        choices: The settings that the user chose, by name.
        start: Moment at which the world starts. None for the present moment.

    Raises:
        SandboxError: If no world can be made with these settings.
    """
    start = start or datetime.now(timezone.utc).replace(microsecond=0)
    try:
        return WorldSettings(**choices, start=start)
    except ValueError as error:
        message = f"No world can be made with these options: {error}."
        raise SandboxError(message) from None


def check_choices(world: WorldSettings, choices: dict[str, Any]) -> None:
    """Refuse options that do not fit the existing world.

    Args:
        world: The existing world.
        choices: The settings that the user chose, by name.

    Raises:
        SandboxError: If the existing world has another value for one of the choices.
    """
    existing = {name: getattr(world, name) for name in choices}
    if existing != choices:
        description = ", ".join(f"{name} {value}" for name, value in existing.items())
        message = f"There is a world with {description} already: reset the sandbox to get another."
        raise SandboxError(message)


def save(world: WorldSettings, data_dir: Path) -> None:
    """Keep the world for the next `up`."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _path(data_dir).write_text(json.dumps(world.to_json(), indent=2) + "\n")


def delete(data_dir: Path) -> None:
    """Delete the world, so that the next `up` makes a new one."""
    _path(data_dir).unlink(missing_ok=True)


def _path(data_dir: Path) -> Path:
    return data_dir / "world.json"
