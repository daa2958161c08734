"""Keeps the tokens of a vault alive: renews them, or warns where only a person can do that."""

from __future__ import annotations

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tap_instagram_business.credentials import oauth
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.graph.errors import GraphFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.oauth import App
    from tap_instagram_business.credentials.record import Record
    from tap_instagram_business.credentials.vault import Vault
    from tap_instagram_business.graph.debug_token import TokenFacts
    from tap_instagram_business.graph.session import GraphSession

MIN_REFRESH_AGE = dt.timedelta(hours=24)
"""Instagram Platform, refresh_access_token: Meta does not renew a younger token."""
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


@dataclass
class Renewal:
    """Renews the tokens of a login that expire soon.

    A token of the Instagram login is exchanged for a new one, which is used only if the vault has
    stored it. A token of the Facebook login can be renewed only by a person. Using the app may have
    extended it, so Meta is asked for its new dates, and a warning says if they are near.

    Attributes:
        vault: The vault.
        keys: The keys that encrypt its records.
        app: The app that the tokens were issued to.
        margin: A token that expires within this time expires soon.
        renewed: The accounts whose new tokens or dates were stored.
        failed: The accounts of which Meta gave no token or date, or whose record was not stored.
    """

    vault: Vault
    keys: KeyRing
    app: App
    margin: dt.timedelta
    renewed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def run(self, records: Mapping[str, Record], session: GraphSession) -> dict[str, Record]:
        """Renew what is due, and return all records, those with new tokens in place of the old.

        A token that cannot be renewed is logged and does not stop the others.

        Args:
            records: Records of the login of the app, by account id.
            session: The Graph API.
        """
        now = session.now()
        due = [record for record in records.values() if is_due(record, now, self.margin)]
        if self.app.login == "instagram":
            with ThreadPoolExecutor(PARALLEL_RENEWALS) as threads:
                kept = list(threads.map(lambda record: self._refresh(record, now), due))
        else:
            kept = self._update_dates(due, session) if due else []
        return {**records, **{record.account_id: record for record in kept}}

    def _refresh(self, record: Record, now: dt.datetime) -> Record:
        """Return a record with a new token, or the record itself if there is none."""
        try:
            grant = oauth.refresh(self.app, record.token)
            renewed = replace(record, token=grant.token, refreshed=now, expires=grant.expires(now))
            stored = self.vault.write(renewed, self.keys)
        except (GraphFailure, CredentialsError) as error:
            self._report(record, error)
            return record
        if stored is None:
            # Another process has renewed, connected, disconnected or erased the account.
            return record
        self.renewed.append(record.account_id)
        logger.info(
            "The token of account %s was renewed and expires on %s.",
            record.account_id,
            shown_date(stored.expires),
        )
        return stored

    def _update_dates(self, due: Sequence[Record], session: GraphSession) -> list[Record]:
        """Return records with the dates that Meta says, and warn of those that are near."""
        try:
            facts = list(self.app.token_facts(session, [record.token for record in due]))
        except GraphFailure as error:
            for record in due:
                self._report(record, error)
            return list(due)
        kept = [self._with_dates(*pair) for pair in zip(due, facts, strict=True)]
        for record in kept:
            if is_due(record, session.now(), self.margin):
                logger.warning(
                    "Consent for account %s ends on %s: run `tap-instagram-business connect` "
                    "before that day.",
                    record.account_id,
                    shown_date(first_expiry(record)),
                )
        return kept

    def _with_dates(self, record: Record, facts: TokenFacts) -> Record:
        dated = replace(
            record, expires=facts.expires, data_access_expires=facts.data_access_expires
        )
        if not facts.kind or dated == record:
            return record
        try:
            stored = self.vault.write(dated, self.keys)
        except CredentialsError as error:
            self._report(record, error)
            return record
        if stored:
            self.renewed.append(record.account_id)
        return stored or record

    def _report(self, record: Record, error: Exception) -> None:
        self.failed.append(record.account_id)
        logger.warning(
            "The token of account %s could not be renewed and expires on %s: %s.",
            record.account_id,
            shown_date(first_expiry(record)),
            error,
        )


def warn_before_expiry(session: GraphSession, app: App, token: str, margin: dt.timedelta) -> None:
    """Log a warning if the token of setting `access_token` expires soon.

    Args:
        session: The Graph API.
        app: The app that asks Meta about the token.
        token: The token.
        margin: A token that expires within this time expires soon.
    """
    try:
        (facts,) = app.token_facts(session, [token])
    except GraphFailure as error:
        logger.info("It is not known when the access token expires: %s.", error)
        return
    expires = first_expiry(facts)
    if expires and expires - session.now() < margin:
        logger.warning(
            "The access token expires on %s: put a new one into setting `access_token` before "
            "that day.",
            shown_date(expires),
        )
