"""The sandbox is a distribution of its own: it knows nothing of the tap, nor the tap of it."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTION = ROOT / "packages" / "instagram-sandbox"
PACKAGE = "instagram_sandbox"
FILES = sorted((DISTRIBUTION / PACKAGE).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(DISTRIBUTION).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


MODULES = frozenset(map(module_name, FILES))


def imports(path: Path, *, for_types: bool = True) -> set[str]:
    """The modules that a file imports; those for type checking may be left out."""
    tree = ast.parse(path.read_text("utf-8"))
    left_out = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in ast.walk(branch)
        if not for_types
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and id(node) not in left_out:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and id(node) not in left_out:
            assert node.module, "a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in names}
    return found


def test_it_imports_nothing_of_the_tap() -> None:
    for path in FILES:
        assert not {name for name in imports(path) if name.startswith("tap_")}, path


def test_the_tap_neither_imports_nor_ships_it() -> None:
    for path in (ROOT / "tap_instagram_business").rglob("*.py"):
        assert not {name for name in imports(path) if name.startswith(PACKAGE)}, path
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML by itself.")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": ["tap_instagram_business"]}
    assert "bqemulator" not in str(project["project"])


def test_the_local_graph_api_needs_the_standard_library_only() -> None:
    for path in (DISTRIBUTION / PACKAGE / "graph_api").rglob("*.py"):
        for name in imports(path, for_types=False):
            ours = name.startswith((f"{PACKAGE}.graph_api", f"{PACKAGE}.loopback"))
            assert ours or name.split(".")[0] in sys.stdlib_module_names, (path, name)


def test_no_import_leads_back_to_where_it_came_from() -> None:
    graph = {module_name(path): imports(path) & MODULES for path in FILES}
    TopologicalSorter(graph).prepare()  # raises CycleError
