"""The record of one account in the vault, with the account's token in encrypted form.

Each record has a seal: nobody without the key can change any of its members.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from tap_instagram_business.credentials.encryption import key_id_of
from tap_instagram_business.credentials.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_instagram_business.credentials.encryption import KeyRing

ACCOUNT_ID = re.compile("[0-9]+")
"""The id of an account. A record of another name could pass for a setting."""
GOOD = "good"
SLIGHT_DIFFERENCE = dt.timedelta(days=1)
"""Tokens that end within this time of each other are equally good."""
REFUSED = "refused"
"""The status of a token that Meta refused when it was last used."""


@dataclass(frozen=True)
class Record:
    """The vault's record of one account.

    Attributes:
        account_id: The account's `17841…` id.
        login: The login that the token belongs to, `facebook` or `instagram`.
        token: The encrypted token; it names the key that decrypts it.
        user_id: Meta's id, within the app, of the person who gave consent. Meta's requests to
            delete data name this id.
        obtained: The time at which consent was given.
        expires: The time at which the token expires; None if it does not, or if that is unknown.
        refreshed: The time at which the token was last renewed; None if it never was.
        data_access_expires: The time at which the token's access to data expires, unless the
            person uses the app before; None if it does not, or if that is unknown.
        status: `good` or `refused`, as Meta treated the token when it was last used.
        seal: A ciphertext of nothing that is bound to all other members; '' in a vault of an
            earlier version.
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
    seal: str = ""

    def sealed(self, keys: KeyRing) -> Self:
        """Return this record with a seal over all that it says now."""
        return replace(self, seal=keys.encrypt("", self._sealed_text()))

    def open_token(self, keys: KeyRing) -> str:
        """Return the token in plain text.

        Raises:
            CredentialsError: The record was changed, is of another account, or its key is missing.
        """
        if not ACCOUNT_ID.fullmatch(self.account_id):
            message = f"The vault has a record of {self.account_id!r}, which is no account"
            raise CredentialsError(message)
        if not self.seal:
            message = (
                f"The record of account {self.account_id} in the vault has no seal: run "
                "`tap-instagram-business rotate-keys` if it is of an earlier version, or connect "
                "the account again"
            )
            raise CredentialsError(message)
        token = keys.decrypt(self.token, self.account_id)
        if not keys.is_sealed(self.seal, self._sealed_text()):
            message = (
                f"The record of account {self.account_id} in the vault was changed by another "
                "program: connect the account again"
            )
            raise CredentialsError(message)
        return token

    def _sealed_text(self) -> str:
        members = {**replace(self, seal="").to_json(), "account_id": self.account_id}
        return f"record {json.dumps(members, sort_keys=True)}"

    @property
    def key_id(self) -> str:
        """The id of the key that encrypted the token."""
        return key_id_of(self.token)

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

    def is_of_key(self, key_id: str) -> bool:
        """Whether the token and the seal are both of this key."""
        return self.key_id == key_id == key_id_of(self.seal)

    def to_json(self) -> dict[str, Any]:
        """Return the record as it stands in the file; times are in ISO 8601, to the second."""
        values = asdict(self)
        del values["account_id"]
        if not self.seal:
            del values["seal"]
        return {
            name: value.isoformat(timespec="seconds") if isinstance(value, dt.datetime) else value
            for name, value in values.items()
        }

    @classmethod
    def from_json(cls, account_id: str, stored: Mapping[str, Any]) -> Self:
        """Return the record that `to_json` has written."""
        times = {
            name: dt.datetime.fromisoformat(stored[name]) if stored[name] else None
            for name in ("obtained", "expires", "refreshed", "data_access_expires")
        }
        return cls(**{**stored, **times, "account_id": account_id})
