"""Prints the section of CHANGELOG.md for a release: `.github/release_notes.py v0.1.0`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"
SECTION = re.compile(r"^## \[(.+?)\] - (\S+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def notes(changelog: str, tag: str) -> str:
    """Return the section of a version.

    Args:
        changelog: the text of CHANGELOG.md.
        tag: the tag of the version, such as `v0.1.0`.

    Raises:
        ValueError: there is no such section, or it has no date yet.
    """
    for version, date, text in SECTION.findall(changelog):
        if f"v{version}" == tag:
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
                message = f"CHANGELOG.md has no date for {version}: write it in place of `{date}`"
                raise ValueError(message)
            return str(text).strip()
    message = f"CHANGELOG.md has no section for {tag}: begin one with `## [{tag[1:]}] - YYYY-MM-DD`"
    raise ValueError(message)


if __name__ == "__main__":
    try:
        print(notes(CHANGELOG.read_text("utf-8"), sys.argv[1]))
    except ValueError as error:
        sys.exit(str(error))
