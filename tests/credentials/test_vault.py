"""A change of a vault happens as a whole or not at all, and damaged files are not changed."""

from __future__ import annotations

import datetime as dt
import json
import os
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tap_instagram_business.credentials import lease, storage
from tap_instagram_business.credentials.encryption import KeyRing, generate_key
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.record import Record
from tap_instagram_business.credentials.vault import Vault
from tap_instagram_business.credentials.vault_file import _checksum
from tests.credentials.records import OBTAINED, new_record

TOKEN = "EAAcanary-vault-0123456789"
OTHER = "17841400000000002"
FILE_OF_VERSION_1 = """\
{
 "format": "tap-instagram-business vault v1",
 "sha256": "fa72dfeb3273dd3b4899f6457a697585a2ebdce46ceccb453f5b35783ea54932",
 "accounts": {
  "17841400000000001": {
   "login": "facebook",
   "token": "enc:v1:0123abcd:c2VhbGVk",
   "user_id": "5550000000000001",
   "obtained": "2026-11-01T12:00:00+00:00",
   "expires": null,
   "refreshed": null,
   "data_access_expires": "2027-01-30T12:00:00+00:00",
   "status": "good"
  },
  "17841400000000002": {
   "login": "instagram",
   "token": "enc:v1:0123abcd:c2VhbGVk",
   "user_id": "5550000000000002",
   "obtained": "2026-11-01T12:00:00+00:00",
   "expires": "2027-01-01T08:30:15+00:00",
   "refreshed": "2026-11-02T08:30:15+00:00",
   "data_access_expires": null,
   "status": "refused"
  }
 }
}"""


def store(vault: Vault, *records: Record) -> bytes:
    with vault.changing() as kept:
        kept.update({record.account_id: record for record in records})
    return Path(vault.location).read_bytes()


def test_stored_records_are_read_again(vault: Vault, record: Record) -> None:
    full = replace(record, expires=OBTAINED, refreshed=OBTAINED, data_access_expires=OBTAINED)
    store(vault, record, replace(full, account_id=OTHER, login="instagram", status="refused"))
    assert vault.read()[record.account_id] == record
    assert vault.read()[OTHER] == replace(
        full, account_id=OTHER, login="instagram", status="refused"
    )


def test_files_of_version_1_are_read_and_only_counted(vault: Vault) -> None:
    path = Path(vault.location)
    path.write_text(FILE_OF_VERSION_1)
    first, second = vault.read().values()
    assert first == Record(
        account_id="17841400000000001",
        login="facebook",
        token="enc:v1:0123abcd:c2VhbGVk",
        user_id="5550000000000001",
        obtained=OBTAINED,
        data_access_expires=dt.datetime(2027, 1, 30, 12, tzinfo=dt.timezone.utc),
    )
    assert (second.login, second.status) == ("instagram", "refused")
    assert second.expires == dt.datetime(2027, 1, 1, 8, 30, 15, tzinfo=dt.timezone.utc)
    with vault.changing() as records:
        del records[OTHER]
    with vault.changing() as records:
        records[OTHER] = second
    assert '"generation": 2,' in path.read_text()
    assert path.read_text().replace(' "generation": 2,\n', "") == FILE_OF_VERSION_1


def test_the_file_does_not_contain_the_token(vault: Vault, record: Record, keys: KeyRing) -> None:
    content = store(vault, record)
    assert TOKEN.encode() not in content
    assert keys.decrypt(vault.read()[record.account_id].token, record.account_id) == TOKEN


def test_only_the_owner_can_read_the_file(vault: Vault, record: Record) -> None:
    before = os.umask(0)
    try:
        store(vault, record)
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path(vault.location).stat().st_mode) == 0o600


def test_a_new_vault_is_empty(vault: Vault) -> None:
    assert vault.read() == {}
    assert not Path(vault.location).exists()


def test_missing_directories_are_created(tmp_path: Path, record: Record) -> None:
    vault = Vault(str(tmp_path / "new" / "place" / "vault.json"))
    store(vault, record)
    assert vault.read()


def test_a_file_uri_is_a_path(tmp_path: Path, record: Record) -> None:
    with Vault(f"file://{tmp_path}/vault.json").changing() as records:
        records[record.account_id] = record
    assert Vault(str(tmp_path / "vault.json")).read()


