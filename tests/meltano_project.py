"""The project's plugins, as Meltano installs them."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def meltano() -> str:
    """Find Meltano beside the running Python, or on the path."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("meltano", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if not found:
        pytest.skip("Meltano is not installed: `bin/test` sets it up.")
    return found


@functools.cache
def install_plugins() -> None:
    """Install what the project's `.meltano` lacks."""
    subprocess.run(
        [meltano(), "install"],
        cwd=ROOT,
        env={**os.environ, "MELTANO_CLI_LOG_LEVEL": "warning"},
        check=True,
        timeout=900,
    )


def plugin_python(kind: str, name: str) -> Path:
    """Return the Python of a plugin's own environment."""
    install_plugins()
    return ROOT / ".meltano" / f"{kind}s" / name / "venv" / "bin" / "python"
