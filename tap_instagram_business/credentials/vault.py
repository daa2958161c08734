"""The vault: one record per account, its token encrypted and bound to that account.

A vault is one JSON file with a checksum of its records. What is no vault, or a damaged one, is
refused and left as it is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from tap_instagram_business.credentials.encryption import key_id_of
from tap_instagram_business.credentials.failure import CredentialsError
from tap_instagram_business.credentials.storage import storage_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_instagram_business.credentials.encryption import KeyRing

PARTS = ("format", "sha256", "accounts")
FORMAT = "tap-instagram-business vault v1"
GOOD = "good"
REFUSED = "refused"
"""Meta has refused the token the last time it was used."""


@dataclass(frozen=True)
class Record:
    """What is kept of one account.

    Attributes:
        account_id: Its `17841…` id.
        login: Which of Meta's two APIs its token belongs to.
        token: The token's ciphertext, which names its key.
        user_id: Meta's id, within the app, of who gave consent; requests for deletion name it.
        obtained: When consent was given.
        expires: When the token ends; None where it does not, or nobody knows.
        refreshed: When the token was last renewed.
        data_access_expires: When Meta stops answering unless its owner has used the app.
        status: `good`, or `refused`.
    """

    account_id: str
    login: str
    token: str
    user_id: str
    obtained: dt.datetime
    expires: dt.datetime | None = None
    refreshed: dt.datetime | None = None
    data_access_expires: dt.datetime | None = None
    status: str = GOOD

    @property
    def key_id(self) -> str:
        """The key that the token is encrypted with."""
        return key_id_of(self.token)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, times in RFC 3339."""
        values = asdict(self)
        del values["account_id"]
        return {
            name: value.isoformat(timespec="seconds") if isinstance(value, dt.datetime) else value
            for name, value in values.items()
        }

    @classmethod
    def from_json(cls, account_id: str, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        times = {
            name: dt.datetime.fromisoformat(stored[name]) if stored[name] else None
            for name in ("obtained", "expires", "refreshed", "data_access_expires")
        }
        return cls(**{**stored, **times, "account_id": account_id})


class Vault:
    """The records, by account id."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._storage = storage_at(place)

    def read(self) -> dict[str, Record]:
        """Return all records; none where there is no vault yet.

        Raises:
            CredentialsError: it cannot be read, or is no vault, or a damaged one.
        """
        content = self._storage.read()
        return {} if content is None else self._parse(content)

    @contextmanager
    def changing(self) -> Iterator[dict[str, Record]]:
        """Change the records: what is done to them in the block is kept, unless it fails.

        Raises:
            CredentialsError: the vault cannot be read or written; it is as before.
        """
        with self._storage.locked():
            records = self.read()
            before = dict(records)
            yield records
            if records != before:
                self._storage.write(_written(records))

    def check_keys(self, keys: KeyRing) -> None:
        """Refuse keys that leave some record unreadable.

        Raises:
            CredentialsError: with the ids of the keys that are missing.
        """
        missing = {record.key_id for record in self.read().values()} - set(keys.ids)
        if missing:
            message = (
                f"The vault {self.place} is encrypted with key {', '.join(sorted(missing))}, which "
                f"is not among the keys given ({', '.join(keys.ids)}): give that key too"
            )
            raise CredentialsError(message)

    def _parse(self, content: bytes) -> dict[str, Record]:
        try:
            stored = json.loads(content)
        except ValueError:
            stored = None
        if not isinstance(stored, dict) or stored.get("format") != FORMAT:
            message = (
                f"{self.place} is no vault of this program, or was torn: it was left as it is; put "
                "a good copy in its place, or move it away and connect the accounts again"
            )
            raise CredentialsError(message)
        try:
            accounts = stored["accounts"]
            if len(stored) == len(PARTS) and stored["sha256"] == _sum(accounts):
                return {name: Record.from_json(name, entry) for name, entry in accounts.items()}
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        message = (
            f"The vault {self.place} was changed by something else, or is damaged: it was left as "
            "it is; put a good copy in its place, or move it away and connect the accounts again"
        )
        raise CredentialsError(message)


def _written(records: Mapping[str, Record]) -> bytes:
    accounts = {name: record.to_json() for name, record in sorted(records.items())}
    stored = {"format": FORMAT, "sha256": _sum(accounts), "accounts": accounts}
    return json.dumps(stored, indent=1).encode()


def _sum(accounts: Any) -> str:  # noqa: ANN401 - JSON
    text = json.dumps(accounts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
