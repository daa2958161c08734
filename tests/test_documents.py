"""What documents and help texts promise of commands and versions."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from tap_instagram_business.cli import COMMANDS, command_line

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
TAPS = sorted(COMMANDS.keys() - {"sandbox"})
"""The commands for those who read Instagram; the sandbox is for those who work on the tap."""


def command(name: str) -> click.Command:
    group = command_line()
    found = group.get_command(click.Context(group), name)
    assert found
    return found


@pytest.mark.parametrize("name", TAPS)
def test_every_command_is_in_the_readme(name: str) -> None:
    table = re.search(r"^\| command \|.*?\n\n", README, re.MULTILINE | re.DOTALL)
    assert table
    first_cells = "".join(re.findall(r"^\|([^|]+)\|", table[0], re.MULTILINE))
    assert f"`{name}`" in first_cells or f"tap-instagram-business {name}" in README


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_of_every_command_begins_with_a_sentence(name: str) -> None:
    sentence = (command(name).help or "").splitlines()[0]
    assert re.fullmatch(r"[A-Z].+ .+\.", sentence)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_of_a_command_says_what_it_does(name: str) -> None:
    options = [option for option in command(name).params if isinstance(option, click.Option)]
    assert not [option.opts for option in options if not option.help]


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## \[(\d.*?)\]", changelog, re.MULTILINE)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    package = re.search(r'^version = "(.+)"', project, re.MULTILINE)
    assert newest
    assert package
    assert newest[1] == package[1]
