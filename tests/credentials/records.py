"""Makes records for tests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tap_instagram_business.credentials.record import Record

if TYPE_CHECKING:
    from tap_instagram_business.credentials.encryption import KeyRing

OBTAINED = dt.datetime(2026, 11, 1, 12, tzinfo=dt.timezone.utc)


def new_record(keys: KeyRing, account_id: str, token: str, **values: Any) -> Record:
    defaults: dict[str, Any] = {
        "login": "facebook",
        "user_id": "5550000000000001",
        "obtained": OBTAINED,
    }
    return Record(
        account_id=account_id, token=keys.encrypt(token, account_id), **{**defaults, **values}
    ).sealed(keys)