def test_a_symbolic_link_to_a_vault_stays_a_link(tmp_path: Path, record: Record) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real.json")
    store(Vault(str(tmp_path / "link")), record)
    assert (tmp_path / "link").is_symlink()
    assert Vault(str(tmp_path / "real.json")).read()


def test_a_failed_change_is_not_stored(vault: Vault, record: Record) -> None:
    before = store(vault, record)

    def fail() -> None:
        with vault.changing() as records:
            records.clear()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert Path(vault.location).read_bytes() == before


def assert_refused(vault: Vault, content: bytes) -> str:
    """Check that readers and writers refuse a vault with this content; return the error."""
    path = Path(vault.location)
    path.write_bytes(content)
    with pytest.raises(CredentialsError) as to_read:
        vault.read()
    with pytest.raises(CredentialsError), vault.changing() as records:
        records.clear()
    assert path.read_bytes() == content
    sentence = str(to_read.value)
    assert vault.location in sentence
    assert TOKEN not in sentence
    return sentence


def test_an_incomplete_vault_is_refused(vault: Vault, record: Record) -> None:
    content = store(vault, record)
    for length in range(len(content)):
        assert "nothing was written" in assert_refused(vault, content[:length])


def test_a_flipped_bit_is_refused(vault: Vault, record: Record) -> None:
    content = bytearray(store(vault, record))
    for place in range(len(content)):
        content[place] ^= 1 << place % 8
        assert "nothing was written" in assert_refused(vault, bytes(content))
        content[place] ^= 1 << place % 8


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b'{"format": "another"}', b"\x00\xff", b'{"accounts": {}}'],
)
def test_other_files_are_refused(vault: Vault, content: bytes) -> None:
    assert "is not a vault" in assert_refused(vault, content)


def tampered(content: bytes, change: dict[str, dict[str, str]]) -> bytes:
    """Return a changed vault whose checksum is right again."""
    stored = json.loads(content)
    for account_id, values in change.items():
        stored["accounts"][account_id] = {**stored["accounts"][account_id], **values}
    stored["sha256"] = _checksum(stored["accounts"])
    return json.dumps(stored).encode()


def test_a_token_moved_to_another_account_cannot_be_decrypted(
    vault: Vault, record: Record, keys: KeyRing
) -> None:
    content = store(vault, record, new_record(keys, OTHER, "EAAother"))
    moved = tampered(content, {OTHER: {"token": record.token}})
    Path(vault.location).write_bytes(moved)
    with pytest.raises(CredentialsError, match=f"account {OTHER} was changed"):
        keys.decrypt(vault.read()[OTHER].token, OTHER)
    assert Path(vault.location).read_bytes() == moved


@pytest.mark.parametrize("values", [{"obtained": "yesterday"}, {"unknown": "field"}])
def test_records_with_wrong_fields_are_refused(
    vault: Vault, record: Record, values: dict[str, str]
) -> None:
    content = tampered(store(vault, record), {record.account_id: values})
    assert "damaged" in assert_refused(vault, content)


def test_a_missing_key_is_reported_before_anything_is_stored(
    vault: Vault, record: Record, keys: KeyRing
) -> None:
    before = store(vault, record)
    with pytest.raises(CredentialsError, match=keys.ids[0]):
        vault.check_keys(KeyRing.parse(generate_key(), source="the test"))
    vault.check_keys(keys)
    assert Path(vault.location).read_bytes() == before


