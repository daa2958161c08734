"""Puts the pages of the site into build/pages, from which `mkdocs build --strict` makes the site.

Pages stand where they belong in the repository: most in docs/, some in other folders. Links between
them work there, and become links of the site here. A link to another file becomes one to the
repository, whose address the variable PROJECT_REPOSITORY gives.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "build" / "pages"
REPOSITORY = "https://github.com/OWNER/tap-instagram-business"
ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "reports/README.md": "views.md",
    "packages/instagram-sandbox/README.md": "sandbox.md",
}
"""The pages that stand outside docs/, and their names on the site."""

LINK = re.compile(r"(?<=\]\()(?!https?://|#)(?P<path>[^)#\s]+)")


def site_files() -> dict[str, str]:
    """Return the pages and pictures: the path in the repository, and the name on the site."""
    docs = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("*.png")])
    return {**ELSEWHERE, **{f"docs/{path.name}": path.name for path in docs}}


def with_links_of_the_site(text: str, folder: str, names: dict[str, str], repository: str) -> str:
    """Return a page with links as the site needs them.

    A link that leads nowhere stays as it is, so that the build of the site tells it.

    Args:
        text: the page, as Markdown.
        folder: where it stands in the repository; '' for the top.
        names: the names on the site, by the path in the repository.
        repository: the address of the repository.
    """

    def changed(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, found["path"]))
        if path in names:
            return names[path]
        return f"{repository}/blob/HEAD/{path}" if (ROOT / path).exists() else found["path"]

    return LINK.sub(changed, text)


def main() -> None:
    """Write the pages, in the place of those of an earlier run."""
    repository = os.environ.get("PROJECT_REPOSITORY") or REPOSITORY
    names = site_files()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    for path, name in names.items():
        if name.endswith(".md"):
            text = (ROOT / path).read_text("utf-8")
            page = with_links_of_the_site(text, posixpath.dirname(path), names, repository)
            (OUTPUT / name).write_text(page, "utf-8")
        else:
            shutil.copy(ROOT / path, OUTPUT / name)
    sys.stdout.write(f"{len(names)} files in {OUTPUT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
