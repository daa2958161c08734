"""Records that are stored are read again, and only with the key, in each kind of storage."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tap_instagram_business.tokens import tombstones
from tap_instagram_business.tokens.encryption import KeyRing, generate_key
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.storage import Storage, Stored, open_storage
from tap_instagram_business.tokens.tombstones import Tombstones
from tap_instagram_business.tokens.vault import Vault
from tests.tokens.records import OBTAINED, all_records, new_record, put

if TYPE_CHECKING:
    from tap_instagram_business.tokens.vault import Record

FIRST, SECOND = "17841400000000001", "17841400000000002"
TOKEN = "EAAcanary-vault-0123456789"
LATER = OBTAINED.replace(year=2027)


def test_stored_records_are_read_again(any_vault: Vault, record: Record, keys: KeyRing) -> None:
    full = replace(
        record,
        account_id=SECOND,
        login="instagram",
        expires=LATER,
        refreshed=LATER,
        data_access_expires=LATER,
        status="refused",
    )
    put(any_vault, keys, record, full)
    found = Vault(any_vault.location).read(keys)
    assert (found.verified, found.refused) == ({FIRST: record, SECOND: full}, {})
    assert [*any_vault.read(keys, [SECOND, "1"]).verified] == [SECOND]
    assert {each.key_id for each in found.verified.values()} == {keys.ids[0]}


def test_a_new_vault_is_empty_and_reading_makes_nothing(vault: Vault, keys: KeyRing) -> None:
    assert (vault.account_ids(), vault.read(keys).verified, vault.version(FIRST)) == ([], {}, None)
    assert vault.delete([FIRST]) == []
    assert not Path(vault.location).exists()


def test_a_record_is_an_object_with_its_members_in_clear(
    vault: Vault, record: Record, keys: KeyRing
) -> None:
    put(vault, keys, record)
    stored = json.loads(Path(vault.location, "accounts", f"{FIRST}.json").read_bytes())
    token = stored.pop("token")
    assert token.startswith(f"enc:v1:{keys.ids[0]}:")
    assert stored == {
        "account_id": FIRST,
        "login": "facebook",
        "user_id": "5550000000000001",
        "obtained": "2026-11-01T12:00:00+00:00",
        "expires": None,
        "refreshed": None,
        "data_access_expires": None,
        "status": "good",
    }
    assert vault.read_unverified() == {FIRST: {**stored, "token": token}}


def test_a_record_is_written_only_over_the_version_that_was_read(
    any_vault: Vault, record: Record, keys: KeyRing
) -> None:
    first = any_vault.write(record, keys)
    assert first
    assert any_vault.write(record, keys) is None
    second = any_vault.write(replace(first, status="refused"), keys)
    assert second
    assert any_vault.write(first, keys) is None
    assert all_records(any_vault, keys)[FIRST].status == "refused"
    assert any_vault.delete([FIRST, SECOND]) == [FIRST]
    assert any_vault.write(second, keys) is None
    assert any_vault.account_ids() == []


def test_a_write_whose_response_was_lost_counts_as_written(
    vault: Vault, record: Record, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client of a bucket repeats the request, and is then refused because of itself."""
    write = vault.storage.write

    def twice(name: str, content: bytes, version: str | None) -> str | None:
        write(name, content, version)
        return write(name, content, version)

    monkeypatch.setattr(vault.storage, "write", twice)
    stored = vault.write(record, keys)
    assert stored
    assert stored.version == vault.version(FIRST)


@pytest.mark.parametrize("text", ["../x", "1/2", "", "17841\n", "\u0661", "1" * 31, "access_token"])
def test_an_id_has_digits_only(vault: Vault, record: Record, keys: KeyRing, text: str) -> None:
    for use in (
        lambda: vault.version(text),
        lambda: vault.delete([text]),
        lambda: vault.read(keys, [text]),
        lambda: vault.write(replace(record, account_id=text), keys),
    ):
        with pytest.raises(CredentialsError, match="an account id has digits only"):
            use()
    assert not Path(vault.location).exists()


