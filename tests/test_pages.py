"""What the pages say is true: bookmarks, messages and links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.tables_page import ROOT, documented_tables
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer

TABLES = documented_tables()
FOLDERS = (
    ".",
    ".github",
    "deploy/*",
    "docs",
    "docs/hub",
    "packages/*",
    "reports",
)
PAGES = sorted(path for folder in FOLDERS for path in ROOT.glob(f"{folder}/*.md"))


def test_a_bookmark_is_documented_if_a_run_keeps_it(serve: Callable[..., GraphApiServer]) -> None:
    state = run_tap(serve(), catalog=catalog(*TABLES), extra_metrics=["account:likes"]).state

    accounts = {name: kept.get("accounts", {}) for name, kept in state["bookmarks"].items()}
    kept = {name: {key for of in found.values() for key in of} for name, found in accounts.items()}
    assert kept == {
        name: {table.bookmark} if table.bookmark else set() for name, table in TABLES.items()
    }


def test_messages_in_the_documents_are_the_programs() -> None:
    rows = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    messages = re.findall(r"^\| `(.+?)` \|", rows, re.MULTILINE)
    files = (ROOT / "tap_instagram_business").rglob("*.py")
    code = "\n".join(path.read_text("utf-8") for path in files)

    assert len(messages) >= 10
    for message in messages:
        for part in re.split(r"…|\d+|: ", message):
            assert part.strip() in code, message


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text("utf-8"))
    for path, heading in links:
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not heading or heading in headings(target), f"{path}#{heading}"


def headings(page: Path) -> set[str]:
    """The names by which headings can be linked to, as GitHub makes them."""
    found = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}
