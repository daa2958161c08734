"""Makes records for tests, and puts them into a vault."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_instagram_business.tokens.vault import Record

if TYPE_CHECKING:
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.vault import Vault

OBTAINED = dt.datetime(2026, 11, 1, 12, tzinfo=dt.timezone.utc)


def new_record(account_id: str, token: str, **values: Any) -> Record:
    defaults: dict[str, Any] = {
        "login": "facebook",
        "user_id": "5550000000000001",
        "obtained": OBTAINED,
    }
    return Record(account_id=account_id, token=token, **{**defaults, **values})


def put(vault: Vault, keys: KeyRing, *records: Record) -> None:
    """Store records in place of those that the accounts have."""
    for record in records:
        version = vault.version(record.account_id) or ""
        assert vault.write(replace(record, version=version), keys)


def all_records(vault: Vault, keys: KeyRing) -> dict[str, Record]:
    return vault.read(keys).all()