def test_objects_of_other_names_are_ignored_and_counted(
    vault: Vault, record: Record, keys: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    put(vault, keys, record)
    folder = Path(vault.location, "accounts")
    for name in ("copy.json", f"{SECOND}.json.bak", "1x.json"):
        (folder / name).write_bytes((folder / f"{FIRST}.json").read_bytes())
    assert [*all_records(vault, keys)] == [FIRST]
    assert "3 objects in" in caplog.text


def test_a_record_of_another_key_names_the_key(vault: Vault, record: Record, keys: KeyRing) -> None:
    put(vault, keys, record)
    found = vault.read(KeyRing.parse(generate_key(), source="the test"))
    assert keys.ids[0] in str(found.refused[FIRST])
    with pytest.raises(CredentialsError, match=keys.ids[0]):
        found.all()


@pytest.mark.parametrize("name", ["access_token", "app_secret"])
def test_a_record_does_not_pass_for_a_setting(vault: Vault, keys: KeyRing, name: str) -> None:
    put(vault, keys, new_record(FIRST, TOKEN))
    ciphertext = str(vault.read_unverified()[FIRST]["token"])
    with pytest.raises(CredentialsError, match="was changed"):
        keys.decrypt(ciphertext, name)
    path = Path(vault.location, "accounts", f"{FIRST}.json")
    stored = json.loads(path.read_bytes())
    path.write_text(json.dumps({**stored, "token": keys.encrypt(TOKEN, name)}))
    assert "was changed" in str(vault.read(keys).refused[FIRST])


# Marks of erased accounts


@pytest.fixture(params=["beside a vault", "in a project"])
def new_tombstones(
    request: pytest.FixtureRequest, any_location: str, tmp_path: Path, keys: KeyRing
) -> Any:
    """Returns the marks as a new process sees them."""
    location = any_location if request.param == "beside a vault" else None
    return lambda: Tombstones.of(location, tmp_path, lambda: keys)


def test_an_erased_account_is_known_until_it_is_connected_again(new_tombstones: Any) -> None:
    marks = new_tombstones()
    assert not marks.is_erased(FIRST)
    assert marks.marked([FIRST]) == []
    marks.add([FIRST])
    marks.add([FIRST])
    again = new_tombstones()
    assert again.is_erased(FIRST)
    assert not again.is_erased(SECOND)
    assert again.marked([FIRST, SECOND]) == [FIRST]
    state = {"bookmarks": {"media": {"accounts": {FIRST: {"a": 1}, SECOND: {"a": 2}}}, "x": {}}}
    assert again.without_erased(state) == {
        "bookmarks": {"media": {"accounts": {SECOND: {"a": 2}}}, "x": {}}
    }
    again.remove([FIRST])
    assert not new_tombstones().is_erased(FIRST)


@pytest.mark.parametrize(("scheme", "seconds"), [("local", 0.1), ("gs", 30.0), ("s3", 30.0)])
def test_a_run_looks_for_new_marks_again_and_again(
    location_of: Any, keys: KeyRing, monkeypatch: pytest.MonkeyPatch, scheme: str, seconds: float
) -> None:
    """On this machine nearly always; in a bucket, where each look is a request, now and then."""
    passed = [100.0]
    clock = SimpleNamespace(monotonic=lambda: sum(passed))
    monkeypatch.setattr(tombstones, "time", clock)
    storage = open_storage(location_of(scheme))
    run = Tombstones(storage, lambda: keys)
    assert not run.is_erased(FIRST)
    Tombstones(storage, lambda: keys).add([FIRST])
    passed.append(0.9 * seconds)
    assert not run.is_erased(FIRST)
    passed.append(0.2 * seconds)
    assert run.is_erased(FIRST)


def test_the_id_of_an_erased_account_is_not_kept(vault: Vault, keys: KeyRing) -> None:
    Tombstones(vault.storage, lambda: keys).add([FIRST])
    files = [path for path in Path(vault.location).rglob("*") if path.is_file()]
    assert len(files) == 3
    assert not [path for path in files if FIRST in path.name or FIRST in path.read_text()]
    key = Path(vault.location, "erased.key").read_text()
    assert key.startswith(f"enc:v1:{keys.ids[0]}:")


def test_without_any_mark_no_key_is_needed(vault: Vault) -> None:
    def no_keys() -> KeyRing:
        raise AssertionError

    marks = Tombstones(vault.storage, no_keys)
    assert not marks.is_erased(FIRST)
    state: Any = {"bookmarks": {"media": {"accounts": {FIRST: {}}}}}
    assert marks.without_erased(state) == state


@pytest.mark.parametrize("content", [None, b"", b"x" * 43, b"\xff", b"enc:v1:00000000:AAAA"])
def test_marks_without_their_key_stop_a_run(
    any_vault: Vault, keys: KeyRing, content: bytes | None
) -> None:
    storage = any_vault.storage
    Tombstones(storage, lambda: keys).add([FIRST])
    storage.delete("erased.key")
    if content is not None:
        storage.write("erased.key", content, None)
    with pytest.raises(CredentialsError, match=r"erased\.key"):
        Tombstones(storage, lambda: keys).is_erased(SECOND)


class Careless(Storage):
    """A store that takes no notice of conditions, as some that imitate S3."""

    def __init__(self) -> None:
        super().__init__("s3://careless/vault")
        self._objects: dict[str, bytes] = {}

    def names(self, folder: str) -> list[str]:
        return sorted(name for name in self._objects if name.startswith(folder))

    def read(self, name: str) -> Stored | None:
        content = self._objects.get(name)
        return None if content is None else Stored(content, "1")

    def write(self, name: str, content: bytes, version: str | None) -> str | None:
        self._objects[name] = content
        return version or "1"

    def delete(self, name: str) -> None:
        self._objects.pop(name, None)


def test_a_store_without_conditional_writes_is_refused(keys: KeyRing) -> None:
    with pytest.raises(CredentialsError, match="use a store with conditional writes"):
        Tombstones(Careless(), lambda: keys).remove([FIRST])
