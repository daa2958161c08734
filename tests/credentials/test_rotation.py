"""Key rotation from key A to key B: put B before A, rotate, remove A."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tap_instagram_business.credentials.encryption import KeyRing, generate_key
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.keys import KEY_VARIABLE
from tests.credentials.command import command, complaint, environment, output
from tests.credentials.records import new_record

if TYPE_CHECKING:
    from tap_instagram_business.credentials.vault import Vault

SECRET = "canary-app-secret-0123456789"
A, B = generate_key(), generate_key()
OLD, NEW = (KeyRing.parse(key, source="the test") for key in (A, B))


@pytest.fixture
def filled(vault: Vault) -> Vault:
    with vault.changing() as records:
        for number in range(5):
            records[str(number)] = new_record(OLD, str(number), f"EAAtoken{number}")
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
    for number, record in filled.read().items():
        assert NEW.decrypt(record.token, number) == f"EAAtoken{number}"
        with pytest.raises(CredentialsError, match=NEW.ids[0]):
            OLD.decrypt(record.token, number)
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
    env = {**environment(VAULT_PATH=str(tmp_path / "none.json")), KEY_VARIABLE: f"{B},{A}"}
    run = command("rotate-keys", env=env)
    assert complaint(run).startswith(f"There is no vault at {tmp_path}/none.json")
    assert "remove" not in run.stderr
    assert not list(tmp_path.iterdir())


def test_rotation_seals_records_of_an_earlier_version(filled: Vault) -> None:
    with filled.changing() as records:
        for name, record in records.items():
            records[name] = replace(record, seal="")
    env = environment(VAULT_PATH=filled.location)
    output(command("rotate-keys", env={**env, KEY_VARIABLE: A}))
    assert [record.open_token(OLD) for record in filled.read().values()] == [
        f"EAAtoken{number}" for number in range(5)
    ]


def test_rotation_seals_no_record_that_was_changed(filled: Vault) -> None:
    with filled.changing() as records:
        records["3"] = replace(records["3"], user_id="6660000000000006")
    before = Path(filled.location).read_bytes()
    env = {**environment(VAULT_PATH=filled.location), KEY_VARIABLE: f"{B},{A}"}
    assert "changed by another program" in complaint(command("rotate-keys", env=env))
    assert Path(filled.location).read_bytes() == before


def test_rotation_without_the_old_key_changes_nothing(filled: Vault) -> None:
    before = Path(filled.location).read_bytes()
    env = {**environment(VAULT_PATH=filled.location), KEY_VARIABLE: B}
    assert OLD.ids[0] in complaint(command("rotate-keys", env=env))
    assert Path(filled.location).read_bytes() == before


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
