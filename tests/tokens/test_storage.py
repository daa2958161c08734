"""What a vault relies on, in each kind of storage."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.storage import local, open_storage
from tap_instagram_business.tokens.storage.local import exclusive

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_instagram_business.tokens.storage import Storage

NAME = "accounts/17841400000000001.json"


@pytest.fixture
def storage(any_location: str) -> Storage:
    return open_storage(any_location)


def test_an_object_is_created_replaced_and_deleted(storage: Storage) -> None:
    assert storage.read(NAME) is None
    first = storage.write(NAME, b"first", None)
    assert first
    assert storage.read(NAME) == (b"first", first)
    second = storage.write(NAME, b"second \x00\xff", first)
    assert second not in {None, first}
    assert storage.read(NAME) == (b"second \x00\xff", second)
    storage.delete(NAME)
    storage.delete(NAME)
    assert storage.read(NAME) is None


def test_only_the_version_that_was_read_is_replaced(storage: Storage) -> None:
    first = storage.write(NAME, b"first", None)
    assert first
    second = storage.write(NAME, b"second", first)
    for version in (None, first):
        assert storage.write(NAME, b"third", version) is None
    assert storage.read(NAME) == (b"second", second)
    storage.delete(NAME)
    for version in (first, second):
        assert storage.write(NAME, b"third", version) is None
    assert storage.read(NAME) is None
    assert storage.write(NAME, b"third", None)


def test_a_folder_is_listed_whole_and_alone(storage: Storage) -> None:
    assert storage.names("accounts") == []
    names = [f"{number}.json" for number in range(10, 18)]
    for name in names:
        storage.write(f"accounts/{name}", b"x", None)
    for other in ("erased/1", "accounts/nested/1.json", "key"):
        storage.write(other, b"x", None)
    found = [name for name in storage.names("accounts") if name != "nested"]
    assert found == names
    assert storage.names("erased") == ["1"]


def test_an_empty_object_is_an_object(storage: Storage) -> None:
    assert storage.write(NAME, b"", None)
    assert storage.write(NAME, b"", None) is None
    found = storage.read(NAME)
    assert found
    assert found.content == b""


def test_writers_at_the_same_time_lose_nothing(storage: Storage) -> None:
    """Each of four writers adds ten to a number."""

    def add() -> None:
        mine = open_storage(storage.location)
        for _ in range(10):
            while True:
                found = mine.read(NAME)
                number = int(found.content) if found else 0
                if mine.write(NAME, str(number + 1).encode(), found.version if found else None):
                    break

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = storage.read(NAME)
    assert found
    assert found.content == b"40"


@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_a_bucket_that_is_not_there_is_reported(
    location_of: Callable[[str], str], scheme: str
) -> None:
    location_of(scheme)
    storage = open_storage(f"{scheme}://nobodys-bucket/vault")
    with pytest.raises(CredentialsError, match="could not be listed"):
        storage.names("accounts")
    with pytest.raises(CredentialsError, match="check its name and your access to it"):
        storage.write(NAME, b"x", None)


@pytest.mark.parametrize(("scheme", "package"), [("gs", "google.cloud"), ("s3", "boto3")])
def test_a_missing_extra_is_reported(
    monkeypatch: pytest.MonkeyPatch, scheme: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    for module in ("gcs", "s3"):
        monkeypatch.delitem(sys.modules, f"{local.__package__}.{module}", raising=False)
    extra = r"tap-instagram-business\[(gcs|s3)\]"
    with pytest.raises(CredentialsError, match=extra):
        open_storage(f"{scheme}://bucket/vault")


@pytest.mark.parametrize("location", ["nowhere://bucket/vault", "simplecache::gs://b/v", "://x"])
def test_a_location_of_another_kind_is_reported(location: str) -> None:
    with pytest.raises(CredentialsError, match="cannot be opened: give the path of a folder"):
        open_storage(location)


# On this machine


@pytest.fixture
def folder(tmp_path: Path) -> Storage:
    return open_storage(str(tmp_path / "new" / "vault"))


def files(storage: Storage) -> list[str]:
    root = Path(storage.location)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("scheme", ["", "file://", "FILE://"])
def test_only_the_owner_can_read_the_files(tmp_path: Path, scheme: str) -> None:
    root = tmp_path / "new" / "vault"
    open_storage(f"{scheme}{root}").write(NAME, b"x", None)
    assert files(open_storage(str(root))) == [".lock", NAME]
    for path in (root, *root.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_what_a_killed_writer_has_left_is_no_object_and_goes(
    folder: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "accounts/2.json"
    with monkeypatch.context() as killed:
        killed.setattr("pathlib.Path.replace", lambda *_: 1 / 0)
        killed.setattr("pathlib.Path.unlink", lambda *_: None)
        for name in (NAME, other):
            with pytest.raises(ZeroDivisionError):
                folder.write(name, b"half", None)
    assert folder.names("accounts") == []
    assert len(files(folder)) == 3
    assert folder.write(NAME, b"whole", None)
    folder.delete(other)
    assert files(folder) == [".lock", NAME]


def test_a_symbolic_link_to_a_vault_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    open_storage(str(tmp_path / "link")).write(NAME, b"x", None)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / NAME).exists()


@pytest.mark.parametrize("content", [None, "precious content"])
def test_a_lock_that_is_a_link_is_not_followed(folder: Storage, content: str | None) -> None:
    root = Path(folder.location)
    root.mkdir(parents=True)
    target = root.parent / "precious"
    if content:
        target.write_text(content)
    (root / ".lock").symlink_to(target)
    with pytest.raises(CredentialsError, match="cannot be changed"):
        folder.write(NAME, b"x", None)
    assert target.exists() is bool(content)
    assert not content or target.read_text() == content


def test_a_temporary_file_that_is_a_link_is_not_followed(folder: Storage) -> None:
    root = Path(folder.location)
    (root / "accounts").mkdir(parents=True)
    target = root.parent / "precious"
    target.write_text("precious content")
    temporary = root / "accounts" / f".{Path(NAME).name}.tmp"
    temporary.symlink_to(target)
    with pytest.raises(CredentialsError, match="could not be written"):
        folder.write(NAME, b"x", None)
    assert target.read_text() == "precious content"


def test_a_lock_that_others_could_open_is_closed_to_them(folder: Storage) -> None:
    lock = Path(folder.location) / ".lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    lock.chmod(0o666)
    folder.write(NAME, b"x", None)
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def test_a_lock_that_is_held_too_long_is_reported(
    folder: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "MAX_WAIT_SECONDS", 0.1)
    folder.write(NAME, b"x", None)
    with exclusive(Path(folder.location) / ".lock", 1):
        with pytest.raises(CredentialsError, match="Another process is changing"):
            folder.write("a", b"", None)
        with pytest.raises(CredentialsError, match="Another process is changing"):
            folder.delete(NAME)
    assert files(folder) == [".lock", NAME]


def test_a_location_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    storage = open_storage(str(tmp_path / "file"))
    with pytest.raises(CredentialsError, match="is a file: a vault is a folder"):
        storage.names("accounts")
    with pytest.raises(CredentialsError, match="cannot be changed"):
        storage.write(NAME, b"x", None)


WRITER = """
import sys
from tap_instagram_business.tokens.storage import open_storage
storage = open_storage(sys.argv[1])
print("ready", flush=True)
for number in range(int(sys.argv[3])):
    storage.write(f"accounts/{sys.argv[2]}{number:06}.json", b"x" * 4096 + b"end", None)
