"""What documents and help texts promise of commands and versions."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tap_instagram_business.cli import COMMANDS, command_line

ROOT = Path(__file__).parent.parent
CONNECT = (ROOT / "docs" / "connect.md").read_text("utf-8")
TAPS = sorted(COMMANDS.keys() - {"sandbox"})
"""The commands for those who read Instagram; the sandbox is for those who work on the tap."""


def command(name: str) -> click.Command:
    group = command_line()
    found = group.get_command(click.Context(group), name)
    assert found
    return found


@pytest.mark.parametrize("name", TAPS)
def test_every_command_is_documented(name: str) -> None:
    table = re.search(r"^\| command \|.*?\n\n", CONNECT, re.MULTILINE | re.DOTALL)
    assert table
    first_cells = "".join(re.findall(r"^\|([^|]+)\|", table[0], re.MULTILINE))
    assert f"`{name}`" in first_cells or f"tap-instagram-business {name}" in CONNECT


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_of_every_command_begins_with_a_sentence(name: str) -> None:
    sentence = (command(name).help or "").splitlines()[0]
    assert re.fullmatch(r"[A-Z].+ .+\.", sentence)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_of_a_command_says_what_it_does(name: str) -> None:
    options = [option for option in command(name).params if isinstance(option, click.Option)]
    assert not [option.opts for option in options if not option.help]


CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
DATED = re.sub(r"- unreleased$", "- 2026-12-01", CHANGELOG, flags=re.MULTILINE)


def release_notes(tmp_path: Path, changelog: str, tag: str) -> subprocess.CompletedProcess[str]:
    """Run the script as the release does, in a folder with this changelog."""
    (tmp_path / ".github").mkdir()
    script = shutil.copy(ROOT / ".github" / "release_notes.py", tmp_path / ".github")
    (tmp_path / "CHANGELOG.md").write_text(changelog, "utf-8")
    command = [sys.executable, str(script), tag]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_release_gets_what_the_changelog_says_of_it(tmp_path: Path) -> None:
    newest = re.search(r"^## \[(.+?)\] - ", CHANGELOG, re.MULTILINE)
    assert newest
    older = "\n## [0.0.1] - 2026-01-01\n\n- Older.\n"
    run = release_notes(tmp_path, f"{DATED}{older}", f"v{newest[1]}")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("### Added\n")
    assert run.stdout.strip() == DATED.partition(f"[{newest[1]}]")[2].partition("\n")[2].strip()


@pytest.mark.parametrize(
    ("changelog", "tag", "reason"),
    [
        ("## [0.1.0] - unreleased\n", "v0.1.0", "CHANGELOG.md has no date for 0.1.0"),
        ("## [0.1.0] - 2026-01-01\n", "v0.2.0", "CHANGELOG.md has no section for v0.2.0"),
        ("## [0.1.0] - 2026-01-01\n", "0.1.0", "CHANGELOG.md has no section for 0.1.0"),
    ],
)
def test_a_version_without_a_dated_section_is_not_released(
    tmp_path: Path, changelog: str, tag: str, reason: str
) -> None:
    run = release_notes(tmp_path, changelog, tag)
    assert run.returncode == 1
    assert run.stderr.startswith(reason)
