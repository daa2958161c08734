"""Which of Meltano's environments this process belongs to, and whether that is the wanted one.

Without `--environment=prod`, Meltano takes the environment `sandbox`, whose own settings win over
the file `.env`: a real token in it would be answered by the invented accounts of the sandbox.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values

if TYPE_CHECKING:
    from collections.abc import Mapping

SANDBOX = "sandbox"
SOURCES_OF_ACCOUNTS = (
    "TAP_INSTAGRAM_BUSINESS_ACCESS_TOKEN",
    "TAP_INSTAGRAM_BUSINESS_VAULT_PATH",
)
"""The settings that say which accounts are read."""
ON_PURPOSE = "INSTAGRAM_SANDBOX_ON_PURPOSE"
"""The environment variable that lets the sandbox answer although `.env` names real accounts."""


def name(environ: Mapping[str, str] = os.environ) -> str:
    """Return the name of Meltano's environment; '' outside of Meltano."""
    return environ.get("MELTANO_ENVIRONMENT", "")


def problem(environ: Mapping[str, str] = os.environ) -> str:
    """Return why the sandbox must not answer: `.env` names real accounts; '' if it does not.

    Args:
        environ: The environment variables of this process.
    """
    root = environ.get("MELTANO_PROJECT_ROOT")
    if name(environ) != SANDBOX or not root or environ.get(ON_PURPOSE):
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