"""


def writer(storage: Storage, name: str, times: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, storage.location, name, str(times)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_that_write_lose_nothing(folder: Storage) -> None:
    writers = [writer(folder, name, 60) for name in ("1", "2", "3")]
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert len(folder.names("accounts")) == 180


@pytest.mark.soak
def test_every_object_is_whole_after_a_writer_was_killed_at_any_time(folder: Storage) -> None:
    for round_number in range(25):
        process = writer(folder, str(round_number), 10_000)
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.003 * round_number)
        process.kill()
        process.communicate()
    names = folder.names("accounts")
    assert names
    for name in names:
        found = folder.read(f"accounts/{name}")
        assert found
        assert found.content.endswith(b"end")


FULL_DISK = """
import resource, signal, sys
from tap_instagram_business.tokens.storage import open_storage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
storage = open_storage(sys.argv[1])
storage.write("accounts/1.json", b"y" * 1000, storage.read("accounts/1.json").version)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on files to set.")
@pytest.mark.parametrize("room", [0, 1, 999])
def test_a_full_disk_is_reported_and_changes_nothing(folder: Storage, room: int) -> None:
    folder.write("accounts/1.json", b"x" * 1000, None)
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, folder.location, str(room)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "was not changed" in run.stderr.splitlines()[-1]
    found = folder.read("accounts/1.json")
    assert found
    assert found.content == b"x" * 1000
    assert files(folder) == [".lock", "accounts/1.json"]
