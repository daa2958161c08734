"""Mistakes that only Meltano makes possible: in its environment, and in its selection.

Without `--environment=prod`, Meltano takes the environment `sandbox`, whose own settings win over
the file `.env`: a real token in it would be answered by the invented accounts of the sandbox.

Meltano turns the patterns of `select` into a catalog, and silently ignores patterns that match
nothing. It passes the patterns themselves in an environment variable.
"""

from __future__ import annotations

import json
import os
from difflib import get_close_matches
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk import Stream

SANDBOX = "sandbox"
SOURCES_OF_ACCOUNTS = ("TAP_INSTAGRAM_BUSINESS_ACCESS_TOKEN", "TAP_INSTAGRAM_BUSINESS_VAULT_PATH")
"""The settings that say which accounts are read."""
ON_PURPOSE = "INSTAGRAM_SANDBOX_ON_PURPOSE"
"""The environment variable that lets the sandbox answer although `.env` names real accounts."""


def environment_name(environ: Mapping[str, str] = os.environ) -> str:
    """Return the name of Meltano's environment; '' outside of Meltano."""
    return environ.get("MELTANO_ENVIRONMENT", "")


def environment_problem(environ: Mapping[str, str] = os.environ) -> str:
    """Return why the sandbox must not answer: `.env` names real accounts; '' if it does not."""
    root = environ.get("MELTANO_PROJECT_ROOT")
    if environment_name(environ) != SANDBOX or not root or environ.get(ON_PURPOSE):
        return ""
    in_file = _read(Path(root) / ".env")
    for variable in SOURCES_OF_ACCOUNTS:
        value = (in_file.get(variable) or "").strip()
        if value and value != environ.get(variable):
            return (
                f"The file .env sets {variable}, but this is Meltano's environment `sandbox`, "
                "which reads invented accounts only: add `--environment=prod` after `meltano` (or "
                f"set {ON_PURPOSE}=1 if you mean the sandbox)."
            )
    return ""


def _read(path: Path) -> Mapping[str, str | None]:
    try:
        return dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError):
        return {}


SELECTION = "TAP_INSTAGRAM_BUSINESS__SELECT"
"""Meltano gives the patterns here, as JSON, to the tap that it runs."""


def selection_problems(streams: Mapping[str, Stream], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each pattern that matches nothing, and if nothing is selected."""
    for pattern in _patterns(environ.get(SELECTION, "")):
        table, _, column = pattern.removeprefix("!").partition(".")
        fitting = [name for name in streams if fnmatch(name, table)]
        if not fitting:
            yield f"The selection `{pattern}` fits no table{_meant(table, [*streams])}"
            continue
        columns = sorted(
            {name for table in fitting for name in streams[table].schema["properties"]}
        )
        if column and not any(fnmatch(name, column.split(".")[0]) for name in columns):
            yield f"The selection `{pattern}` fits no column{_meant(column, columns)}"
    if not any(stream.selected for stream in streams.values()):
        yield "No table is selected, so nothing is read: check `select` or the catalog."


def _patterns(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [str(pattern) for pattern in found] if isinstance(found, list) else []


def _meant(name: str, names: list[str]) -> str:
    nearest = get_close_matches(name, names, 1)
    return f": did you mean `{nearest[0]}`?" if nearest else ", so it has no effect."
