"""A vault in many files: small changes, and the same protection as of a vault in one file."""

from __future__ import annotations

import json
import logging
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import WorldSettings
from tap_instagram_business.credentials import lease, storage
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.vault import FILES, Vault
from tap_instagram_business.credentials.vault_file import _checksum
from tap_instagram_business.sharding import Shard, place
from tests.credentials.records import new_record
from tests.credentials.test_vault import FULL_DISK, writer
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.record import Record

ACCOUNTS = [f"178414000{number:08d}" for number in range(12)]
FIRST, SECOND, *_ = ACCOUNTS


@pytest.fixture
def folder(tmp_path: Path) -> Vault:
    return Vault(f"{tmp_path}/vault/")


@pytest.fixture
def filled(folder: Vault, keys: KeyRing) -> Vault:
    with folder.changing() as records:
        records.update({name: new_record(keys, name, f"EAAtoken-of-{name}") for name in ACCOUNTS})
    return folder


def path_of(vault: Vault, account_id: str) -> Path:
    return Path(vault.location) / f"{place(account_id, FILES) - 1:02x}.json"


def contents(vault: Vault) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(vault.location).glob("*.json")}


@pytest.mark.parametrize(
    ("account_id", "name"),
    [("17841400000000001", "49"), ("17841409611130212", "c0"), ("17841470092800089", "33")],
)
def test_an_account_has_its_file_for_ever(
    folder: Vault, keys: KeyRing, account_id: str, name: str
) -> None:
    with folder.changing([account_id]) as records:
        records[account_id] = new_record(keys, account_id, "EAAcanary-vault-0123456789")
    assert [*contents(folder)] == [f"{name}.json"]


def test_each_file_is_a_vault_of_today(filled: Vault, keys: KeyRing) -> None:
    assert {*filled.read()} == {*ACCOUNTS}
    for name in ACCOUNTS:
        alone = Vault(str(path_of(filled, name))).read()
        assert alone[name].open_token(keys) == f"EAAtoken-of-{name}"
    for path in Path(filled.location).iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(Path(filled.location).stat().st_mode) == 0o700


