"""Which accounts a run reads with the tokens of a vault."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tap_instagram_business.credentials.errors import CredentialsError
from tap_instagram_business.credentials.record import GOOD, REFUSED, Record
from tap_instagram_business.graph.discovery import read_each
from tap_instagram_business.graph.errors import GraphError, GraphFailure
from tap_instagram_business.sharding import Shard

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tap_instagram_business.credentials.renewal import Renewal
    from tap_instagram_business.credentials.vault import Records
    from tap_instagram_business.graph.accounts import TokenAccounts
    from tap_instagram_business.graph.session import GraphSession

logger = logging.getLogger("tap-instagram-business.credentials")


class NotInVault(GraphFailure):
    """An account that setting `account_ids` names was never connected."""

    def __init__(self, location: str) -> None:
        super().__init__(f"the vault {location} does not contain it")


class Undeciphered(GraphFailure):
    """The record of an account in the vault cannot be decrypted."""


@dataclass(frozen=True)
class VaultTokens:
    """Reads the accounts of one login with the tokens of a vault.

    Attributes:
        renewal: Renews the tokens; it has the vault, the keys and the app.
        shard: The part of the accounts that are read; no token of another one is decrypted.
    """

    renewal: Renewal
    shard: Shard = field(default_factory=Shard)

    def discover_accounts(
        self,
        session: GraphSession,
        account_ids: Collection[str],
        fields: Sequence[str],
    ) -> TokenAccounts:
        """Find the accounts of the vault, each with the token to read it with.

        Args:
            session: The Graph API.
            account_ids: The accounts to read; empty for all accounts of this login.
            fields: The fields to read of each account's node.

        Raises:
            CredentialsError: The vault cannot be read, or has no account of this login, or none of
                its records can be decrypted.
            GraphFailure: Meta does not answer.
        """
        found = self.renewal.vault.read(self.renewal.keys, account_ids, self.shard)
        own = self._of_this_login(found)
        wanted = [name for name in account_ids or own if name in own]
        tokens = {name: own[name].token for name in wanted}
        answered = read_each(session, tokens, fields=fields)
        own = self._store_statuses(own, answered)
        # After the first answers, the session knows the time of the server.
        accepted = {account.id: own[account.id] for account in answered.accounts}
        renewed = self.renewal.run(accepted, session)
        accounts = tuple(replace(each, token=renewed[each.id].token) for each in answered.accounts)
        refused = {name: Undeciphered(str(error)) for name, error in found.refused.items()}
        unknown = {
            name: NotInVault(self.renewal.vault.location)
            for name in account_ids
            if name not in own and name not in refused
        }
        unread = {**answered.unread, **refused, **unknown}
        return replace(answered, accounts=accounts, unread=unread)

    def _of_this_login(self, found: Records) -> dict[str, Record]:
        """Return the records of this login.

        Raises:
            CredentialsError: There is none: records cannot be decrypted, or the vault has none.
        """
        own = self._own(found.verified)
        if not own:
            found.all()
            self._check_vault()
        if len(own) < len(found.verified):
            logger.info(
                "%d accounts in the vault belong to the other login and are not read: this needs "
                "a run with the other value of setting `login`.",
                len(found.verified) - len(own),
            )
        return own

    def _own(self, records: Mapping[str, Record]) -> dict[str, Record]:
        login = self.renewal.app.login
        return {name: record for name, record in records.items() if record.login == login}

    def _check_vault(self) -> None:
        """Check that the vault has accounts of this login, if not in this shard.

        Raises:
            CredentialsError: It has none.
        """
        vault, login = self.renewal.vault, self.renewal.app.login
        if not self._own(vault.read(self.renewal.keys).verified):
            message = (
                f"The vault {vault.location} contains no account of the {login} login: "
                f"`tap-instagram-business connect --login {login}` adds one"
            )
            raise CredentialsError(message)

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
                    stored = self.renewal.vault.write(record, self.renewal.keys)
                    current[account_id] = stored or record
        except CredentialsError as error:
            logger.warning("The status of the tokens could not be stored in the vault: %s.", error)
        return current
