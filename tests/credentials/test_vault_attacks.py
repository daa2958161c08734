"""Attacks by somebody who can write the vault, but has no key."""

from __future__ import annotations

import dataclasses
import logging
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import WorldSettings
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.record import Record
from tap_instagram_business.credentials.storage import LocalFile
from tap_instagram_business.credentials.vault import Vault
from tap_instagram_business.left_out import AccountsUnread
from tests.credentials.records import OBTAINED, new_record
from tests.tap_run import run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.credentials.encryption import KeyRing

FIRST, SECOND = "17841400000000001", "17841400000000002"
OTHER_VALUES: dict[str, Any] = {
    "account_id": SECOND,
    "login": "instagram",
    "token": "",
    "user_id": "6660000000000006",
    "obtained": OBTAINED.replace(year=2027),
    "expires": OBTAINED,
    "refreshed": OBTAINED,
    "data_access_expires": OBTAINED,
    "status": "refused",
    "seal": "",
}


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Record)])
def test_no_member_of_a_record_can_be_changed(record: Record, keys: KeyRing, name: str) -> None:
    other = new_record(keys, FIRST, "EAAanother-token-0123456789")
    value = getattr(other, name) if name == "token" else OTHER_VALUES[name]
    assert record.open_token(keys) == "EAAcanary-vault-0123456789"
    with pytest.raises(CredentialsError):
        replace(record, **{name: value}).open_token(keys)


def test_a_seal_holds_for_its_own_record_only(record: Record, keys: KeyRing) -> None:
    other = new_record(keys, SECOND, "EAAanother-token-0123456789")
    for seal in (other.seal, record.token, keys.encrypt("", FIRST), "enc:v1:0:x", "x"):
        with pytest.raises(CredentialsError):
            replace(record, seal=seal).open_token(keys)


@pytest.mark.parametrize("name", ["access_token", "app_secret", "", "1784\n"])
def test_a_setting_does_not_pass_for_an_account(keys: KeyRing, name: str) -> None:
    ciphertext = keys.encrypt("canary-secret-of-a-setting", name)
    forged = Record(name, "facebook", ciphertext, "5", OBTAINED).sealed(keys)
    with pytest.raises(CredentialsError, match="is no account"):
        forged.open_token(keys)


def test_an_account_does_not_pass_for_a_setting(record: Record, keys: KeyRing) -> None:
    for name in ("access_token", "app_secret"):
        for ciphertext in (record.token, record.seal):
            with pytest.raises(CredentialsError, match="was changed"):
                keys.decrypt(ciphertext, name)


def test_an_older_copy_that_is_put_back_is_noticed(
    vault: Vault, record: Record, keys: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    path = Path(vault.location)
    with vault.changing() as records:
        records[FIRST] = record
    copy = path.read_bytes()
    with vault.changing() as records:
        records[SECOND] = new_record(keys, SECOND, "EAAanother-token-0123456789")
    assert "older copy" not in caplog.text
    path.write_bytes(copy)
    with caplog.at_level(logging.WARNING):
        assert list(Vault(vault.location).read()) == [FIRST]
    assert caplog.text.count("is an older copy of itself") == 1

    caplog.clear()
    again = Vault(vault.location)
    with again.changing() as records:
        records[SECOND] = new_record(keys, SECOND, "EAAanother-token-0123456789")
    caplog.clear()
    assert set(Vault(vault.location).read()) == {FIRST, SECOND}
    assert "older copy" not in caplog.text


@pytest.mark.parametrize("name", ["vault.json", "vault/"])
def test_a_change_while_the_vault_is_read_does_not_make_it_an_older_copy(
    tmp_path: Path,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    vault = Vault(f"{tmp_path}/{name}")
    with vault.changing([FIRST]) as records:
        records[FIRST] = record
    read = LocalFile.read

    def read_before_a_change(file: LocalFile) -> bytes | None:
        content = read(file)
        monkeypatch.setattr(LocalFile, "read", read)
        with Vault(vault.location).changing([FIRST]) as records:
            records[FIRST] = replace(record, status="refused")
        return content

    monkeypatch.setattr(LocalFile, "read", read_before_a_change)
    assert vault.read([FIRST])[FIRST].status == "good"
    assert vault.read([FIRST])[FIRST].status == "refused"
    assert "older copy" not in caplog.text


def test_one_record_that_cannot_be_deciphered_leaves_out_that_account_only(
    vault: Vault, keys: KeyRing, serve: Callable[..., GraphApiServer]
) -> None:
    server = serve(WorldSettings(accounts=3, posts=2, days=3))
    pages = [page for page in server.world.pages if page.account]
    with vault.changing() as records:
        for page in pages:
            assert page.account
            records[page.account.id] = new_record(keys, page.account.id, page.access_token)
        first, broken, last = sorted(records)
        records[broken] = replace(records[broken], user_id="6660000000000006")
    run = run_tap(server, strict=False, access_token="", vault_path=vault.location)
    assert isinstance(run.error, AccountsUnread)
    assert broken in str(run.error)
    assert {row["id"] for row in run.records["accounts"]} == {first, last}

    with vault.changing() as records:
        for name in (first, last):
            records[name] = replace(records[name], user_id="6660000000000006")
    run = run_tap(server, strict=False, access_token="", vault_path=vault.location)
    assert isinstance(run.error, CredentialsError)
    assert "was changed by another program" in str(run.error)


@pytest.mark.parametrize("scheme", ["", "file://", "local://", "FILE://"])
def test_every_way_to_name_a_file_is_as_strict(tmp_path: Path, record: Record, scheme: str) -> None:
    path = tmp_path / "new" / "vault.json"
    with Vault(f"{scheme}{path}").changing() as records:
        records[FIRST] = record
    assert sorted(file.name for file in path.parent.iterdir()) == ["vault.json", "vault.json.lock"]
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path, record: Record) -> None:
    target = tmp_path / "precious"
    for content in (None, "precious content"):
        if content:
            target.write_text(content)
            target.chmod(0o644)
        (tmp_path / "vault.json.lock").symlink_to(target)
        vault = Vault(str(tmp_path / "vault.json"))
        with pytest.raises(CredentialsError, match="cannot be changed"), vault.changing() as found:
            found[FIRST] = record
        assert target.exists() is bool(content)
        assert not content or target.read_text() == content
        assert not (tmp_path / "vault.json").exists()
        (tmp_path / "vault.json.lock").unlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_a_lock_that_others_could_open_is_closed_to_them(tmp_path: Path, record: Record) -> None:
    lock = tmp_path / "vault.json.lock"
    lock.touch()
    lock.chmod(0o666)
    with Vault(str(tmp_path / "vault.json")).changing() as records:
        records[FIRST] = record
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600