def test_a_change_of_one_account_writes_one_file_and_waits_for_no_other(
    filled: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MAX_WAIT_SECONDS", 0.1)
    before = contents(filled)
    with Vault(filled.location).changing([SECOND]):
        with filled.changing([FIRST]) as records:
            records[FIRST] = replace(records[FIRST], status="refused")
        with pytest.raises(CredentialsError, match="Another process"), filled.changing([SECOND]):
            pass
    changed = {name for name, content in contents(filled).items() if content != before[name]}
    assert changed == {path_of(filled, FIRST).name}


def test_a_record_of_a_file_that_is_not_locked_is_not_stored(filled: Vault) -> None:
    before = contents(filled)

    def store() -> None:
        with filled.changing([FIRST]) as records:
            records[FIRST] = replace(records[FIRST], status="refused")
            records[SECOND] = replace(records[FIRST], account_id=SECOND)

    with pytest.raises(KeyError):
        store()
    assert contents(filled) == before


def test_only_the_files_of_the_named_accounts_and_of_the_shard_are_read(filled: Vault) -> None:
    for path in Path(filled.location).glob("*.json"):
        if path != path_of(filled, FIRST):
            path.write_bytes(b"damaged")
    assert [*filled.read([FIRST])] == [FIRST]
    with pytest.raises(CredentialsError, match="is not a vault"):
        filled.read()
    for number in (2, 64, 256, 512):
        index = place(FIRST, number)
        others = [place(name, FILES) for name in ACCOUNTS if name != FIRST]
        if all((other - index) % min(number, FILES) for other in others):
            assert [*filled.read(shard=Shard(index, number))] == [FIRST]


@pytest.mark.parametrize("number", [1, 3, 4, 12, 256, 300, 1024])
def test_all_shards_together_read_each_account_once(filled: Vault, number: int) -> None:
    indexes = {place(name, number) for name in ACCOUNTS}
    parts = [filled.read(shard=Shard(index, number)) for index in indexes]
    assert sorted(name for part in parts for name in part) == ACCOUNTS


def refuse(vault: Vault, content: bytes) -> str:
    """Check that readers and writers refuse the first account's file; return the error."""
    path = path_of(vault, FIRST)
    path.write_bytes(content)
    with pytest.raises(CredentialsError) as to_read:
        Vault(vault.location).read()
    with pytest.raises(CredentialsError), Vault(vault.location).changing([FIRST]) as records:
        records.clear()
    assert path.read_bytes() == content
    assert [*Vault(vault.location).read([SECOND])] == [SECOND]
    return str(to_read.value)


def test_a_damaged_file_is_refused_and_the_others_are_not(filled: Vault) -> None:
    content = bytearray(path_of(filled, FIRST).read_bytes())
    for place_of_bit in range(0, len(content), 31):
        assert "nothing was written" in refuse(filled, bytes(content[:place_of_bit]))
        content[place_of_bit] ^= 1 << place_of_bit % 8
        assert "nothing was written" in refuse(filled, bytes(content))
        content[place_of_bit] ^= 1 << place_of_bit % 8


def test_a_file_under_the_name_of_another_one_is_refused(filled: Vault) -> None:
    other = path_of(filled, SECOND).read_bytes()
    assert "another file of the vault" in refuse(filled, other)


def test_a_record_in_the_file_of_another_account_is_refused(filled: Vault) -> None:
    stored = json.loads(path_of(filled, FIRST).read_bytes())
    stored["accounts"] |= json.loads(path_of(filled, SECOND).read_bytes())["accounts"]
    stored["sha256"] = _checksum(stored["accounts"])
    assert "another file of the vault" in refuse(filled, json.dumps(stored).encode())


def test_a_token_under_the_id_of_another_account_is_not_opened(
    filled: Vault, keys: KeyRing
) -> None:
    path = path_of(filled, FIRST)
    stored = json.loads(path.read_bytes())
    stored["accounts"][FIRST] = json.loads(path_of(filled, SECOND).read_bytes())["accounts"][SECOND]
    stored["sha256"] = _checksum(stored["accounts"])
    path.write_text(json.dumps(stored))
    with pytest.raises(CredentialsError, match=f"account {FIRST} was changed"):
        filled.read()[FIRST].open_token(keys)


def test_older_copies_and_deleted_files_are_noticed_once(
    filled: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    copies = contents(filled)
    with filled.changing([FIRST, SECOND]) as records:
        for name in (FIRST, SECOND):
            records[name] = replace(records[name], status="refused")
    with caplog.at_level(logging.WARNING):
        Vault(filled.location).read()
        assert "older copy" not in caplog.text
        for name in (FIRST, SECOND):
            path_of(filled, name).write_bytes(copies[path_of(filled, name).name])
        vault = Vault(filled.location)
        vault.read()
        vault.read()
        assert caplog.text.count("is an older copy of itself") == 1
        assert "(and 1 more of its files)" in caplog.text
        with vault.changing([FIRST, SECOND]) as records:
            for name in (FIRST, SECOND):
                records[name] = replace(records[name], status="refused")
        caplog.clear()
        assert {*Vault(filled.location).read()} == {*ACCOUNTS}
        assert "older copy" not in caplog.text
        path_of(filled, FIRST).unlink()
        assert FIRST not in Vault(filled.location).read()
        assert f"{path_of(filled, FIRST).name} is an older copy" in caplog.text


def test_a_vault_that_is_not_there_is_empty(
    folder: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    assert (folder.read(), folder.exists()) == ({}, False)
    assert not Path(folder.location).exists()
    assert not caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows reports another error.")
def test_a_folder_without_its_slash_is_told(filled: Vault) -> None:
    with pytest.raises(CredentialsError, match="the path of a vault in a folder ends in /"):
        Vault(filled.location.removesuffix("/")).read()


def test_writers_that_lock_the_same_files_lose_nothing_and_wait_for_nobody_for_ever(
    filled: Vault,
) -> None:
    def count(names: list[str]) -> None:
        for _ in range(10):
            with Vault(filled.location).changing(names) as records:
                for name in names:
                    number = int(records[name].user_id) + 1
                    records[name] = replace(records[name], user_id=str(number))

    threads = [threading.Thread(target=count, args=(ACCOUNTS[:: 1 - 2 * n],)) for n in (0, 1)]
    before = int(filled.read()[FIRST].user_id)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {int(record.user_id) for record in filled.read().values()} == {before + 20}


def test_processes_that_write_lose_no_records(folder: Vault) -> None:
    writers = [writer(folder, name, 30) for name in ("1", "2", "3")]
    for process in writers:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert len(folder.read()) == 90


@pytest.mark.soak
def test_the_files_are_complete_after_a_writer_was_killed_at_any_time(folder: Vault) -> None:
    known = 0
    for round_number in range(25):
        process = writer(folder, str(round_number), 10_000)
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.01 * round_number)
        process.kill()
        process.communicate()
        kept = len(folder.read())
        assert kept >= known
        known = kept
    assert known


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on files to set.")
def test_a_full_disk_is_reported_and_changes_nothing(filled: Vault) -> None:
    before = contents(filled)
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, filled.location, "20"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "was not changed" in run.stderr.splitlines()[-1]
    assert contents(filled) == before


def test_a_run_of_a_shard_reads_and_writes_its_own_files_only(
    serve: Callable[..., GraphApiServer], folder: Vault, keys: KeyRing
) -> None:
    server = serve(WorldSettings(accounts=7, posts=4, days=20))
    tokens = {page.account.id: page.access_token for page in server.world.pages if page.account}
    own = {name for name in tokens if place(name, 2) == 2}
    with folder.changing() as records:
        for name, token in tokens.items():
            records[name] = new_record(keys, name, token, status="refused")
    others = [path_of(folder, name) for name in tokens if name not in own]
    for path in others:
        path.write_bytes(b"damaged")
    options: dict[str, Any] = {
        "catalog": catalog("accounts"),
        "access_token": "",
        "vault_path": folder.location,
        "shard": "2/2",
    }
    run = run_tap(server, **options)
    assert {row["id"] for row in run.records["accounts"]} == own
    assert {record.status for record in folder.read(own).values()} == {"good"}
    named = min(own)
    run = run_tap(server, **options, account_ids=[named, *(tokens.keys() - own)])
    assert {row["id"] for row in run.records["accounts"]} == {named}


def test_a_shard_without_accounts_ends_well_and_an_empty_vault_does_not(
    serve: Callable[..., GraphApiServer], folder: Vault, keys: KeyRing
) -> None:
    server = serve(WorldSettings(accounts=1, posts=1, days=2))
    (page,) = (page for page in server.world.pages if page.account)
    assert page.account
    options: dict[str, Any] = {
        "catalog": catalog("accounts"),
        "access_token": "",
        "vault_path": folder.location,
        "shard": f"{place(page.account.id, 4) % 4 + 1}/4",
    }
    run = run_tap(server, strict=False, **options)
    assert isinstance(run.error, CredentialsError)
    assert "contains no account of the facebook login" in str(run.error)
    with folder.changing() as records:
        records[page.account.id] = new_record(keys, page.account.id, page.access_token)
    assert run_tap(server, **options).records.get("accounts", []) == []


# In a cloud store


@pytest.fixture
def remote(tmp_path: Path) -> Vault:
    return Vault(f"memory://{tmp_path.name}/vault/")


def test_writers_in_a_cloud_store_lose_no_records(
    remote: Vault, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "PAUSE_SECONDS", 0.001)
    assert (remote.read(), remote.exists()) == ({}, False)

    def write(start: int) -> None:
        for number in range(start, start + 20):
            name = str(number)
            with Vault(remote.location).changing([name, FIRST]) as records:
                records[FIRST] = records.get(FIRST, replace(record, account_id=FIRST))
                records[name] = replace(record, account_id=name)

    threads = [threading.Thread(target=write, args=(start,)) for start in (100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(remote.read()) == 41
    assert remote.exists()


def test_a_lock_left_in_a_cloud_store_stops_the_accounts_of_its_file_only(
    remote: Vault, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MAX_WAIT_SECONDS", 0.1)
    ((file, _),) = remote.by_file([FIRST])
    with storage.RemoteFile(file.location).locked():
        with pytest.raises(CredentialsError) as refused, remote.changing([FIRST]):
            pass
        with remote.changing([SECOND]) as records:
            records[SECOND] = replace(record, account_id=SECOND)
    assert f"delete {file.location}.lock" in str(refused.value)
    assert [*remote.read()] == [SECOND]
