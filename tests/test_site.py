"""The site holds every page once, and its links lead somewhere."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.project_copy import ROOT, UV, copy_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCRIPT = runpy.run_path(str(ROOT / "docs" / "site_pages.py"))
NAMES: dict[str, str] = SCRIPT["site_files"]()
REPOSITORY = "https://github.com/acme/tap-instagram-business"


def entries(nav: Any) -> Iterator[str]:
    """The pages of a menu and of the menus in it."""
    if isinstance(nav, str):
        yield nav
    else:
        for entry in nav.values() if isinstance(nav, dict) else nav:
            yield from entries(entry)


def test_the_menu_has_every_page_once() -> None:
    menu = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    pages = [name for name in NAMES.values() if name.endswith(".md")]
    assert sorted(entries(yaml.safe_load(menu))) == sorted(pages)


@pytest.mark.parametrize(
    ("folder", "link", "on_site"),
    [
        ("", "docs/connect.md", "connect.md"),
        ("", "docs/connect.md#commands", "connect.md#commands"),
        ("", "docs/report.png", "report.png"),
        ("", "SECURITY.md#the-key", "security.md#the-key"),
        ("docs", "../README.md", "index.md"),
        ("docs", "tables.md#media", "tables.md#media"),
        ("reports", "../docs/reports.md", "reports.md"),
        ("docs", "../meltano.yml", f"{REPOSITORY}/blob/HEAD/meltano.yml"),
        ("docs", "#here", "#here"),
        ("docs", "https://www.singer.io", "https://www.singer.io"),
        ("docs", "nowhere.md", "nowhere.md"),
    ],
)
def test_links_of_the_repository_become_links_of_the_site(
    folder: str, link: str, on_site: str
) -> None:
    changed = SCRIPT["with_links_of_the_site"](f"[a]({link}), b", folder, NAMES, REPOSITORY)
    assert changed == f"[a]({on_site}), b"


@pytest.mark.parametrize("path", [path for path in NAMES if path.endswith(".md")])
def test_a_list_is_a_list_on_the_site_too(path: str) -> None:
    """The site wants four spaces before a list within a list, and a blank line before a list."""
    text = re.sub(r"(?ms)^```.*?^```", "", (ROOT / path).read_text("utf-8"))
    assert not re.findall(r"(?m)^ {1,3}(?:[-*+]|\d+\.) .*", text)
    assert not re.findall(r"(?m)^[A-Za-z`*\[].*\n(?:[-*+]|\d+\.) .*", text)


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a copy of the repository as CI does."""
    subprocess.run([sys.executable, folder / "docs" / "site_pages.py"], check=True)
    tool = [UV, "tool", "run", "--from", "mkdocs", "--with-requirements", "docs/requirements.txt"]
    return subprocess.run(
        [*tool, "mkdocs", "build", "--strict"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )


@pytest.mark.long
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    folder = copy_to(tmp_path)
    built = build(folder)
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    first_page = (folder / "build" / "site" / "index.html").read_text("utf-8")
    assert re.search('<img alt="[^"]+" src="report.png"', first_page)


@pytest.mark.long
@pytest.mark.parametrize("link", ["nowhere.md", "connect.md#nowhere"])
def test_a_dead_link_ends_the_build(tmp_path: Path, link: str) -> None:
    folder = copy_to(tmp_path)
    with (folder / "docs" / "start.md").open("a", encoding="utf-8") as page:
        page.write(f"\n[a]({link})\n")
    built = build(folder)
    assert built.returncode == 1
    assert f"'{link}'" in built.stderr
