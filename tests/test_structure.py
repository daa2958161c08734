"""Imports go one way and in no circle, every folder has its line, documents are up to date."""

from __future__ import annotations

import ast
import graphlib
import re
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
MODULES = {
    name.removesuffix("/").removesuffix(".py"): set(it.get("imports", ()))
    for name, it in yaml.safe_load((ROOT / "docs" / "modules.yml").read_text("utf-8")).items()
}


def imports(module: str) -> set[str]:
    """The modules of the package that one imports, those for type checking included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(FILES[module].read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in FILES else str(node.module) for name in names}
    return found - {module}


def package_of(module: str) -> str:
    """The name in docs/modules.yml of what a module belongs to, such as `tokens`."""
    parts = module.split(".")[1:] or ["__init__"]
    paths = ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((path for path in paths if path in MODULES), paths[-1])


@pytest.mark.parametrize("package", MODULES)
def test_a_package_imports_what_its_line_says(package: str) -> None:
    modules = [module for module in FILES if package_of(module) == package]
    assert modules, "there is no such module"
    imported = {package_of(name) for module in modules for name in imports(module)}
    assert imported - {package} == MODULES[package]


def test_every_module_has_a_line() -> None:
    assert {package_of(module) for module in FILES} == MODULES.keys()


def test_no_modules_import_each_other_in_a_circle() -> None:
    graphlib.TopologicalSorter({module: imports(module) for module in FILES}).prepare()


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "common", "core", "lib", "misc"}
    assert not [path for path in FILES.values() if drawers & set(path.with_suffix("").parts)]


def test_contributing_names_every_folder() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    depth = {"packages": 2}
    folders = {
        "/".join(parts[: depth.get(parts[0], 1)])
        for parts in (path.split("/") for path in tracked)
        if len(parts) > 1 and not parts[0].startswith(".")
    }
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    rows = page.partition("## The folders")[2].partition("## ")[0]
    assert set(re.findall(r"^\| \[?`([^`]+)/`", rows, re.MULTILINE)) == folders


def test_documents_are_up_to_date() -> None:
    script = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    run = subprocess.run(script, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
