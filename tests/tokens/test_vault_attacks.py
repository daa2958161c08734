"""Changes of a vault without a key: every command refuses each one, or it has no effect.

What is accepted must be a record that somebody with the key has written for the same account. So an
older record that is put back is accepted, and it must be that one, whole.

The environment variable VAULT_ATTACKS sets how many changes are tried.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import re
import shutil
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.cli import command_line
from tap_instagram_business.tokens.encryption import KEY_VARIABLE, KeyRing, generate_key
from tap_instagram_business.tokens.tombstones import Tombstones
from tap_instagram_business.tokens.vault import Vault
from tests.tap_run import catalog, run_tap
from tests.tokens.command import APP, environment
from tests.tokens.records import all_records, new_record, put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.vault import Record

PARTS = 4
CHANGES = int(os.environ.get("VAULT_ATTACKS", "24"))
SOMEBODY, OTHER = "5550000000000001", "5550000000000002"
"""The person who has connected two accounts, and the one who has connected the third."""
MEMBERS: dict[str, list[Any]] = {
    "account_id": ["1", "17841499999999999", ""],
    "login": ["instagram", "facebook", ""],
    "user_id": [OTHER, SOMEBODY, "me", "../app", "5550000000000001/permissions?x=", ""],
    "obtained": ["2020-01-01T00:00:00+00:00", "yesterday"],
    "expires": ["2020-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00", None],
    "refreshed": ["2020-01-01T00:00:00+00:00", None],
    "data_access_expires": ["2020-01-01T00:00:00+00:00", None],
    "status": ["good", "refused", "\x1b[2J"],
}
ODD_VALUES: list[Any] = [0, 1.5, True, [], {}, ["good"], {"a": {"b": []}}]
CONTENTS = [b"", b"{}", b"[]", b"null", b"\x00\xff", b"[" * 100_000, b'{"token": 1}', b'"enc:v1:"']


class World:
    """A vault with the history of its records, and what an attacker has seen of it.

    Attributes:
        genuine: All records that were ever written with the key, by account.
        seen: The content of each object at each time, by name: what can be put back.
        erased: The account that was erased.
    """

    def __init__(self, server: GraphApiServer, folder: Path, keys: KeyRing) -> None:
        self.server, self.folder, self.keys = server, folder, keys
        self.vault = Vault(str(folder))
        pages = {page.account.id: page.access_token for page in server.world.pages if page.account}
        self.accounts = sorted(pages)
        *self.connected, self.erased = self.accounts
        self.genuine: dict[str, list[Record]] = {name: [] for name in self.accounts}
        self.seen: dict[str, list[bytes]] = {}
        for name in self.accounts:
            user_id = OTHER if name == self.connected[-1] else SOMEBODY
            record = new_record(name, pages[name], user_id=user_id)
            self._write(replace(record, token="EAAolder-token-0123456789"))
            self._write(record)
        tombstones = Tombstones(self.vault.storage, lambda: keys)
        tombstones.add([self.accounts[0]])
        self._look()
        tombstones.remove([self.accounts[0]])
        tombstones.add([self.erased])
        self.vault.delete([self.erased])
        self._look()
        self.setting = keys.encrypt("EAAsetting-0123456789", "access_token")

    def _write(self, record: Record) -> None:
        put(self.vault, self.keys, record)
        self.genuine[record.account_id].append(record)
        self._look()

    def _look(self) -> None:
        for path in self.folder.rglob("*"):
            if path.is_file():
                name = str(path.relative_to(self.folder))
                self.seen.setdefault(name, []).append(path.read_bytes())

    def accounts_of(self, user_id: str) -> set[str]:
        return {name for name in self.accounts if user_id in self.users_of(name)}

    def users_of(self, account_id: str) -> set[str]:
        return {record.user_id for record in self.genuine[account_id]}


class Attack:
    """One random change of a copy of the vault."""

    def __init__(self, world: World, folder: Path, chance: random.Random) -> None:
        self.world, self.folder, self.chance = world, folder, chance
        self.victim = chance.choice(world.connected)
        self.path = folder / "accounts" / f"{self.victim}.json"
        self.kind = chance.choice(KINDS)
        getattr(self, self.kind)()

    def _members(self, change: Callable[[dict[str, Any]], Any]) -> None:
        members = json.loads(self.path.read_bytes())
        change(members)
        self.path.write_text(json.dumps(members))

    def _old(self, name: str) -> bytes:
        return self.chance.choice(self.world.seen[name])

    def member_changed(self) -> None:
        name = self.chance.choice(list(MEMBERS))
        self._members(lambda members: members.update({name: self.chance.choice(MEMBERS[name])}))

    def member_of_another_type(self) -> None:
        name, value = self.chance.choice([*MEMBERS, "token"]), self.chance.choice(ODD_VALUES)
        self._members(lambda members: members.update({name: value}))

    def member_removed(self) -> None:
        self._members(lambda members: members.pop(self.chance.choice(list(members))))

    def member_added(self) -> None:
        name = self.chance.choice(["seal", "client", "version", "key_id", "__class__", "Token"])
        self._members(lambda members: members.update({name: self.chance.choice(["", "x", None])}))

    def member_twice(self) -> None:
        name = self.chance.choice(list(MEMBERS))
        value = json.dumps(self.chance.choice(MEMBERS[name]))
        text = self.path.read_text()
        place = self.chance.choice(["first", "last"])
        if place == "first":
            self.path.write_text(f'{{"{name}": {value},{text.lstrip()[1:]}')
        else:
            self.path.write_text(f'{text.rstrip()[:-1]}, "{name}": {value}}}')

    def members_of_another_account(self) -> None:
        other = self._old(f"accounts/{self.chance.choice(self.world.accounts)}.json")
        taken = self.chance.sample([*MEMBERS, "token"], self.chance.randint(1, 8))
        found = json.loads(other)
        self._members(lambda members: members.update({name: found[name] for name in taken}))

    def members_of_an_older_record(self) -> None:
        found = json.loads(self._old(f"accounts/{self.victim}.json"))
        taken = self.chance.sample([*MEMBERS, "token"], self.chance.randint(1, 8))
        self._members(lambda members: members.update({name: found[name] for name in taken}))

    def spaces_changed(self) -> None:
        self.path.write_text(json.dumps(json.loads(self.path.read_bytes()), indent=7))

    def bit_flipped(self) -> None:
        content = bytearray(self.path.read_bytes())
        content[self.chance.randrange(len(content))] ^= 1 << self.chance.randrange(8)
        self.path.write_bytes(content)

    def file_cut(self) -> None:
        content = self.path.read_bytes()
        self.path.write_bytes(content[: self.chance.randrange(len(content))])

    def file_replaced(self) -> None:
        random_bytes = self.chance.randbytes(self.chance.randrange(200))
        self.path.write_bytes(self.chance.choice([*CONTENTS, random_bytes]))

    def files_exchanged(self) -> None:
        other = self.folder / "accounts" / f"{self.chance.choice(self.world.connected)}.json"
        mine, theirs = self.path.read_bytes(), other.read_bytes()
        self.path.write_bytes(theirs)
        other.write_bytes(mine)

    def file_under_another_name(self) -> None:
        name = self.chance.choice(
            ["1", "17841499999999999", "access_token", "..", "x", "9" * 31, "\u0661", ".1", "1 "]
        )
        (self.folder / "accounts" / f"{name}.json").write_bytes(self.path.read_bytes())

    def file_is_a_link(self) -> None:
        other = self.folder / "accounts" / f"{self.chance.choice(self.world.connected)}.json"
        content = self.path.read_bytes()
        if other != self.path:
            self.path.unlink()
            self.path.symlink_to(self.chance.choice([str(other), "/etc/hostname"]))
        else:
            (self.folder / "accounts" / ".x.json.tmp").write_bytes(content)

    def temporary_file_planted(self) -> None:
        other = self._old(f"accounts/{self.chance.choice(self.world.accounts)}.json")
        self.path.with_name(f".{self.path.name}.tmp").write_bytes(other)
        (self.folder / ".lock").write_bytes(self.chance.choice([b"", b"999", other]))

    def ciphertext_changed(self) -> None:
        def change(members: dict[str, Any]) -> None:
            head, key_id, sealed = members["token"].rsplit(":", 2)
            place = self.chance.randrange(len(sealed))
            letter = self.chance.choice("AZaz09-_=+/ ")
            members["token"] = self.chance.choice(
                [
                    f"{head}:{key_id}:{sealed[:place]}",
                    f"{head}:{key_id}:{sealed[:place]}{letter}{sealed[place + 1 :]}",
                    f"{head}:{key_id}:{sealed}{letter}",
                    f"{head}:00000000:{sealed}",
                    f"enc:v2:{key_id}:{sealed}",
                    "EAAplain-token-0123456789",
                    "",
                ]
            )

        self._members(change)

    def ciphertext_of_something_else(self) -> None:
        key = (self.folder / "erased.key").read_text()
        other = self.chance.choice([self.world.setting, key])
        self._members(lambda members: members.update(token=other))

    def ciphertext_of_an_own_key(self) -> None:
        """The attacker has a key, but not the key."""
        own = KeyRing.parse(generate_key(), source="the attacker")
        record = self.world.genuine[self.victim][-1]
        forged = replace(record, user_id=OTHER, token="EAAforged-0123456789").encrypt(own)
        if self.chance.random() < 0.5:
            members = json.loads(forged)
            ours = json.loads(self.path.read_bytes())["token"].split(":")[2]
            members["token"] = re.sub(":[0-9a-f]{8}:", f":{ours}:", members["token"])
            forged = json.dumps(members).encode()
        self.path.write_bytes(forged)

    def older_record_put_back(self) -> None:
        self.path.write_bytes(self._old(f"accounts/{self.victim}.json"))

    def erased_record_put_back(self) -> None:
        name = f"accounts/{self.world.erased}.json"
        (self.folder / name).write_bytes(self._old(name))

    def mark_changed(self) -> None:
        (mark,) = (self.folder / "erased").iterdir()
        mark.write_bytes(self.chance.choice([b"", b"never", self.path.read_bytes()]))
        self.erased_record_put_back()

    def marks_key_changed(self) -> None:
        key = self.folder / "erased.key"
        text = key.read_text()
        own = KeyRing.parse(generate_key(), source="the attacker")
        forged = own.encrypt(generate_key(), "erased.key")
        place = self.chance.randrange(len(text))
        contents = [text[:place], self.world.setting, forged, "", generate_key()]
        content = self.chance.choice([*contents, None])
        if content is None:
            key.unlink()
        else:
            key.write_text(content)
        self.erased_record_put_back()

    def mark_put_back(self) -> None:
        """The first account was marked once, and connected again."""
        for name, contents in self.world.seen.items():
            if name.startswith("erased/"):
                (self.folder / name).write_bytes(contents[0])

    def mark_planted(self) -> None:
        forged = hmac.new(b"", self.victim.encode(), hashlib.sha256).hexdigest()
        names = [forged, "x", self.victim, hashlib.sha256(self.victim.encode()).hexdigest()]
        (self.folder / "erased" / self.chance.choice(names)).write_bytes(b"")


KINDS = [name for name in vars(Attack) if not name.startswith("_")]


@pytest.fixture
def world(serve: Callable[..., GraphApiServer], tmp_path: Path, keys: KeyRing) -> World:
    server = serve(WorldSettings(accounts=4, posts=0, days=2))
    return World(server, tmp_path / "vault", keys)


def signed(user_id: str) -> str:
    payload = {"user_id": user_id, "algorithm": "HMAC-SHA256", "issued_at": None}
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=").decode()
    digest = hmac.new(APP["APP_SECRET"].encode(), body.encode(), hashlib.sha256).digest()
    return f"{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}.{body}"


class Commands:
    """Runs each command on a copy of a changed vault, and checks that the change had no effect."""

    def __init__(self, world: World, changed: Path, copies: Path) -> None:
        self._world, self._changed, self._copies = world, changed, copies
        self.refusals: set[str] = set()
        # The consent is not really revoked: the next change needs the same tokens.
        world.server.faults.clear()
        world.server.faults.add(Fault(kind="service_error", match="permissions", times=None))

    def _check(self, name: str, label: str) -> None:
        try:
            getattr(self, name)()
        except BaseException as error:
            error.args = (f"{label}, {name}: {error}",)
            raise

    def _invoke(self, *arguments: str, stdin: str = "", **settings: str) -> tuple[Result, Vault]:
        shutil.rmtree(self._copies, ignore_errors=True)
        shutil.copytree(self._changed, self._copies, symlinks=True)
        self._world.server.reset_counts()
        hours = {"SIGNED_REQUEST_MAX_AGE_HOURS": "0"}
        env = environment(self._world.server, VAULT_PATH=str(self._copies), **APP, **hours)
        result = CliRunner().invoke(command_line(), arguments, input=stdin, env={**env, **settings})
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert result.exit_code in {0, 1}
        if result.exit_code:
            self.refusals.add(" ".join(arguments[:2]))
        return result, Vault(str(self._copies))

    def _check_records(self, vault: Vault, keys: KeyRing) -> None:
        for name, record in vault.read(keys).verified.items():
            # A run notes in the record whether Meta has refused the token.
            assert replace(record, status="good") in self._world.genuine[name]

    def _requests(self) -> list[str]:
        return [request.path for request in self._world.server.requests]

    def list_accounts(self) -> None:
        result, _ = self._invoke("list-accounts", "--json")
        assert result.exit_code == 0
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        assert {row["verified"] for row in rows} == {False}
        assert "EAA" not in result.output.replace("EAAplain", "")

    def disconnect(self) -> None:
        first, second, last = self._world.connected
        counted = self.refusals.copy()
        _, vault = self._invoke("disconnect", first, "--yes")
        # The person has another account that stays.
        assert self._requests() == []
        self._check_records(vault, self._world.keys)
        counted |= self.refusals
        self._invoke("disconnect", first, second, "--yes")
        allowed = re.compile(f"/v[0-9.]+/({'|'.join(self._world.users_of(first))})/permissions")
        assert all(map(allowed.fullmatch, self._requests()))
        self._invoke("disconnect", last, "--yes")
        allowed = re.compile(f"/v[0-9.]+/({'|'.join(self._world.users_of(last))})/permissions")
        assert all(map(allowed.fullmatch, self._requests()))
        # These two fail with any vault, because Meta does not revoke the consent here.
        self.refusals = counted

    def verify_signed_request(self) -> None:
        for user_id in (SOMEBODY, OTHER):
            result, _ = self._invoke("verify-signed-request", stdin=signed(user_id))
            if result.exit_code == 0:
                found = set(json.loads(result.stdout)["account_ids"])
                owned = {
                    name for name in self._world.accounts if user_id in self._world.users_of(name)
                }
                assert found - {self._world.erased} == owned - {self._world.erased}
                assert found <= owned

    def rotate_keys(self) -> None:
        new = generate_key()
        both = f"{new},{os.environ[KEY_VARIABLE]}"
        result, vault = self._invoke("rotate-keys", **{KEY_VARIABLE: both})
        self._check_records(vault, KeyRing.parse(both, source="the test"))
        if result.exit_code:
            assert vault.read(KeyRing.parse(new, source="the test")).verified == {}

    def refresh_tokens(self) -> None:
        _, vault = self._invoke("refresh-tokens")
        assert self._requests() == []
        self._check_records(vault, self._world.keys)

    def run(self) -> None:
        shutil.rmtree(self._copies, ignore_errors=True)
        shutil.copytree(self._changed, self._copies, symlinks=True)
        run = run_tap(
            self._world.server,
            strict=False,
            catalog=catalog("accounts"),
            access_token="",
            vault_path=str(self._copies),
        )
        if run.error:
            self.refusals.add("run")
        assert {row["id"] for row in run.records.get("accounts", [])} <= {*self._world.connected}
        self._check_records(Vault(str(self._copies)), self._world.keys)

    def erase(self) -> None:
        """It deletes whatever a record holds."""
        result, vault = self._invoke(
            "erase", self._world.connected[0], "--no-state", "--no-bigquery", "--yes"
        )
        if result.exit_code == 0:
            assert self._world.connected[0] not in vault.account_ids()
        assert {*vault.account_ids()} >= {*self._world.connected[1:]}


COMMANDS = [name for name in vars(Commands) if not name.startswith("_")]


@pytest.mark.parametrize("part", range(PARTS))
def test_no_change_without_the_key_is_believed_by_any_command(
    world: World, tmp_path: Path, part: int
) -> None:
    tried: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    changed = tmp_path / "changed"
    for seed in range(part, CHANGES, PARTS):
        shutil.rmtree(changed, ignore_errors=True)
        shutil.copytree(world.folder, changed)
        attack = Attack(world, changed, random.Random(seed))
        found = Vault(str(changed)).read(world.keys)
        for name, record in found.verified.items():
            assert record in world.genuine[name], (seed, attack.kind)
        commands = Commands(world, changed, tmp_path / "copy")
        for name in COMMANDS:
            commands._check(name, f"change {seed}, {attack.kind}")
        tried[attack.kind] += 1
        refused[attack.kind] += bool(commands.refusals)
    for kind in sorted(tried):
        print(f"{kind}: {tried[kind]}, of which a command refused {refused[kind]}")  # noqa: T201


def test_a_vault_that_nobody_changed_is_used_by_all_commands(world: World, tmp_path: Path) -> None:
    commands = Commands(world, world.folder, tmp_path / "copy")
    for name in COMMANDS:
        getattr(commands, name)()
    assert not commands.refusals
    records = all_records(world.vault, world.keys)
    assert {name: record.token for name, record in records.items()} == {
        name: world.genuine[name][-1].token for name in world.connected
    }
