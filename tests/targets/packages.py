"""The packages as they are published, built from this folder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.meltano_project import meltano


def uv() -> str:
    """Find the installer that comes with Meltano."""
    found = shutil.which("uv", path=str(Path(meltano()).parent)) or shutil.which("uv")
    assert found, "uv comes with Meltano"
    return found


def build(source: Path, directory: Path) -> None:
    """Build the wheel and the source distribution of a package."""
    subprocess.run([uv(), "build", "--quiet", "--out-dir", str(directory), str(source)], check=True)


def install(directory: Path, *requirements: str) -> Path:
    """Make an environment with packages in it, and return the folder of its programs."""
    subprocess.run([uv(), "venv", "--quiet", str(directory)], check=True)
    programs = directory / "bin"
    command = [uv(), "pip", "install", "--quiet", "--python", str(programs / "python")]
    subprocess.run([*command, *requirements], check=True)
    return programs
