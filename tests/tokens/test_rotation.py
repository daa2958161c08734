"""Key rotation from key A to key B: put B before A, rotate, remove A."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tap_instagram_business.tokens.encryption import KEY_VARIABLE, KeyRing, generate_key
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.tombstones import Tombstones
from tests.tokens.command import command, complaint, environment, output
from tests.tokens.records import all_records, new_record, put

if TYPE_CHECKING:
    from tap_instagram_business.tokens.vault import Vault

ERASED = "17841400000000009"
SECRET = "canary-app-secret-0123456789"
A, B = generate_key(), generate_key()
OLD, NEW = (KeyRing.parse(key, source="the test") for key in (A, B))


@pytest.fixture
def filled(vault: Vault) -> Vault:
    put(vault, OLD, *(new_record(str(number), f"EAAtoken{number}") for number in range(5)))
    Tombstones(vault.storage, lambda: OLD).add([ERASED])
    return vault


def test_after_rotation_only_the_new_key_decrypts(filled: Vault) -> None:
    old_setting = OLD.encrypt(SECRET, "app_secret")
    env = environment(VAULT_PATH=filled.location, APP_SECRET=old_setting)
    run = command("rotate-keys", env={**env, KEY_VARIABLE: f"{B},{A}"})
    name, _, setting = output(run).strip().partition("=")
    assert name == "TAP_INSTAGRAM_BUSINESS_APP_SECRET"
    assert "5 of 5 tokens" in run.stderr
    assert SECRET not in run.stdout + run.stderr
    assert NEW.decrypt(setting, "app_secret") == SECRET
    for number, record in all_records(filled, NEW).items():
        assert record.token == f"EAAtoken{number}"
    for error in filled.read(OLD).refused.values():
        assert NEW.ids[0] in str(error)
    assert len(filled.read(OLD).refused) == 5
    assert Tombstones(filled.storage, lambda: NEW).is_erased(ERASED)
    with pytest.raises(CredentialsError, match=NEW.ids[0]):
        Tombstones(filled.storage, lambda: OLD).is_erased(ERASED)
    again = command(
        "rotate-keys", env={**env, "TAP_INSTAGRAM_BUSINESS_APP_SECRET": "", KEY_VARIABLE: B}
    )
    assert not output(again)
    assert "0 of 5 tokens" in again.stderr


def test_the_old_key_is_given_up_only_when_nothing_known_needs_it(filled: Vault) -> None:
    settings = {
        "VAULT_PATH": filled.location,
        "ACCESS_TOKEN": OLD.encrypt("x" * 20, "access_token"),
    }
    both = {KEY_VARIABLE: f"{B},{A}"}

    def advice(**changed: str) -> str:
        run = command("rotate-keys", env={**environment(**{**settings, **changed}), **both})
        output(run)
        return run.stderr.splitlines()[-1]

    assert advice().startswith(f"Keep key {OLD.ids[0]} for now: put the printed values")
    assert advice(VAULT_PATH="").startswith(f"Keep key {OLD.ids[0]} for now: put the printed")
    renewed = NEW.encrypt("x" * 20, "access_token")
    assert "name the vault" in advice(VAULT_PATH="", ACCESS_TOKEN=renewed)
    assert advice(ACCESS_TOKEN=renewed).startswith("Nothing that this command knows needs key")
    assert "remove" not in advice()


def test_a_vault_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    env = {**environment(VAULT_PATH=str(tmp_path / "none")), KEY_VARIABLE: f"{B},{A}"}
    run = command("rotate-keys", env=env)
    assert complaint(run).startswith(f"There is no vault at {tmp_path}/none")
    assert "remove" not in run.stderr
    assert not list(tmp_path.iterdir())


def contents(vault: Vault) -> dict[str, bytes]:
    found = [path for path in Path(vault.location).rglob("*") if path.is_file()]
    return {path.name: path.read_bytes() for path in found}


def test_rotation_changes_nothing_if_a_record_was_changed(filled: Vault) -> None:
    path = Path(filled.location) / "accounts" / "3.json"
    path.write_text(path.read_text().replace("5550000000000001", "6660000000000006"))
    before = contents(filled)
    env = {**environment(VAULT_PATH=filled.location), KEY_VARIABLE: f"{B},{A}"}
    assert "record of account 3 in the vault was changed" in complaint(
        command("rotate-keys", env=env)
    )
    assert contents(filled) == before


@pytest.mark.parametrize("content", ["", "damaged", None])
def test_rotation_changes_nothing_if_the_key_of_the_marks_is_damaged(
    filled: Vault, content: str | None
) -> None:
    path = Path(filled.location) / "erased.key"
    path.unlink()
    if content is not None:
        path.write_text(content)
    before = contents(filled)
    env = {**environment(VAULT_PATH=filled.location), KEY_VARIABLE: f"{B},{A}"}
    assert "erased.key" in complaint(command("rotate-keys", env=env))
    assert contents(filled) == before


def test_rotation_without_the_old_key_changes_nothing(filled: Vault) -> None:
    before = contents(filled)
    env = {**environment(VAULT_PATH=filled.location), KEY_VARIABLE: B}
    assert OLD.ids[0] in complaint(command("rotate-keys", env=env))
    assert contents(filled) == before


def test_only_the_owner_can_read_a_generated_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    output(command("generate-key", "--output", str(path)))
    assert path.stat().st_mode & 0o777 == 0o600
    env = {**environment(), f"{KEY_VARIABLE}_FILE": str(path)}
    ciphertext = output(command("encrypt", stdin=f"{SECRET}\n", env=env)).strip()
    keys = KeyRing.parse(path.read_text(), source="the test")
    assert keys.decrypt(ciphertext, "access_token") == SECRET
    assert "File exists" in complaint(command("generate-key", "--output", str(path)))
    assert keys.ids == KeyRing.parse(path.read_text(), source="the test").ids


def test_a_key_can_be_printed() -> None:
    assert KeyRing.parse(output(command("generate-key")), source="the test")


@pytest.mark.parametrize(
    "stdin",
    ["", "\n", NEW.encrypt("secret", "access_token")],
    ids=["nothing", "a line end", "ciphertext"],
)
def test_empty_input_and_ciphertext_are_not_encrypted(stdin: str) -> None:
    sentence = complaint(command("encrypt", stdin=stdin, env={**environment(), KEY_VARIABLE: A}))
    assert "standard input" in sentence


def test_encryption_needs_a_key() -> None:
    env = {name: value for name, value in environment().items() if KEY_VARIABLE not in name}
    assert "generate-key" in complaint(command("encrypt", stdin=SECRET, env=env))
