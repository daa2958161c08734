"""A vault is as before a change or as after it, and what is none is left alone."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tap_instagram_business.credentials import storage
from tap_instagram_business.credentials.encryption import KeyRing, generate_key
from tap_instagram_business.credentials.failure import CredentialsError
from tap_instagram_business.credentials.vault import Vault, _sum
from tests.credentials.records import OBTAINED, new_record

if TYPE_CHECKING:
    from tap_instagram_business.credentials.vault import Record

TOKEN = "EAAcanary-vault-0123456789"
OTHER = "17841400000000002"


def store(vault: Vault, *records: Record) -> bytes:
    with vault.changing() as kept:
        kept.update({record.account_id: record for record in records})
    return Path(vault.place).read_bytes()


def test_what_is_stored_is_read_again(vault: Vault, record: Record) -> None:
    full = replace(record, expires=OBTAINED, refreshed=OBTAINED, data_access_expires=OBTAINED)
    store(vault, record, replace(full, account_id=OTHER, login="instagram", status="refused"))
    assert vault.read()[record.account_id] == record
    assert vault.read()[OTHER] == replace(
        full, account_id=OTHER, login="instagram", status="refused"
    )


def test_the_token_is_nowhere_in_it(vault: Vault, record: Record, keys: KeyRing) -> None:
    content = store(vault, record)
    assert TOKEN.encode() not in content
    assert keys.decrypt(vault.read()[record.account_id].token, record.account_id) == TOKEN


def test_only_its_owner_can_read_it(vault: Vault, record: Record) -> None:
    before = os.umask(0)
    try:
        store(vault, record)
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path(vault.place).stat().st_mode) == 0o600


def test_no_vault_yet_holds_nothing(vault: Vault) -> None:
    assert vault.read() == {}
    assert not Path(vault.place).exists()


def test_directories_are_made_for_it(tmp_path: Path, record: Record) -> None:
    vault = Vault(str(tmp_path / "new" / "place" / "vault.json"))
    store(vault, record)
    assert vault.read()


def test_a_file_uri_is_a_path(tmp_path: Path, record: Record) -> None:
    with Vault(f"file://{tmp_path}/vault.json").changing() as records:
        records[record.account_id] = record
    assert Vault(str(tmp_path / "vault.json")).read()


def test_a_link_to_a_vault_stays_a_link(tmp_path: Path, record: Record) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real.json")
    store(Vault(str(tmp_path / "link")), record)
    assert (tmp_path / "link").is_symlink()
    assert Vault(str(tmp_path / "real.json")).read()


def test_a_change_that_fails_is_no_change(vault: Vault, record: Record) -> None:
    before = store(vault, record)

    def fail() -> None:
        with vault.changing() as records:
            records.clear()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert Path(vault.place).read_bytes() == before


def refused_and_untouched(vault: Vault, content: bytes) -> str:
    """Return why a vault with this content is refused, by readers and writers."""
    path = Path(vault.place)
    path.write_bytes(content)
    with pytest.raises(CredentialsError) as to_read:
        vault.read()
    with pytest.raises(CredentialsError), vault.changing() as records:
        records.clear()
    assert path.read_bytes() == content
    sentence = str(to_read.value)
    assert vault.place in sentence
    assert TOKEN not in sentence
    return sentence


def test_a_torn_vault_is_refused(vault: Vault, record: Record) -> None:
    content = store(vault, record)
    for length in range(len(content)):
        assert "left as it is" in refused_and_untouched(vault, content[:length])


def test_a_flipped_bit_is_refused(vault: Vault, record: Record) -> None:
    content = bytearray(store(vault, record))
    for place in range(len(content)):
        content[place] ^= 1 << place % 8
        assert "left as it is" in refused_and_untouched(vault, bytes(content))
        content[place] ^= 1 << place % 8


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b'{"format": "another"}', b"\x00\xff", b'{"accounts": {}}'],
)
def test_what_is_no_vault_is_refused(vault: Vault, content: bytes) -> None:
    assert "is no vault" in refused_and_untouched(vault, content)


def tampered(content: bytes, change: dict[str, dict[str, str]]) -> bytes:
    """Return a vault changed by someone who knows how its checksum is made."""
    stored = json.loads(content)
    for account_id, values in change.items():
        stored["accounts"][account_id] = {**stored["accounts"][account_id], **values}
    stored["sha256"] = _sum(stored["accounts"])
    return json.dumps(stored).encode()


def test_a_record_moved_to_another_account_cannot_be_deciphered(
    vault: Vault, record: Record, keys: KeyRing
) -> None:
    content = store(vault, record, new_record(keys, OTHER, "EAAother"))
    moved = tampered(content, {OTHER: {"token": record.token}})
    Path(vault.place).write_bytes(moved)
    with pytest.raises(CredentialsError, match=f"account {OTHER} was changed"):
        keys.decrypt(vault.read()[OTHER].token, OTHER)
    assert Path(vault.place).read_bytes() == moved


@pytest.mark.parametrize("values", [{"obtained": "yesterday"}, {"unknown": "field"}])
def test_records_of_another_shape_are_refused(
    vault: Vault, record: Record, values: dict[str, str]
) -> None:
    content = tampered(store(vault, record), {record.account_id: values})
    assert "damaged" in refused_and_untouched(vault, content)


def test_a_wrong_key_is_named_before_anything_is_stored(
    vault: Vault, record: Record, keys: KeyRing
) -> None:
    before = store(vault, record)
    with pytest.raises(CredentialsError, match=keys.ids[0]):
        vault.check_keys(KeyRing.parse(generate_key(), source="the test"))
    vault.check_keys(keys)
    assert Path(vault.place).read_bytes() == before


WRITER = """
import datetime as dt, sys
from tap_instagram_business.credentials.vault import Record, Vault
vault, name, times = Vault(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for number in range(times):
    with vault.changing() as records:
        account = f"{name}{number:06}"
        records[account] = Record(account, "facebook", "enc:v1:0:x" * 200, "1",
                                  dt.datetime.now(dt.timezone.utc))
"""


def writer(vault: Vault, name: str, times: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, vault.place, name, str(times)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_writers_lose_nothing_of_each_other(vault: Vault) -> None:
    writers = [writer(vault, name, 60) for name in ("1", "2", "3")]
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert len(vault.read()) == 180


@pytest.mark.soak
def test_killed_at_any_instant_it_is_whole_and_the_next_writer_goes_on(vault: Vault) -> None:
    known = 0
    for round_number in range(25):
        process = writer(vault, str(round_number), 10_000)
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.003 * round_number)
        process.kill()
        process.communicate()
        kept = len(vault.read())
        assert kept >= known
        known = kept
    assert known
    with vault.changing() as records:
        records.clear()
    left = sorted(path.name for path in Path(vault.place).parent.iterdir())
    assert left == ["vault.json", "vault.json.lock"]


FULL_DISK = """
import resource, signal, sys
from dataclasses import replace
from tap_instagram_business.credentials.vault import Vault
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
with Vault(sys.argv[1]).changing() as records:
    record = next(iter(records.values()))
    records["2"] = replace(record, account_id="2")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on files to set.")
def test_a_full_disk_leaves_it_as_before_and_says_so(vault: Vault, record: Record) -> None:
    before = store(vault, record)
    for room in (0, 1, len(before) // 2, len(before), len(before) + 10):
        run = subprocess.run(
            [sys.executable, "-c", FULL_DISK, vault.place, str(room)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "as it was before" in run.stderr.splitlines()[-1]
        assert Path(vault.place).read_bytes() == before
    left = sorted(path.name for path in Path(vault.place).parent.iterdir())
    assert left == ["vault.json", "vault.json.lock"]


def test_a_place_that_cannot_be_written(tmp_path: Path, record: Record) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CredentialsError, match="cannot be changed"):
        store(Vault(str(tmp_path / "file" / "vault.json")), record)


def test_who_waits_too_long_for_another_is_told(
    vault: Vault, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "WAIT_SECONDS", 0.1)
    with (
        vault.changing(),
        pytest.raises(CredentialsError, match="another process: try again"),
        Vault(vault.place).changing(),
    ):
        pass
    store(vault, record)


# Anywhere that fsspec reaches


@pytest.fixture
def remote(tmp_path: Path) -> Vault:
    return Vault(f"memory://{tmp_path.name}/vault.json")


def test_elsewhere_it_is_the_same_vault(remote: Vault, record: Record) -> None:
    assert remote.read() == {}
    with remote.changing() as records:
        records[record.account_id] = record
    assert Vault(remote.place).read() == {record.account_id: record}


def test_elsewhere_two_writers_lose_nothing_either(
    remote: Vault, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "PAUSE_SECONDS", 0.001)

    def write(name: str) -> None:
        for number in range(20):
            with Vault(remote.place).changing() as records:
                time.sleep(0.001)
                records[f"{name}{number}"] = replace(record, account_id=f"{name}{number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in ("1-", "2-")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(remote.read()) == 40


def test_elsewhere_a_lock_left_behind_is_named_and_respected(
    remote: Vault, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "WAIT_SECONDS", 0.1)
    files = storage.RemoteFile(remote.place)
    with files.locked(), pytest.raises(CredentialsError) as refused, remote.changing():
        pass
    assert f"process {os.getpid()} on" in str(refused.value)
    assert f"delete {remote.place}.lock" in str(refused.value)
    with remote.changing() as records:
        records[record.account_id] = record


@pytest.mark.parametrize("place", ["nowhere://bucket/vault.json", "gs://bucket/vault.json"])
def test_a_place_that_nothing_reaches(place: str) -> None:
    if place.startswith("gs"):
        try:
            import gcsfs  # type: ignore[import-not-found] # noqa: F401, PLC0415
        except ImportError:
            pass
        else:
            pytest.skip("gcsfs is installed.")
    with pytest.raises(CredentialsError, match="cannot be reached"):
        Vault(place)
