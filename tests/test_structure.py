"""The house rules: imports go one way and in no circle, documents are true."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PACKAGE = "tap_instagram_business"
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / PACKAGE).rglob("*.py"))
}
HOUSE = {
    name.removesuffix("/").removesuffix(".py"): set(room.get("imports", ()))
    for name, room in yaml.safe_load((ROOT / "docs" / "house.yml").read_text("utf-8")).items()
}


def imports(module: str) -> set[str]:
    """The modules of the package that one imports, those for type checking included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(FILES[module].read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in FILES else str(node.module) for name in names}
    return found - {module}


def room_of(module: str) -> str:
    """The innermost room that a module is in, such as `credentials/commands`."""
    parts = module.split(".")[1:] or ["__init__"]
    paths = ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((path for path in paths if path in HOUSE), paths[-1])


@pytest.mark.parametrize("room", HOUSE)
def test_a_room_imports_just_what_the_house_says(room: str) -> None:
    modules = [module for module in FILES if room_of(module) == room]
    assert modules, "there is no such room"
    imported = {room_of(name) for module in modules for name in imports(module)}
    assert imported - {room} == HOUSE[room]


def test_the_house_has_all_rooms() -> None:
    assert {room_of(module) for module in FILES} == HOUSE.keys()


def test_no_files_import_each_other_in_a_circle() -> None:
    graphlib.TopologicalSorter({module: imports(module) for module in FILES}).prepare()


def test_no_room_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "common", "core", "lib", "misc"}
    assert not [path for path in FILES.values() if drawers & set(path.with_suffix("").parts)]


def test_documents_follow_the_code() -> None:
    script = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    run = subprocess.run(script, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
