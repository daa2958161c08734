"""Erase, renew and connect of one account at the same moment: nothing is lost, nothing returns.

The environment variable VAULT_RACES sets how many times this is done in each storage.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import threading
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import WorldSettings
from tap_instagram_business.erasure.erase import Erasure
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.tokens import consent
from tap_instagram_business.tokens.consent import store
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.oauth import App
from tap_instagram_business.tokens.storage import Storage, Stored, open_storage
from tap_instagram_business.tokens.tombstones import Tombstones
from tap_instagram_business.tokens.vault import Vault
from tap_instagram_business.tokens.vault_tokens import VaultTokens
from tests.tokens.records import new_record, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Record

ROUNDS = int(os.environ.get("VAULT_RACES", "6"))
BEFORE, AFTER = "5550000000000001", "5550000000000002"
"""The person of the record that may be erased and renewed, and of the one that is connected."""
DAY = dt.timedelta(days=1)
MAX_PAUSE_SECONDS = 0.01


class Paused(Storage):
    """A storage that waits for a short while before each step, another one in each process."""

    def __init__(self, location: str, chance: random.Random) -> None:
        super().__init__(location)
        self._storage, self._chance = open_storage(location), chance

    def _pause(self) -> Storage:
        time.sleep(self._chance.uniform(0, MAX_PAUSE_SECONDS))
        return self._storage

    def names(self, folder: str) -> list[str]:
        return self._pause().names(folder)

    def read(self, name: str) -> Stored | None:
        return self._pause().read(name)

    def write(self, name: str, content: bytes, version: str | None) -> str | None:
        return self._pause().write(name, content, version)

    def delete(self, name: str) -> None:
        self._pause().delete(name)


def paused_vault(location: str, seed: int) -> Vault:
    vault = Vault(location)
    vault.storage = Paused(location, random.Random(seed))
    return vault


class Race:
    """One account, and the three processes that change it at the same moment."""

    def __init__(self, server: GraphApiServer, location: str, keys: KeyRing, seed: int) -> None:
        self._server, self._location, self._keys, self._seed = server, location, keys, seed
        self.account_id = server.world.account_ids[0]
        self.now = dt.datetime.now(dt.timezone.utc).replace(microsecond=0)
        self._start = threading.Barrier(3)
        self.errors: list[Exception] = []

    def record(self, user_id: str, left: dt.timedelta | None) -> Record:
        times = {"obtained": self.now - 40 * DAY, "expires": left and self.now + left}
        return new_record(
            self.account_id, "sandbox-token", login="instagram", user_id=user_id, **times
        )

    def run(self) -> None:
        steps = (self._erase, self._renew, self._connect)
        threads = [
            threading.Thread(target=self._at_once, args=(step, place))
            for place, step in enumerate(steps)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self.errors

    def _at_once(self, step: Callable[[Vault, Tombstones], None], place: int) -> None:
        vault = paused_vault(self._location, 3 * self._seed + place)
        try:
            self._start.wait()
            step(vault, Tombstones(vault.storage, lambda: self._keys))
        except Exception as error:  # noqa: BLE001 - a thread would lose it
            self.errors.append(error)

    def _erase(self, vault: Vault, tombstones: Tombstones) -> None:
        Erasure((self.account_id,), vault=vault, tombstones=tombstones).erase()

    def _renew(self, vault: Vault, _: Tombstones) -> None:
        app = App(login="instagram", api_url=self._server.url)
        with closing(GraphClient(app)) as session:
            tokens = VaultTokens(vault, self._keys, app, 20 * DAY)
            tokens.renew(vault.read(self._keys, [self.account_id]).all(), session)
        assert not tokens.failed

    def _connect(self, vault: Vault, tombstones: Tombstones) -> None:
        # Of a token without a date it is not known that it is worse than a renewed one.
        connected = self.record(AFTER, None)
        assert store(connected, vault, tombstones, self._keys)


def outcome(vault: Vault, keys: KeyRing, account_id: str) -> str:
    """Return how a round ended; it must be as if one process had come after the other."""
    record = vault.read(keys).all().get(account_id)
    is_marked = Tombstones(vault.storage, lambda: keys).is_erased(account_id)
    assert (record is None) is is_marked, "neither connected nor erased, or both"
    if record is None:
        return "erased last"
    assert record.user_id == AFTER, "an erased record has returned"
    return "connected last, and renewed" if record.refreshed else "connected last"


@pytest.mark.parametrize("scheme", ["local", "gs", "s3"])
def test_erase_renew_and_connect_at_the_same_moment(
    serve: Callable[..., GraphApiServer],
    keys: KeyRing,
    location_of: Callable[[str], str],
    record_property: Any,
    scheme: str,
) -> None:
    # The renewal knows the time by the clock of this machine.
    world = WorldSettings(
        accounts=1, posts=0, days=2, login="instagram", start=dt.datetime.now(dt.timezone.utc)
    )
    server, location = serve(world), location_of(scheme)
    ended: Counter[str] = Counter()
    vault = Vault(location)
    for seed in range(ROUNDS):
        race = Race(server, location, keys, seed)
        if seed % 3:  # every third round begins as the one before ended
            Tombstones(vault.storage, lambda: keys).remove([race.account_id])
            put(vault, keys, race.record(BEFORE, 5 * DAY))
        race.run()
        ended[outcome(vault, keys, race.account_id)] += 1
    record_property("ended", dict(ended))
    print(f"\n{scheme}: {dict(ended)}")  # noqa: T201 - the proof in figures


@pytest.mark.parametrize("deletion", [1, 2])
def test_an_account_that_is_connected_just_before_its_record_is_deleted_is_erased_whole(
    vault: Vault, keys: KeyRing, record: Record, monkeypatch: pytest.MonkeyPatch, deletion: int
) -> None:
    """`connect` has removed the mark, and then its record is deleted: no mark would be left."""
    tombstones = Tombstones(vault.storage, lambda: keys)
    delete, deletions = vault.storage.delete, iter(range(1, 100))

    def connect_first(name: str) -> None:
        if name.startswith("accounts/") and next(deletions) == deletion:
            assert store(record, vault, tombstones, keys)
        delete(name)

    monkeypatch.setattr(vault.storage, "delete", connect_first)
    Erasure((record.account_id,), vault=vault, tombstones=tombstones).erase()
    assert outcome(vault, keys, record.account_id) == "erased last"


def test_an_account_that_is_erased_at_each_attempt_to_connect_it_leaves_no_token(
    vault: Vault, keys: KeyRing, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "PAUSES_SECONDS", (0.0, 0.0, 0.0))
    tombstones = Tombstones(vault.storage, lambda: keys)
    write, attempts = vault.storage.write, Counter[str]()

    def mark_afterwards(name: str, content: bytes, version: str | None) -> str | None:
        written = write(name, content, version)
        if name.startswith("accounts/"):
            attempts[name] += 1
            tombstones.add([record.account_id])
        return written

    monkeypatch.setattr(vault.storage, "write", mark_afterwards)
    with pytest.raises(CredentialsError, match="was erased or changed at the same time"):
        store(record, vault, tombstones, keys)
    assert [*attempts.values()] == [3]
    assert outcome(vault, keys, record.account_id) == "erased last"
