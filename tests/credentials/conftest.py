from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from tap_instagram_business.credentials.encryption import KeyRing, generate_key
from tap_instagram_business.credentials.keys import KEY_VARIABLE
from tap_instagram_business.credentials.vault import Vault
from tests.credentials.records import new_record

if TYPE_CHECKING:
    from pathlib import Path

    from tap_instagram_business.credentials.record import Record


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    """A key in the environment of this process and of the processes that it starts."""
    key = generate_key()
    monkeypatch.setenv(KEY_VARIABLE, key)
    return key


@pytest.fixture
def keys(key: str) -> KeyRing:
    return KeyRing.parse(key, source="the test")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(str(tmp_path / "vault.json"))


@pytest.fixture
def record(keys: KeyRing) -> Record:
    return new_record(keys, "17841400000000001", "EAAcanary-vault-0123456789")


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