WRITER = """
import datetime as dt, sys
from tap_instagram_business.credentials.record import Record
from tap_instagram_business.credentials.vault import Vault
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
        [sys.executable, "-c", WRITER, vault.location, name, str(times)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_writers_do_not_lose_records(vault: Vault) -> None:
    writers = [writer(vault, name, 60) for name in ("1", "2", "3")]
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert len(vault.read()) == 180


@pytest.mark.soak
def test_the_file_is_complete_after_a_writer_was_killed_at_any_time(vault: Vault) -> None:
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
    left = sorted(path.name for path in Path(vault.location).parent.iterdir())
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
def test_a_full_disk_is_reported_and_changes_nothing(vault: Vault, record: Record) -> None:
    before = store(vault, record)
    for room in (0, 1, len(before) // 2, len(before), len(before) + 10):
        run = subprocess.run(
            [sys.executable, "-c", FULL_DISK, vault.location, str(room)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "was not changed" in run.stderr.splitlines()[-1]
        assert Path(vault.location).read_bytes() == before
    left = sorted(path.name for path in Path(vault.location).parent.iterdir())
    assert left == ["vault.json", "vault.json.lock"]


def test_a_location_that_cannot_be_written_is_reported(tmp_path: Path, record: Record) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CredentialsError, match="cannot be changed"):
        store(Vault(str(tmp_path / "file" / "vault.json")), record)


def test_a_lock_that_is_held_too_long_is_reported(
    vault: Vault, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MAX_WAIT_SECONDS", 0.1)
    with (
        vault.changing(),
        pytest.raises(CredentialsError, match="Another process is changing"),
        Vault(vault.location).changing(),
    ):
        pass
    store(vault, record)


# In a cloud store


@pytest.fixture
def remote(tmp_path: Path) -> Vault:
    return Vault(f"memory://{tmp_path.name}/vault.json")


def test_a_vault_in_a_cloud_store(remote: Vault, record: Record) -> None:
    assert remote.read() == {}
    with remote.changing() as records:
        records[record.account_id] = record
    assert Vault(remote.location).read() == {record.account_id: record}


def test_two_writers_in_a_cloud_store_do_not_lose_records(
    remote: Vault, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "PAUSE_SECONDS", 0.001)

    def write(name: str) -> None:
        for number in range(20):
            with Vault(remote.location).changing() as records:
                time.sleep(0.001)
                records[f"{name}{number}"] = replace(record, account_id=f"{name}{number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in ("1-", "2-")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(remote.read()) == 40


def test_a_lock_left_in_a_cloud_store_is_reported_and_respected(
    remote: Vault, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MAX_WAIT_SECONDS", 0.1)
    files = storage.RemoteFile(remote.location)
    with files.locked(), pytest.raises(CredentialsError) as refused, remote.changing():
        pass
    assert f"process {os.getpid()} on" in str(refused.value)
    assert f"delete {remote.location}.lock" in str(refused.value)
    with remote.changing() as records:
        records[record.account_id] = record


def test_a_lock_of_a_process_that_was_killed_is_taken_over_when_its_time_is_over(
    remote: Vault, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MAX_WAIT_SECONDS", 0.3)
    killed = storage.RemoteFile(remote.location).locked()
    killed.__enter__()
    with pytest.raises(CredentialsError, match="Another process"), remote.changing():
        pass
    monkeypatch.setattr(lease, "LEASE", dt.timedelta(seconds=-1))
    late = storage.RemoteFile(f"{remote.location}.other")
    held = late.locked()
    held.__enter__()
    other = Vault(f"{remote.location}.other")
    with other.changing() as records:
        records[record.account_id] = record
    assert other.read() == {record.account_id: record}
    assert not late._files.exists(f"{late._path}.lock")
    with pytest.raises(CredentialsError, match="was not changed: this process took so long"):
        late.write(b"{}")


def test_an_expired_lock_goes_to_one_of_many_that_wait(
    remote: Vault, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(lease, "LEASE", dt.timedelta(seconds=-1))
    killed = storage.RemoteFile(remote.location).locked()
    killed.__enter__()
    monkeypatch.undo()
    monkeypatch.setattr(lease, "PAUSE_SECONDS", 0.001)

    def write(name: str) -> None:
        for number in range(10):
            with Vault(remote.location).changing() as records:
                time.sleep(0.001)
                records[f"{name}{number}"] = replace(record, account_id=f"{name}{number}")

    threads = [threading.Thread(target=write, args=(f"{n}-",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(remote.read()) == 40


@pytest.mark.parametrize("location", ["nowhere://bucket/vault.json", "gs://bucket/vault.json"])
def test_a_uri_that_cannot_be_opened_is_reported(location: str) -> None:
    if location.startswith("gs"):
        try:
            import gcsfs  # type: ignore[import-not-found] # noqa: F401, PLC0415
        except ImportError:
            pass
        else:
            pytest.skip("gcsfs is installed.")
    with pytest.raises(CredentialsError, match="cannot be opened"):
        Vault(location)
