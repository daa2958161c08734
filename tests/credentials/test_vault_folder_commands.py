"""The commands work on a vault in many files, and move a vault there and back."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import WorldSettings
from tap_instagram_business.credentials import renewal
from tap_instagram_business.credentials.commands import move_vault
from tap_instagram_business.credentials.encryption import KeyRing, generate_key
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.keys import KEY_VARIABLE
from tap_instagram_business.credentials.oauth import App
from tap_instagram_business.credentials.tombstones import Tombstones
from tap_instagram_business.credentials.vault import Vault
from tests.credentials.command import APP, command, complaint, environment, output
from tests.credentials.records import new_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.credentials.record import Record

DAY = dt.timedelta(days=1)
NUMBER = 6


@pytest.fixture
def folder(tmp_path: Path) -> Vault:
    return Vault(f"{tmp_path}/vault/")


def generations(vault: Vault) -> dict[str, int]:
    """How often each file was written."""
    return {
        path.name: json.loads(path.read_bytes())["generation"]
        for path in Path(vault.location).glob("*.json")
    }


def test_a_vault_in_many_files_lives_through_all_commands(
    serve: Callable[..., GraphApiServer], folder: Vault, key: str, keys: KeyRing
) -> None:
    server = serve(WorldSettings(accounts=NUMBER, posts=2, days=2))
    env = environment(server, VAULT_PATH=folder.location, **APP)
    connected = output(command("connect", "--from-token", stdin="sandbox-token\n", env=env))
    names = sorted(server.world.account_ids)
    assert connected.count("is connected") == NUMBER
    assert set(generations(folder).values()) == {1}

    listed = output(command("accounts", "--json", env=env)).splitlines()
    assert [json.loads(line)["account"] for line in listed] == names

    new = generate_key()
    rotated = command("rotate-keys", env={**env, KEY_VARIABLE: f"{new},{key}"})
    assert f"Vault: {NUMBER} of {NUMBER} tokens were encrypted again" in rotated.stderr
    env[KEY_VARIABLE] = new
    new_keys = KeyRing.parse(new, source="the test")
    assert {record.key_id for record in folder.read().values()} == set(new_keys.ids)
    assert new_keys.ids != keys.ids

    assert json.loads(command("doctor", "--json", env=env).stdout)["ok"]

    output(command("disconnect", names[0], "--local", "--yes", env=env))
    erased = command("erase", names[1], "--no-state", "--no-bigquery", "--yes", env=env)
    assert json.loads(output(erased))["vault"] == [names[1]]
    assert sorted(folder.read()) == names[2:]
    assert Tombstones.of(folder.location, None).covers(names[1])

    output(command("connect", "--from-token", stdin="sandbox-token\n", env=env))
    assert sorted(folder.read()) == names
    assert not Tombstones.of(folder.location, None).covers(names[1])


def test_rotation_without_the_old_key_changes_no_file(folder: Vault, keys: KeyRing) -> None:
    with folder.changing() as records:
        records.update({name: new_record(keys, name, "EAAtoken") for name in ("1", "2", "3")})
    before = generations(folder)
    env = {**environment(VAULT_PATH=folder.location), KEY_VARIABLE: generate_key()}
    assert keys.ids[0] in complaint(command("rotate-keys", env=env))
    assert generations(folder) == before


def test_a_renewal_writes_each_file_once_for_each_group_of_tokens(
    serve: Callable[..., GraphApiServer],
    folder: Vault,
    keys: KeyRing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = dt.datetime.now(dt.timezone.utc).replace(microsecond=0)
    world = WorldSettings(accounts=NUMBER, posts=0, days=2, login="instagram", start=now)
    server = serve(world)
    first, *others = server.world.account_ids
    tokens = {first: "sandbox-token"}
    tokens |= {name: f"sandbox-token-{place}" for place, name in enumerate(others, start=2)}
    values = {"login": "instagram", "obtained": now - 40 * DAY, "expires": now + 5 * DAY}
    with folder.changing() as records:
        records.update({name: new_record(keys, name, tokens[name], **values) for name in tokens})
    monkeypatch.setattr(renewal, "TOKENS_PER_WRITE", 4)
    work = renewal.Renewal(folder, keys, App(login="instagram", api_url=server.url), 20 * DAY)
    work.run(now)
    assert (work.renewed, work.failed) == (NUMBER, 0)
    assert set(generations(folder).values()) == {2}
    for name, record in folder.read().items():
        assert record.open_token(keys) != tokens[name]


def filled(location: str, keys: KeyRing, number: int = 9) -> dict[str, Record]:
    vault = Vault(location)
    with vault.changing() as records:
        records.update(
            {str(name): new_record(keys, str(name), f"EAAtoken-{name}") for name in range(number)}
        )
    return vault.read()


def test_a_vault_moves_into_a_folder_and_back(tmp_path: Path, keys: KeyRing) -> None:
    file, folder, again = (f"{tmp_path}/{name}" for name in ("v.json", "v/", "again.json"))
    records = filled(file, keys)
    Tombstones.of(file, None).add(["17"])
    for source, target in ((file, folder), (folder, again)):
        env = environment(VAULT_PATH=source, ENCRYPTION_KEY="")
        run = command("move-vault", target, env=env)
        assert run.returncode == 0, run.stderr
        assert f"9 accounts were moved: set `vault_path` to {target}." in run.stderr
        assert Vault(target).read() == records
        assert Vault(source).read() == {}
        assert Tombstones.of(target, None).covers("17")
    assert "at" in complaint(command("move-vault", again, env=environment(VAULT_PATH=again)))


def test_a_move_that_was_interrupted_goes_on(
    tmp_path: Path, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = f"{tmp_path}/source/", f"{tmp_path}/target/"
    records = filled(source, keys)
    Tombstones.of(source, None).add(["17"])
    left = 4

    def fail(*arguments: object) -> None:
        nonlocal left
        store(*arguments)  # type: ignore[arg-type]
        left -= 1
        if not left:
            raise CredentialsError

    store = move_vault._store
    monkeypatch.setattr(move_vault, "_store", fail)
    monkeypatch.setenv("TAP_INSTAGRAM_BUSINESS_VAULT_PATH", source)
    with pytest.raises(CredentialsError):
        move_vault.move_vault.main([target], standalone_mode=False)
    assert {**Vault(source).read(), **Vault(target).read()} == records
    monkeypatch.setattr(move_vault, "_store", store)
    move_vault.move_vault.main([target], standalone_mode=False)
    assert Vault(target).read() == records
    assert Vault(source).read() == {}


def test_a_move_replaces_no_token(tmp_path: Path, keys: KeyRing) -> None:
    source, target = f"{tmp_path}/source.json", f"{tmp_path}/target/"
    records = filled(source, keys)
    newer = new_record(keys, "3", "EAAnewer-token")
    with Vault(target).changing() as found:
        found["3"] = newer
    sentence = complaint(command("move-vault", target, env=environment(VAULT_PATH=source)))
    assert "Both vaults have a token of account 3" in sentence
    assert Vault(source).read() == records
    assert Vault(target).read()["3"] == newer


def test_a_move_does_not_lose_marks_of_erased_accounts(tmp_path: Path, keys: KeyRing) -> None:
    source, target = f"{tmp_path}/source.json", f"{tmp_path}/target/"
    records = filled(source, keys)
    for number, location in enumerate((source, target)):
        Tombstones.of(location, None).add([str(number)])
    sentence = complaint(command("move-vault", target, env=environment(VAULT_PATH=source)))
    assert "has other erased accounts" in sentence
    assert Vault(source).read() == records
