"""Where the key comes from, in which order, and what is refused."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

from tap_instagram_business.credentials.encryption import KeyRing, generate_key
from tap_instagram_business.credentials.failure import CredentialsError
from tap_instagram_business.credentials.keys import KEY, read_keys

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {place: generate_key() for place in ("file", "command", "manager", "environment")}


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


@pytest.fixture
def secret_manager(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for Google's client: what it is asked for, with the key for an answer."""
    asked: list[str] = []

    class SecretManagerServiceClient:
        def access_secret_version(self, request: dict[str, str]) -> Any:
            asked.append(request["name"])
            data = KEYS["manager"].encode()
            return types.SimpleNamespace(payload=types.SimpleNamespace(data=data))

    module = types.ModuleType("google.cloud.secretmanager")
    module.SecretManagerServiceClient = SecretManagerServiceClient  # type: ignore[attr-defined]
    google, cloud = types.ModuleType("google"), types.ModuleType("google.cloud")
    cloud.secretmanager = module  # type: ignore[attr-defined]
    for name, stand_in in (("google", google), ("google.cloud", cloud), (module.__name__, module)):
        monkeypatch.setitem(sys.modules, name, stand_in)
    return asked


def test_the_first_source_that_is_set_is_taken(key_file: Path, secret_manager: list[str]) -> None:
    sources = {
        f"{KEY}_FILE": (str(key_file), "file"),
        f"{KEY}_COMMAND": (command(f"print('{KEYS['command']}')"), "command"),
        f"{KEY}_URI": ("gcp-sm://projects/p/secrets/s", "manager"),
        KEY: (KEYS["environment"], "environment"),
    }
    while sources:
        environ = {name: value for name, (value, _) in sources.items()}
        expected = next(iter(sources.values()))[1]
        assert read_keys(environ).ids == (key_id(KEYS[expected]),)
        del sources[next(iter(sources))]
    assert secret_manager == ["projects/p/secrets/s/versions/latest"]


def test_several_keys_stand_with_commas_between_them() -> None:
    keys = read_keys({KEY: f"{KEYS['file']}, {KEYS['command']}"})
    assert keys.ids == (key_id(KEYS["file"]), key_id(KEYS["command"]))


def test_no_key_at_all_says_how_to_get_one() -> None:
    with pytest.raises(CredentialsError, match="generate-key"):
        read_keys({})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o644])
def test_a_key_file_that_others_can_read_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(CredentialsError, match="chmod 600") as refused:
        read_keys({f"{KEY}_FILE": str(key_file)})
    assert KEYS["file"] not in str(refused.value)


def test_a_key_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="No such file"):
        read_keys({f"{KEY}_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("/no/such/program", "No such file"),
        ("false", "exit code 1"),
        ("'unbalanced", "not a command"),
        (" ", "not a command"),
    ],
)
def test_a_command_that_gives_no_key(value: str, why: str) -> None:
    with pytest.raises(CredentialsError, match=why):
        read_keys({f"{KEY}_COMMAND": value})


def test_a_command_runs_without_a_shell(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError):
        read_keys({f"{KEY}_COMMAND": f"echo $HOME; touch {tmp_path}/made"})
    assert not (tmp_path / "made").exists()


def test_what_a_failing_command_says_is_not_shown() -> None:
    noisy = command(f"import sys; print('{KEYS['file']}', file=sys.stderr); sys.exit(3)")
    with pytest.raises(CredentialsError, match="exit code 3") as refused:
        read_keys({f"{KEY}_COMMAND": noisy})
    assert KEYS["file"] not in str(refused.value)


@pytest.mark.parametrize("uri", ["vault://secret/key", "gcp-sm://", "plain"])
def test_a_secret_manager_that_is_not_known(uri: str) -> None:
    with pytest.raises(CredentialsError, match="gcp-sm"):
        read_keys({f"{KEY}_URI": uri})


def test_a_secret_manager_whose_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud", None)
    with pytest.raises(CredentialsError, match=r"tap-instagram-business\[gcp\]"):
        read_keys({f"{KEY}_URI": "gcp-sm://projects/p/secrets/s"})


def test_a_secret_manager_that_refuses(
    secret_manager: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        message = f"denied {KEYS['manager']}"
        raise PermissionError(message)

    module = sys.modules["google.cloud.secretmanager"]
    monkeypatch.setattr(module.SecretManagerServiceClient, "access_secret_version", refuse)
    with pytest.raises(CredentialsError, match="PermissionError") as refused:
        read_keys({f"{KEY}_URI": "gcp-sm://projects/p/secrets/s/versions/7"})
    assert KEYS["manager"] not in str(refused.value)
    assert not secret_manager
