"""A copy of this folder as git knows it, for tests that build something from it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
UV = str(Path(sys.executable).parent / "uv")
"""Meltano brings it."""


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as an author who needs no settings; what it prints."""
    author = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *author, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def files_of_git() -> list[str]:
    """The files that are in git or will be, and are there."""
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return [path for path in listed if (ROOT / path).is_file()]


def copy_to(folder: Path) -> Path:
    """Copy these files, without git's own."""
    for path in files_of_git():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    return folder
