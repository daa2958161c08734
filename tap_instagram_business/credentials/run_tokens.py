"""The tokens of a run: which accounts the vault's tokens read, and how the tokens are renewed.

A token that cannot be renewed does not stop a run: the problem is logged, and the next run tries
again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tap_instagram_business.credentials import oauth
from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.record import GOOD, REFUSED, Record
from tap_instagram_business.credentials.renewal import (
    first_expiry,
    is_due,
    renewed_record,
    shown_date,
)
from tap_instagram_business.graph.accounts import TokenAccounts, read_each
from tap_instagram_business.graph.errors import GraphError, GraphFailure
from tap_instagram_business.sharding import Shard

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.oauth import App
    from tap_instagram_business.credentials.vault import Vault
    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.session import GraphSession

logger = logging.getLogger("tap-instagram-business.credentials")


class NotInVault(GraphFailure):
    """An account that setting `account_ids` names was never connected."""

    def __init__(self, location: str) -> None:
        super().__init__(f"the vault {location} does not contain it")


class Undeciphered(GraphFailure):
    """The record of an account in the vault cannot be deciphered."""


@dataclass(frozen=True)
class VaultTokens:
    """Reads the tokens of one login from the vault, and renews those that expire soon.

    Attributes:
        vault: The vault.
        keys: The keys that decrypt the tokens.
        app: The app that the tokens were issued to; its login says which tokens are read.
        margin: A token is renewed, or a warning is logged, this long before it expires.
        shard: The part of the accounts that are read; no token of another one is decrypted.
    """

    vault: Vault
    keys: KeyRing
    app: App
    margin: dt.timedelta
    shard: Shard = field(default_factory=Shard)

    def discover_accounts(
        self,
        session: GraphSession,
        account_ids: Collection[str],
        fields: Sequence[str],
    ) -> TokenAccounts:
        """Find the accounts of the vault, each with the token to read it with.

        This stores in the vault which tokens Meta accepts, and the tokens that are renewed.

        Args:
            session: The Graph API.
            account_ids: The accounts to read; empty for all accounts of this login.
            fields: The fields to read of each account's node.

        Raises:
            CredentialsError: The vault cannot be read, or has no account of this login.
            GraphFailure: Meta does not answer.
        """
        records = self._read_records(account_ids)
        wanted = [name for name in account_ids or records if name in records]
        tokens, unreadable = self._open_tokens([records[name] for name in wanted])
        found = read_each(session, tokens, fields=fields)
        records = self._store_statuses(records, found)
        accounts = self._renew_tokens(records, found.accounts, session)
        unknown = {
            account_id: NotInVault(self.vault.location)
            for account_id in account_ids
            if account_id not in records
        }
        return TokenAccounts(tuple(accounts), {**found.unread, **unreadable, **unknown})

    def _open_tokens(
        self, records: Sequence[Record]
    ) -> tuple[dict[str, str], dict[str, GraphFailure]]:
        """Return the tokens that can be decrypted, and why the others cannot be.

        Raises:
            CredentialsError: None of them can be decrypted.
        """
        tokens: dict[str, str] = {}
        unreadable: dict[str, GraphFailure] = {}
        for record in records:
            opened = self._open(record)
            if isinstance(opened, str):
                tokens[record.account_id] = opened
            else:
                unreadable[record.account_id] = Undeciphered(str(opened))
        if unreadable and not tokens:
            raise CredentialsError(str(next(iter(unreadable.values()))))
        return tokens, unreadable

    def _open(self, record: Record) -> str | CredentialsError:
        try:
            return record.open_token(self.keys)
        except CredentialsError as error:
            return error

    def _read_records(self, account_ids: Collection[str]) -> dict[str, Record]:
        """Return the vault's records of this login and shard, by account id.

        Args:
            account_ids: The accounts to look for; empty for all.

        Raises:
            CredentialsError: The vault cannot be read, or has no account of this login at all.
        """
        records = self.vault.read(account_ids, self.shard)
        own = self._of_this_login(records)
        if not own and not self._of_this_login(self.vault.read()):
            message = (
                f"The vault {self.vault.location} contains no account of the {self.app.login} "
                f"login: `tap-instagram-business connect --login {self.app.login}` adds one"
            )
            raise CredentialsError(message)
        if len(own) < len(records):
            logger.info(
                "%d accounts in the vault belong to the other login and are not read: this needs "
                "a run with the other value of setting `login`.",
                len(records) - len(own),
            )
        return own

    def _of_this_login(self, records: Mapping[str, Record]) -> dict[str, Record]:
        return {name: record for name, record in records.items() if record.login == self.app.login}

    def _store_statuses(
        self, records: dict[str, Record], found: TokenAccounts
    ) -> dict[str, Record]:
        """Store which tokens Meta has accepted or refused; return the records with their status."""
        statuses = {account.id: GOOD for account in found.accounts}
        for account_id, error in found.unread.items():
            if isinstance(error, GraphError) and error.is_of_token:
                statuses[account_id] = REFUSED
        changed = {
            account_id: replace(records[account_id], status=status).sealed(self.keys)
            for account_id, status in statuses.items()
            if records[account_id].status != status
        }
        current = dict(records)
        try:
            for file, account_ids in self.vault.by_file(changed):
                with file.changing() as stored:
                    for name in account_ids:
                        # A record that another process has changed meanwhile keeps its status.
                        if stored.get(name) == records[name]:
                            stored[name] = changed[name]
                current.update({name: changed[name] for name in account_ids})
        except CredentialsError as error:
            logger.warning("The status of the tokens could not be stored in the vault: %s.", error)
        return current

    def _renew_tokens(
        self, records: Mapping[str, Record], accounts: Sequence[Account], session: GraphSession
    ) -> list[Account]:
        """Renew the tokens that expire soon, and return the accounts with the tokens to use."""
        now = session.now()
        with_tokens = []
        for account in accounts:
            record = records[account.id]
            soon = is_due(record, now, self.margin)
            token = self._renew(record, account, session) if soon else account.token
            with_tokens.append(replace(account, token=token))
        return with_tokens

    def _renew(self, record: Record, account: Account, session: GraphSession) -> str:
        """Renew a token where that is possible, and return the token to use.

        This is the new token only if the vault has stored it.
        """
        try:
            if record.login == "instagram":
                return self._refresh(record, account.token, session.now())
            self._update_expiry(record, account, session)
        except (GraphFailure, CredentialsError) as error:
            logger.warning(
                "The token of account %s could not be renewed and expires on %s: %s.",
                account.label,
                shown_date(first_expiry(record)),
                error,
            )
        return account.token

    def _refresh(self, record: Record, token: str, now: dt.datetime) -> str:
        """Renew a token of the Instagram login."""
        grant = oauth.refresh(self.app, token)
        renewed = renewed_record(record, grant, self.keys, now)
        if not self._replace_if_unchanged(record, renewed):
            return token
        logger.info(
            "The token of account %s was renewed and expires on %s.",
            record.account_id,
            shown_date(renewed.expires),
        )
        return grant.token

    def _update_expiry(self, record: Record, account: Account, session: GraphSession) -> None:
        """Store when a token of the Facebook login expires, and warn if that is soon.

        Only a person can renew this token. Using the app may have extended it, so Meta is asked
        for the new dates.
        """
        (facts,) = self.app.token_facts(session, [account.token])
        current = record
        if facts.kind:
            current = replace(
                record, expires=facts.expires, data_access_expires=facts.data_access_expires
            )
        if current != record:
            self._replace_if_unchanged(record, current.sealed(self.keys))
        if is_due(current, session.now(), self.margin):
            logger.warning(
                "Consent for account %s ends on %s: run `tap-instagram-business connect` before "
                "that day.",
                account.label,
                shown_date(first_expiry(current)),
            )

    def _replace_if_unchanged(self, old: Record, new: Record) -> bool:
        """Store a record unless another process has changed or erased it; return whether stored."""
        with self.vault.changing([old.account_id]) as records:
            is_unchanged = records.get(old.account_id) == old
            if is_unchanged:
                records[old.account_id] = new
        return is_unchanged


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
