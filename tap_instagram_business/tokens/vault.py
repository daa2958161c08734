"""The vault: one record for each account that is connected, and the marks of erased accounts.

A record has its members in clear, and the token encrypted with them. The ciphertext of the token
authenticates all other members. So whoever has no key can read the members but cannot change any of
them, and nobody gets at a record's members without decrypting it, except to list them as not
verified.

Nobody locks the vault. A record is written only over the version that was read before, and the
order of the steps below lets several processes change the same account at the same time:

- `connect` removes the mark, writes the record, and begins again if the mark is there again;
- `erase` writes the mark and deletes the record, and is done when the mark is still there;
- a renewal replaces a record, so that it cannot bring back one that was deleted.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec
from typing_extensions import Self

from tap_instagram_business.sharding import Shard
from tap_instagram_business.tokens.encryption import key_id_of
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.storage import open_storage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.storage import Storage, Stored

ACCOUNT_ID = re.compile("[0-9]{1,30}")
"""The id of an account; it is part of a file's name and of a request's path."""
GOOD = "good"
REFUSED = "refused"
"""The status of a token that Meta refused when it was last used."""
SLIGHT_DIFFERENCE = dt.timedelta(days=1)
"""Tokens that end within this time of each other are equally good."""
TIMES = ("obtained", "expires", "refreshed", "data_access_expires")
NOT_STORED = ("token", "version", "key_id")
FOLDER = "accounts"
SUFFIX = ".json"
PARALLEL_READS = 16
"""How many records are read at once: each read from a bucket takes a round trip."""
ALL = Shard()

logger = logging.getLogger("tap-instagram-business.tokens")


def check_account_id(text: str) -> str:
    """Return the id of an account.

    Raises:
        CredentialsError: It is not an id.
    """
    if not ACCOUNT_ID.fullmatch(text):
        raise CredentialsError(f"{text} is not an account id: an account id has digits only")
    return text


@dataclass(frozen=True)
class Record:
    """The vault's record of one account.

    Attributes:
        account_id: The account's `17841…` id.
        login: The login that the token belongs to, `facebook` or `instagram`.
        token: The token in plain text.
        user_id: Meta's id, within the app, of the person who gave consent. Meta's requests to
            delete data name this id.
        obtained: The time at which consent was given.
        expires: The time at which the token expires; None if it does not, or if that is unknown.
        refreshed: The time at which the token was last renewed; None if it never was.
        data_access_expires: The time at which the token's access to data expires, unless the
            person uses the app before; None if it does not, or if that is unknown.
        status: `good` or `refused`, as Meta treated the token when it was last used.
        version: The version of the stored object that this record was read from.
        key_id: The id of the key that this object was encrypted with.
    """

    account_id: str
    login: str
    token: str = field(repr=False)
    user_id: str
    obtained: dt.datetime
    expires: dt.datetime | None = None
    refreshed: dt.datetime | None = None
    data_access_expires: dt.datetime | None = None
    status: str = GOOD
    version: str = field(default="", compare=False)
    key_id: str = field(default="", compare=False)

    def is_worse_than(self, other: Self) -> bool:
        """Whether this token, which is new, ends long before another one that is in use.

        With the Facebook login, a token without a date never expires. With the Instagram login,
        Meta has not said the date of such a token, so that nothing can be compared.
        """
        if other.status != GOOD or self.expires is None or other.login != self.login:
            return False
        if other.expires is None:
            return self.login == "facebook"
        return other.expires > self.obtained and self.expires < other.expires - SLIGHT_DIFFERENCE

    def encrypt(self, keys: KeyRing) -> bytes:
        """Return the record as a JSON object; times are in ISO 8601, to the second."""
        members = {
            name: value.isoformat(timespec="seconds") if isinstance(value, dt.datetime) else value
            for name, value in asdict(self).items()
            if name not in NOT_STORED
        }
        token = keys.encrypt(self.token, _authenticated(members))
        return json.dumps({**members, "token": token}, indent=1).encode()

    @classmethod
    def decrypt(cls, account_id: str, content: bytes, version: str, keys: KeyRing) -> Self:
        """Return the record of an account that `encrypt` has written.

        Raises:
            CredentialsError: It is of another account or damaged, was changed by somebody without a
                key, or its key is missing.
        """
        label = f"The record of account {account_id} in the vault"
        remedy = "connect the account again"
        members = read_members(content)
        ciphertext = members.pop("token", None)
        if not isinstance(ciphertext, str) or members.get("account_id") != account_id:
            raise CredentialsError(f"{label} is damaged, or is that of another account: {remedy}")
        token = keys.decrypt(ciphertext, _authenticated(members), label=label, remedy=remedy)
        values: dict[str, Any] = dict(members)
        for name in TIMES:
            values[name] = dt.datetime.fromisoformat(values[name]) if values[name] else None
        return cls(**values, token=token, version=version, key_id=key_id_of(ciphertext))


def read_members(content: bytes) -> dict[str, str | None]:
    """Return the members of a stored record as they stand there; {} if it is not a record.

    No key vouches for them: they may only be shown, and only as not verified.
    """
    try:
        return msgspec.json.decode(content, type=dict[str, str | None])
    except (ValueError, RecursionError):
        return {}


def _authenticated(members: Mapping[str, Any]) -> str:
    """Return the members of a record but for its token, in the form that is authenticated."""
    return f"record {json.dumps(members, sort_keys=True)}"


@dataclass(frozen=True)
class Records:
    """The records that were read from a vault, by account id.

    Attributes:
        verified: The records that were decrypted.
        refused: Why other records cannot be decrypted.
    """

    verified: dict[str, Record] = field(default_factory=dict)
    refused: dict[str, CredentialsError] = field(default_factory=dict)

    def add(self, account_id: str, stored: Stored, keys: KeyRing) -> None:
        """Decrypt a record and add it."""
        try:
            self.verified[account_id] = Record.decrypt(account_id, *stored, keys)
        except CredentialsError as error:
            self.refused[account_id] = error

    def of_login(self, login: str) -> dict[str, Record]:
        """Return the records of a login that were decrypted."""
        return {name: record for name, record in self.verified.items() if record.login == login}

    def all(self) -> dict[str, Record]:
        """Return all records.

        Raises:
            CredentialsError: One of them cannot be decrypted.
        """
        for error in self.refused.values():
            raise error
        return self.verified


class Vault:
    """The records of all accounts.

    Attributes:
        location: The path of the folder, or its URI.
        storage: The folder.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self.storage: Storage = open_storage(location)

    def account_ids(self) -> list[str]:
        """Return the ids of the accounts that have a record, in order.

        Raises:
            CredentialsError: The vault cannot be read.
        """
        names = self.storage.names(FOLDER)
        found = [name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]
        account_ids = [name for name in found if ACCOUNT_ID.fullmatch(name)]
        if len(account_ids) < len(names):
            logger.warning(
                "%d objects in %s/%s are not records of accounts and are ignored.",
                len(names) - len(account_ids),
                self.location,
                FOLDER,
            )
        return account_ids

    def read(self, keys: KeyRing, account_ids: Collection[str] = (), shard: Shard = ALL) -> Records:
        """Read and decrypt records.

        Args:
            keys: The keys that decrypt them.
            account_ids: The accounts to look for; empty for all.
            shard: The part of the accounts to look for.

        Raises:
            CredentialsError: The vault cannot be read.
        """
        records = Records()
        named = filter(shard.contains, account_ids or self.account_ids())
        for account_id, stored in self._read_stored(named).items():
            records.add(account_id, stored, keys)
        return records

    def read_unverified(self) -> dict[str, dict[str, str | None]]:
        """Return the members of all records by account id, without decrypting the records.

        Whoever can write the vault may have changed them.

        Raises:
            CredentialsError: The vault cannot be read.
        """
        stored = self._read_stored(self.account_ids())
        return {name: read_members(found.content) for name, found in stored.items()}

    def write(self, record: Record, keys: KeyRing) -> Record | None:
        """Store a record over the version that it was read from, or as a new one if it has none.

        Returns:
            The record with its new version; None if nothing was stored, because the account's
            record was changed, deleted or created meanwhile.

        Raises:
            CredentialsError: The vault cannot be written.
        """
        name, content = _name(record.account_id), record.encrypt(keys)
        version = self.storage.write(name, content, record.version or None)
        if version is None:
            # A client that repeats a request after a lost response is refused because of itself.
            stored = self.storage.read(name)
            version = stored.version if stored and stored.content == content else None
        return replace(record, version=version) if version else None

    def version(self, account_id: str) -> str | None:
        """Return the version of a record; None if there is none.

        Raises:
            CredentialsError: The vault cannot be read.
        """
        stored = self.storage.read(_name(account_id))
        return stored.version if stored else None

    def delete(self, account_ids: Iterable[str]) -> list[str]:
        """Delete records, whatever is in them; return the accounts that had one.

        Raises:
            CredentialsError: The vault cannot be written.
        """
        deleted = []
        for name in account_ids:
            deleted += [name] if self.version(name) else []
            self.storage.delete(_name(name))
        return deleted

    def _read_stored(self, account_ids: Iterable[str]) -> dict[str, Stored]:
        named = [*account_ids]
        with ThreadPoolExecutor(PARALLEL_READS) as threads:
            found = threads.map(self.storage.read, map(_name, named))
            return {name: stored for name, stored in zip(named, found, strict=True) if stored}


def _name(account_id: str) -> str:
    return f"{FOLDER}/{check_account_id(account_id)}{SUFFIX}"
