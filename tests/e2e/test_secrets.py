"""Secrets under Meltano: only ciphertext in its files and processes, and a way out of all of it."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tap_instagram_business.tokens.encryption import KEY_VARIABLE, KeyRing, generate_key
from tap_instagram_business.tokens.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.meltano_project import MeltanoProject

pytestmark = pytest.mark.e2e

TOKEN, SECRET = "sandbox-token", "sandbox-app-secret"
PREFIX = "TAP_INSTAGRAM_BUSINESS_"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text(generate_key())
    return path


def configure(project: MeltanoProject, **settings: str) -> None:
    path = project.directory / "meltano.yml"
    content = yaml.safe_load(path.read_text())
    sandbox = next(e for e in content["environments"] if e["name"] == "sandbox")
    sandbox["env"] |= {f"{PREFIX}{name}": value for name, value in settings.items()}
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def files(project: MeltanoProject) -> list[Path]:
    """The project's own files: neither the sandbox's nor the plugins' environments."""
    own = [project.directory, project.directory / ".meltano"]
    found = [path for place in own for path in place.iterdir() if not path.is_symlink()]
    rest = [path for path in found if path.name not in {".sandbox", ".meltano"}]
    nested = [path for place in rest if place.is_dir() for path in place.rglob("*")]
    return [path for path in [*rest, *nested] if path.is_file()]


def read(path: Path) -> bytes:
    """Read a file that may be gone by now."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


@contextmanager
def everything_seen(project: MeltanoProject) -> Iterator[list[bytes]]:
    """Watch what Meltano writes while it runs, and what its processes are started with."""
    seen: set[bytes] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            for place in Path("/proc").glob("[0-9]*"):
                environ = read(place / "environ")
                if str(project.directory).encode() in environ:
                    seen.update({environ, read(place / "cmdline")})
            seen.update(map(read, (project.directory / ".meltano" / "run").rglob("*.json")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    result: list[bytes] = []
    yield result
    over.set()
    watcher.join()
    result += seen


def holding(places: list[Path], *texts: str) -> list[Path]:
    return [path for path in places if any(t.encode() in path.read_bytes() for t in texts)]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="Processes are not files here.")
def test_meltano_runs_with_nothing_but_ciphertext(project: MeltanoProject, key_file: Path) -> None:
    keys = KeyRing.parse(key_file.read_text(), source="the test")
    configure(
        project,
        ACCESS_TOKEN=keys.encrypt(TOKEN, "access_token"),
        APP_ID="1234567890123456",
        APP_SECRET=keys.encrypt(SECRET, "app_secret"),
        REQUIRE_ENCRYPTED_SECRETS="true",
        LOGLEVEL="DEBUG",
    )
    with everything_seen(project) as seen:
        env: dict[str, Any] = {f"{KEY_VARIABLE}_FILE": str(key_file)}
        debug = ("--log-level=debug", "run", "tap-instagram-business", "target-bigquery")
        run = project.meltano(*debug, **env)
    assert run.returncode == 0, run.stderr
    assert len(project.sandbox.rows("SELECT * FROM instagram.accounts")) == 2

    configs = [content for content in seen if b'"access_token"' in content]
    assert configs
    assert all(b"enc:v1:" in content for content in configs)
    assert any(b"target-bigquery" in content for content in seen)
    birds = [bird.encode() for bird in (TOKEN, SECRET, key_file.read_text())]
    logged = (run.stdout + run.stderr).encode()
    assert b"debug" in logged.lower()
    assert not [content for content in (*seen, logged) if any(bird in content for bird in birds)]
    assert not holding(files(project), TOKEN, SECRET, key_file.read_text())


@pytest.mark.long
def test_connect_sync_and_erase_under_meltano(
    project: MeltanoProject, key_file: Path, tmp_path: Path
) -> None:
    vault = Vault(str(tmp_path / "vault"))
    configure(
        project,
        ACCESS_TOKEN="",
        APP_ID="1234567890123456",
        APP_SECRET=SECRET,
        VAULT_PATH=vault.location,
    )
    env: dict[str, Any] = {f"{KEY_VARIABLE}_FILE": str(key_file)}
    invoke = ("invoke", "tap-instagram-business")
    connected = project.meltano(*invoke, "connect", "--from-token", given=TOKEN, **env)
    assert connected.returncode == 0, connected.stderr
    goes, stays = sorted(vault.account_ids())

    project.sync(**env)
    tables = project.sandbox.rows(
        "SELECT table_name FROM instagram.INFORMATION_SCHEMA.COLUMNS "
        "WHERE column_name = 'account_id'"
    )
    names = [row["table_name"] for row in tables]
    before = {name: accounts_in(project, name) for name in names}
    assert before["media"] == before["accounts"] == {goes, stays}
    assert holding(files(project), goes)

    erased = project.meltano(*invoke, "erase", goes, "--yes", **env)
    assert erased.returncode == 0, erased.stderr
    receipt = json.loads(erased.stdout.splitlines()[-1])
    assert receipt["vault"] == [goes]
    assert receipt["rows"]["accounts"] == 1
    assert len(receipt["states"]) == 1

    after = {name: accounts_in(project, name) for name in names}
    assert after == {name: found - {goes} for name, found in before.items()}
    assert set(vault.account_ids()) == {stays}
    assert not holding(files(project), goes)
    assert holding(files(project), stays)

    project.sync(**env)
    assert accounts_in(project, "media") == {stays}


def accounts_in(project: MeltanoProject, table: str) -> set[str]:
    rows = project.sandbox.rows(f"SELECT DISTINCT account_id FROM instagram.{table}")
    return {row["account_id"] for row in rows}
