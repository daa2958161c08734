"""The record of one account in the vault: members in clear, and the token encrypted with them.

The ciphertext of the token authenticates all other members. So whoever has no key can read the
members but cannot change any of them, and nobody gets at a record's members without decrypting it,
except to list them as not verified.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from tap_instagram_business.credentials.encryption import key_id_of
from tap_instagram_business.credentials.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_instagram_business.credentials.encryption import KeyRing

ACCOUNT_ID = re.compile("[0-9]{1,30}")
"""The id of an account; it is part of a file's name and of a request's path."""
GOOD = "good"
REFUSED = "refused"
"""The status of a token that Meta refused when it was last used."""
SLIGHT_DIFFERENCE = dt.timedelta(days=1)
"""Tokens that end within this time of each other are equally good."""
TIMES = ("obtained", "expires", "refreshed", "data_access_expires")
NOT_STORED = ("token", "version", "key_id")


def check_account_id(text: str) -> str:
    """Return the id of an account.

    Raises:
        CredentialsError: It is not an id.
    """
    if not ACCOUNT_ID.fullmatch(text):
        message = f"{text} is not an account id: an account id has digits only"
        raise CredentialsError(message)
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

    def is_worse_than(self, other: Self, now: dt.datetime) -> bool:
        """Whether this token ends long before another one that is in use.

        With the Facebook login, a token without a date never expires. With the Instagram login,
        Meta has not said the date of such a token, so that nothing can be compared.
        """
        if other.status != GOOD or self.expires is None or other.login != self.login:
            return False
        if other.expires is None:
            return self.login == "facebook"
        return other.expires > now and self.expires < other.expires - SLIGHT_DIFFERENCE

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
            message = f"{label} is damaged, or is that of another account: {remedy}"
            raise CredentialsError(message)
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
        members = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(members, dict):
        return {}
    are_texts = all(value is None or isinstance(value, str) for value in members.values())
    return members if are_texts else {}


def _authenticated(members: Mapping[str, Any]) -> str:
    """Return the members of a record but for its token, in the form that is authenticated."""
    return f"record {json.dumps(members, sort_keys=True)}"
