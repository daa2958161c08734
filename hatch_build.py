"""Gives a release its page on the package index: the README with links that work there.

The links of README.md lead to files beside it. PROJECT_REPOSITORY, which the release sets, is the
address of the repository, such as `https://github.com/OWNER/tap-instagram-business`: links then
lead to the files there, as they are in this version. Without it, the README stays as it is.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?!https?://)(?P<path>[^)\s]*)\)")


class ProjectPage(MetadataHookInterface):
    """Fills in the fields `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the README, and the addresses if the repository is known."""
        repository = os.environ.get("PROJECT_REPOSITORY", "").rstrip("/")
        metadata.setdefault("urls", addresses(repository) if repository else {})
        if "readme" in metadata:  # what is built from a source distribution has it already
            return
        text = Path(self.root, "README.md").read_text("utf-8")
        if repository:
            text = with_absolute_links(text, repository, f"v{metadata['version']}")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def with_absolute_links(text: str, repository: str, tag: str) -> str:
    """Return Markdown whose links to files of the repository lead to them at this tag."""

    def absolute(found: re.Match[str]) -> str:
        path = found["path"]
        if path.startswith("#"):
            return found[0]
        kind = "raw" if found["picture"] else "blob"
        return f"{found['picture']}[{found['text']}]({repository}/{kind}/{tag}/{path})"

    return LINK.sub(absolute, text)


def addresses(repository: str) -> dict[str, str]:
    """Return what the index shows beside the page."""
    return {
        "Repository": repository,
        "Issues": f"{repository}/issues",
        "Changelog": f"{repository}/blob/HEAD/CHANGELOG.md",
        "Security": f"{repository}/blob/HEAD/SECURITY.md",
    }
