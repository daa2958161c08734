"""When a token is renewed, and how all tokens of a vault are renewed at once.

A run renews the tokens that it uses one by one, and writes the vault for each. Where thousands of
accounts are in one vault, `renew` does this before the runs, with one write for many tokens.
"""

from __future__ import annotations

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tap_instagram_business.credentials import oauth
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.graph.errors import GraphFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.oauth import App
    from tap_instagram_business.credentials.record import Record
    from tap_instagram_business.credentials.vault import Vault
    from tap_instagram_business.graph.debug_token import TokenFacts

MIN_REFRESH_AGE = dt.timedelta(hours=24)
"""Instagram Platform, refresh_access_token: Meta does not renew a younger token."""
TOKENS_PER_WRITE = 500
"""How many tokens are renewed before they are written to the vault, file by file. If the process
is killed in between, these new tokens are lost, and the old ones stay valid to their end."""
PARALLEL_RENEWALS = 8

logger = logging.getLogger("tap-instagram-business.credentials")


def first_expiry(token: Record | TokenFacts) -> dt.datetime | None:
    """Return when a token or its access to data expires, whichever is earlier; None if unknown."""
    return min((end for end in (token.expires, token.data_access_expires) if end), default=None)


def shown_date(moment: dt.datetime | None) -> str:
    """Return the date of a moment for a message."""
    return moment.date().isoformat() if moment else "an unknown date"


def is_due(record: Record, now: dt.datetime, margin: dt.timedelta) -> bool:
    """Whether a token expires soon and, with the Instagram login, is old enough to renew.

    With the Instagram login, an unknown expiry counts as soon.

    Args:
        record: The record of the token.
        now: The present moment.
        margin: A token that expires within this time expires soon.
    """
    expires = first_expiry(record)
    expires_soon = expires is not None and expires - now < margin
    if record.login == "instagram":
        is_old_enough = now - (record.refreshed or record.obtained) >= MIN_REFRESH_AGE
        return is_old_enough and (expires_soon or expires is None)
    return expires_soon


def renewed_record(record: Record, grant: oauth.Grant, keys: KeyRing, now: dt.datetime) -> Record:
    """Return the record of an account with a renewed token."""
    return replace(
        record,
        token=keys.encrypt(grant.token, record.account_id),
        refreshed=now,
        expires=grant.expires(now),
    ).sealed(keys)


@dataclass
class Renewal:
    """Renews all tokens of the Instagram login in a vault that expire soon.

    Attributes:
        vault: The vault.
        keys: The keys that decrypt the tokens.
        app: The app that the tokens were issued to.
        margin: A token that expires within this time is renewed.
        renewed: How many tokens were renewed and stored.
        failed: How many could not be renewed.
    """

    vault: Vault
    keys: KeyRing
    app: App
    margin: dt.timedelta
    renewed: int = 0
    failed: int = 0

    def run(self, now: dt.datetime) -> None:
        """Renew the tokens; one that cannot be renewed is logged and does not stop the others.

        Args:
            now: The present moment.

        Raises:
            CredentialsError: The vault cannot be read or written.
        """
        records = self.vault.read().values()
        due = [r for r in records if r.login == "instagram" and is_due(r, now, self.margin)]
        with ThreadPoolExecutor(PARALLEL_RENEWALS) as threads:
            for start in range(0, len(due), TOKENS_PER_WRITE):
                some = due[start : start + TOKENS_PER_WRITE]
                self._store(some, list(threads.map(lambda record: self._renew(record, now), some)))

    def _renew(self, record: Record, now: dt.datetime) -> Record | None:
        """Return the record with a new token; None if Meta gives none."""
        try:
            grant = oauth.refresh(self.app, record.open_token(self.keys))
        except (GraphFailure, CredentialsError) as error:
            logger.warning(
                "The token of account %s could not be renewed and expires on %s: %s.",
                record.account_id,
                shown_date(first_expiry(record)),
                error,
            )
            return None
        return renewed_record(record, grant, self.keys, now)

    def _store(self, old: Sequence[Record], new: Sequence[Record | None]) -> None:
        """Store renewed records, except those that another process has changed meanwhile."""
        self.failed += new.count(None)
        before = {record.account_id: record for record in old}
        after = {record.account_id: record for record in new if record}
        for file, account_ids in self.vault.by_file(after):
            with file.changing() as records:
                unchanged = [name for name in account_ids if records.get(name) == before[name]]
                records.update({name: after[name] for name in unchanged})
            self.renewed += len(unchanged)
