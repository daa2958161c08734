"""The tokens of a vault in a run: which accounts they read, and their renewal before they expire.

Where only a person can renew a token, a warning is logged.
"""

from __future__ import annotations

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tap_instagram_business.graph.discovery import read_each
from tap_instagram_business.graph.errors import GraphError, GraphFailure
from tap_instagram_business.sharding import Shard
from tap_instagram_business.tokens import oauth
from tap_instagram_business.tokens.errors import CredentialsError
from tap_instagram_business.tokens.vault import GOOD, REFUSED, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tap_instagram_business.graph.accounts import TokenAccounts
    from tap_instagram_business.graph.client import GraphClient
    from tap_instagram_business.graph.debug_token import TokenFacts
    from tap_instagram_business.tokens.encryption import KeyRing
    from tap_instagram_business.tokens.oauth import App
    from tap_instagram_business.tokens.vault import Record, Vault

MIN_REFRESH_AGE = dt.timedelta(hours=24)
"""Instagram Platform, refresh_access_token: Meta does not renew a younger token."""
PARALLEL_RENEWALS = 8

logger = logging.getLogger("tap-instagram-business.tokens")


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
class VaultTokens:
    """The tokens of one login in a vault, which are renewed when they expire soon.

    A token of the Instagram login is exchanged for a new one, which is used only if the vault has
    stored it. A token of the Facebook login can be renewed only by a person. Using the app may have
    extended it, so Meta is asked for its new dates, and a warning says if they are near.

    Attributes:
        vault: The vault.
        keys: The keys that encrypt its records.
        app: The app that the tokens were issued to.
        margin: A token that expires within this time expires soon.
        shard: The part of the accounts that are read; no token of another one is decrypted.
        renewed: The accounts whose new tokens or dates were stored.
        failed: The accounts of which Meta gave no token or date, or whose record was not stored.
    """

    vault: Vault
    keys: KeyRing
    app: App
    margin: dt.timedelta
    shard: Shard = field(default_factory=Shard)
    renewed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def renew(self, records: Mapping[str, Record], client: GraphClient) -> dict[str, Record]:
        """Renew what is due, and return all records, those with new tokens in place of the old.

        A token that cannot be renewed is logged and does not stop the others.

        Args:
            records: Records of the login of the app, by account id.
            client: The Graph API.
        """
        now = client.now()
        due = [record for record in records.values() if is_due(record, now, self.margin)]
        if self.app.login == "instagram":
            with ThreadPoolExecutor(PARALLEL_RENEWALS) as threads:
                kept = list(threads.map(lambda record: self._refresh(record, now), due))
        else:
            kept = self._update_dates(due, client)
        return {**records, **{record.account_id: record for record in kept}}

    def _refresh(self, record: Record, now: dt.datetime) -> Record:
        """Return a record with a new token, or the record itself if there is none."""
        try:
            grant = oauth.refresh(self.app, record.token)
        except (GraphFailure, CredentialsError) as error:
            return self._report(record, error)
        return self._store(record, token=grant.token, refreshed=now, expires=grant.expires(now))

    def _update_dates(self, due: Sequence[Record], client: GraphClient) -> list[Record]:
        """Return records with the dates that Meta says, and warn of those that are near."""
        try:
            facts = list(self.app.token_facts(client, [record.token for record in due]))
        except GraphFailure as error:
            return [self._report(record, error) for record in due]
        kept = []
        for record, known in zip(due, facts, strict=True):
            ends = {"expires": known.expires, "data_access_expires": known.data_access_expires}
            dated = self._store(record, **ends) if known.kind else record
            if is_due(dated, client.now(), self.margin):
                logger.warning(
                    "Consent for account %s ends on %s: reconnect it before then with "
                    "`tap-instagram-business connect`.",
                    record.account_id,
                    shown_date(first_expiry(dated)),
                )
            kept.append(dated)
        return kept

    def _store(self, record: Record, **changes: Any) -> Record:  # noqa: ANN401 - of any member
        """Return a record with changes that were stored, or the record itself if there are none.

        Nothing is stored if another process has changed, deleted or created the record meanwhile.
        """
        changed = replace(record, **changes)
        try:
            stored = self.vault.write(changed, self.keys) if changed != record else None
        except CredentialsError as error:
            return self._report(record, error)
        if stored is None:
            return record
        self.renewed.append(record.account_id)
        ends = shown_date(first_expiry(stored))
        logger.info("The token of account %s now expires on %s.", record.account_id, ends)
        return stored

    def _report(self, record: Record, error: Exception) -> Record:
        self.failed.append(record.account_id)
        logger.warning(
            "The token of account %s could not be renewed and expires on %s: %s.",
            record.account_id,
            shown_date(first_expiry(record)),
            error,
        )
        return record

    def discover_accounts(
        self, client: GraphClient, account_ids: Collection[str], fields: Sequence[str]
    ) -> TokenAccounts:
        """Find the accounts of the vault, each with the token to read it with.

        Args:
            client: The Graph API.
            account_ids: The accounts to read; empty for all accounts of this login.
            fields: The fields to read of each account's node.

        Raises:
            CredentialsError: The vault cannot be read, or has no account of this login, or none of
                its records can be decrypted.
            GraphFailure: Meta does not answer.
        """
        found = self.vault.read(self.keys, account_ids, self.shard)
        own = found.of_login(self.app.login)
        if not own:
            found.all()
            self._check_vault()
        if others := len(found.verified) - len(own):
            logger.info(
                "%d accounts in the vault belong to the other login and are not read: this needs "
                "a run with the other value of setting `login`.",
                others,
            )
        tokens = {name: record.token for name, record in own.items()}
        answered = read_each(client, tokens, fields=fields)
        own = self._store_statuses(own, answered)
        # After the first answers, the client knows the time of the server.
        accepted = {account.id: own[account.id] for account in answered.accounts}
        renewed = self.renew(accepted, client)
        accounts = tuple(replace(each, token=renewed[each.id].token) for each in answered.accounts)
        unknown = GraphFailure(f"the vault {self.vault.location} does not contain it")
        unread = {
            **{name: unknown for name in account_ids if name not in own},
            **{name: GraphFailure(str(error)) for name, error in found.refused.items()},
            **answered.unread,
        }
        return replace(answered, accounts=accounts, unread=unread)

    def _check_vault(self) -> None:
        """Check that the vault has accounts of this login, if not in this shard.

        Raises:
            CredentialsError: It has none.
        """
        login = self.app.login
        if not self.vault.read(self.keys).of_login(login):
            raise CredentialsError(
                f"The vault {self.vault.location} contains no account of the {login} login: "
                f"`tap-instagram-business connect --login {login}` adds one"
            )

    def _store_statuses(
        self, records: Mapping[str, Record], found: TokenAccounts
    ) -> dict[str, Record]:
        """Store which tokens Meta has accepted or refused, and return the records as they are then.

        A record that another process has changed meanwhile keeps its status.
        """
        statuses = {account.id: GOOD for account in found.accounts}
        for account_id, error in found.unread.items():
            if isinstance(error, GraphError) and error.is_of_token:
                statuses[account_id] = REFUSED
        current = dict(records)
        try:
            for account_id, status in statuses.items():
                record = replace(records[account_id], status=status)
                if record != records[account_id]:
                    current[account_id] = self.vault.write(record, self.keys) or record
        except CredentialsError as error:
            logger.warning("The status of the tokens could not be stored in the vault: %s.", error)
        return current


def warn_before_expiry(client: GraphClient, app: App, token: str, margin: dt.timedelta) -> None:
    """Log a warning if the token of setting `access_token` expires soon.

    Args:
        client: The Graph API.
        app: The app that asks Meta about the token.
        token: The token.
        margin: A token that expires within this time expires soon.
    """
    try:
        (facts,) = app.token_facts(client, [token])
    except GraphFailure as error:
        logger.info("It is not known when the access token expires: %s.", error)
        return
    expires = first_expiry(facts)
    if expires and expires - client.now() < margin:
        logger.warning(
            "The access token expires on %s: put a new one into setting `access_token` before "
            "that day.",
            shown_date(expires),
        )
