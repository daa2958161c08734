"""The house rules: imports go one way, documents are true."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "tap_instagram_business"
MAY_IMPORT = {
    "cli": {"tap", "graph", "settings", "credentials"},
    "doctor": {"tap", "graph", "metrics", "days"},
    "tap": {"state", "streams", "graph", "settings", "client", "credentials", "days", "failures"},
    "streams": {"client", "graph", "metrics", "days", "refresh"},
    "client": {"graph"},
    "failures": {"graph"},
    "metrics": {"graph"},
    "settings": {"refresh"},
    "credentials": {"graph"},
    "graph": set(),
    "days": set(),
    "state": set(),
    "refresh": set(),
    "__init__": set(),
    "__main__": {"cli"},
}


def imports(path: Path) -> set[str]:
    """What a file imports when it runs: imports for type checking are left out."""
    tree = ast.parse(path.read_text("utf-8"))
    checked = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in checked:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            found |= {f"{PACKAGE}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


FILES = sorted((ROOT / PACKAGE).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    room = path.relative_to(ROOT / PACKAGE).parts[0].removesuffix(".py")
    rooms = {name.split(".")[1] for name in imports(path) if name.startswith(f"{PACKAGE}.")}
    assert rooms <= MAY_IMPORT[room] | {room}


def test_no_room_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "common", "core", "lib", "misc"}
    assert not [path for path in FILES if drawers & set(path.with_suffix("").parts)]


def test_documents_follow_the_code() -> None:
    script = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    run = subprocess.run(script, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
