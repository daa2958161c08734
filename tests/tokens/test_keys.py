"""The sources of the encryption keys: their order, and what is refused."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tap_instagram_business.tokens.encryption import (
    KEY_VARIABLE,
    KeyRing,
    generate_key,
    read_keys,
)
from tap_instagram_business.tokens.errors import CredentialsError

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {place: generate_key() for place in ("file", "command", "environment")}


def key_id(key: str) -> str:
    return KeyRing.parse(key, source="the test").ids[0]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(KEYS["file"] + "\n")
    path.chmod(0o600)
    return path


def command(program: str) -> str:
    return f'{sys.executable} -c "{program}"'


def test_the_first_source_that_is_set_is_used(key_file: Path) -> None:
    sources = {
        f"{KEY_VARIABLE}_FILE": (str(key_file), "file"),
        f"{KEY_VARIABLE}_COMMAND": (command(f"print('{KEYS['command']}')"), "command"),
        KEY_VARIABLE: (KEYS["environment"], "environment"),
    }
    while sources:
        environ = {name: value for name, (value, _) in sources.items()}
        expected = next(iter(sources.values()))[1]
        assert read_keys(environ).ids == (key_id(KEYS[expected]),)
        del sources[next(iter(sources))]


def test_several_keys_are_separated_by_commas() -> None:
    keys = read_keys({KEY_VARIABLE: f"{KEYS['file']}, {KEYS['command']}"})
    assert keys.ids == (key_id(KEYS["file"]), key_id(KEYS["command"]))


def test_the_error_for_no_key_says_how_to_make_one() -> None:
    with pytest.raises(CredentialsError, match="generate-key"):
        read_keys({})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o644])
def test_a_key_file_that_others_can_read_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(CredentialsError, match="chmod 600") as refused:
        read_keys({f"{KEY_VARIABLE}_FILE": str(key_file)})
    assert KEYS["file"] not in str(refused.value)


def test_a_missing_key_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="No such file"):
        read_keys({f"{KEY_VARIABLE}_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("/no/such/program", "No such file"),
        ("false", "exit code 1"),
        ("'unbalanced", "not a command"),
        (" ", "not a command"),
    ],
)
def test_a_command_without_a_key_is_reported(value: str, why: str) -> None:
    with pytest.raises(CredentialsError, match=why):
        read_keys({f"{KEY_VARIABLE}_COMMAND": value})


def test_a_command_runs_without_a_shell(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError):
        read_keys({f"{KEY_VARIABLE}_COMMAND": f"echo $HOME; touch {tmp_path}/made"})
    assert not (tmp_path / "made").exists()


def test_the_output_of_a_failing_command_is_not_shown() -> None:
    noisy = command(f"import sys; print('{KEYS['file']}', file=sys.stderr); sys.exit(3)")
    with pytest.raises(CredentialsError, match="exit code 3") as refused:
        read_keys({f"{KEY_VARIABLE}_COMMAND": noisy})
    assert KEYS["file"] not in str(refused.value)
