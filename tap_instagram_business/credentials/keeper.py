"""The vault as a run of the tap uses it: whose tokens there are, which are renewed, which end soon.

Nothing in here stops a run while a token still lives: what fails is told and tried again next time.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tap_instagram_business.credentials import oauth
from tap_instagram_business.credentials.failure import CredentialsError
from tap_instagram_business.credentials.inspection import inspect
from tap_instagram_business.credentials.vault import GOOD, REFUSED, Record, Vault
from tap_instagram_business.graph.accounts import TokenAccounts, read_each
from tap_instagram_business.graph.errors import GraphError, GraphFailure

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tap_instagram_business.credentials.encryption import KeyRing
    from tap_instagram_business.credentials.oauth import App
    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.costs import Costs
    from tap_instagram_business.graph.session import GraphSession

REFRESHED_AFTER = dt.timedelta(hours=24)
"""Instagram Platform, refresh_access_token: a younger token is not renewed."""

logger = logging.getLogger("tap-instagram-business.credentials")


class NotInVault(GraphFailure):
    """An account that is asked for by id and was never connected."""

    def __init__(self, place: str) -> None:
        super().__init__(f"the vault {place} does not hold it")


@dataclass
class TokenKeeper:
    """Keeps the tokens of one login alive.

    Attributes:
        vault: Where they are kept.
        keys: What deciphers them.
        app: The app they belong to, and its login.
        margin: How long before its end a token is renewed, or warned of.
    """

    vault: Vault
    keys: KeyRing
    app: App
    margin: dt.timedelta

    def discover_accounts(
        self,
        session: GraphSession,
        account_ids: Collection[str],
        fields: Sequence[str],
        costs: Costs,
    ) -> TokenAccounts:
        """Find the accounts of the vault, each with the token to read it with.

        Args:
            session: The Graph API.
            account_ids: The accounts to read; empty for all of this login.
            fields: The fields of each account's node to bring along.
            costs: Who pays.

        Raises:
            CredentialsError: the vault cannot be read, or holds none of this login.
            GraphFailure: Meta does not answer.
        """
        tokens = self._tokens(account_ids)
        found = read_each(session, tokens, fields=fields, costs=costs)
        self._note(found)
        unknown = {name: NotInVault(self.vault.place) for name in account_ids if name not in tokens}
        return TokenAccounts(
            tuple(self._renewed(found.accounts, session)), {**found.unread, **unknown}
        )

    def _tokens(self, account_ids: Collection[str]) -> dict[str, str]:
        records = self.vault.read()
        own = {name: found for name, found in records.items() if found.login == self.app.login}
        if not own:
            message = (
                f"The vault {self.vault.place} holds no account of the {self.app.login} login: "
                f"`tap-instagram-business connect --login {self.app.login}` adds one"
            )
            raise CredentialsError(message)
        if len(own) < len(records):
            logger.info(
                "The vault holds %d accounts of the other login, which a run with its own setting "
                "`login` reads.",
                len(records) - len(own),
            )
        names = [name for name in account_ids or own if name in own]
        return {name: self.keys.decrypt(own[name].token, name) for name in names}

    def _note(self, found: TokenAccounts) -> None:
        """Keep which tokens Meta took and which it refused."""
        status = {account.id: GOOD for account in found.accounts}
        status |= {
            name: REFUSED
            for name, error in found.unread.items()
            if isinstance(error, GraphError) and error.is_of_token
        }
        known = self.vault.read()
        news = {name for name in status.keys() & known if known[name].status != status[name]}
        if not news:
            return
        try:
            with self.vault.changing() as records:
                for name in news & records.keys():
                    records[name] = replace(records[name], status=status[name])
        except CredentialsError as error:
            logger.warning("Which tokens Meta refuses could not be kept: %s.", error)

    def _renewed(self, accounts: Sequence[Account], session: GraphSession) -> list[Account]:
        """Return the accounts with the tokens to use from now on, the new ones stored by then."""
        now = session.now()
        records = self.vault.read()
        kept = []
        for account in accounts:
            record = records.get(account.id)
            if record and self._is_due(record, now):
                token = self._renew(record, account, session)
                kept.append(replace(account, token=token))
            else:
                kept.append(account)
        return kept

    def _is_due(self, record: Record, now: dt.datetime) -> bool:
        ends = [end for end in (record.expires, record.data_access_expires) if end]
        if record.login == "instagram":
            rested = now - (record.refreshed or record.obtained) >= REFRESHED_AFTER
            return rested and (not ends or min(ends) - now < self.margin)
        return bool(ends) and min(ends) - now < self.margin

    def _renew(self, record: Record, account: Account, session: GraphSession) -> str:
        """Return the token to use: a new one once it is stored, else the one there is."""
        try:
            if record.login == "instagram":
                return self._refresh(record, account.token, session.now())
            self._look_again(record, account, session)
        except (GraphFailure, CredentialsError) as error:
            logger.warning(
                "The token of account %s could not be renewed, and lives until %s: %s.",
                account.label,
                _day(record.expires),
                error,
            )
        return account.token

    def _refresh(self, record: Record, token: str, now: dt.datetime) -> str:
        grant = oauth.refresh(self.app, token)
        lives = dt.timedelta(seconds=grant.seconds) if grant.seconds else None
        new = replace(
            record,
            token=self.keys.encrypt(grant.token, record.account_id),
            refreshed=now,
            expires=now + lives if lives else None,
        )
        if not self._replace(record, new):
            return token
        logger.info(
            "The token of account %s is renewed until %s.", record.account_id, _day(new.expires)
        )
        return grant.token

    def _look_again(self, record: Record, account: Account, session: GraphSession) -> None:
        """Facebook login: only a person can renew; his use of the app may have moved the end."""
        new = record
        for facts in inspect(session, self.app, [account.token]):
            if facts.kind:
                new = replace(
                    record, expires=facts.expires, data_access_expires=facts.data_access_expires
                )
        if new != record:
            self._replace(record, new)
        if self._is_due(new, session.now()):
            ends = min(end for end in (new.expires, new.data_access_expires) if end)
            logger.warning(
                "Consent for account %s ends on %s: run `tap-instagram-business connect` before.",
                account.label,
                _day(ends),
            )

    def _replace(self, old: Record, new: Record) -> bool:
        """Store a record, unless another process has changed or erased it meanwhile."""
        with self.vault.changing() as records:
            unchanged = records.get(old.account_id) == old
            if unchanged:
                records[old.account_id] = new
        return unchanged


def warn_of_end(session: GraphSession, app: App, token: str, margin: dt.timedelta) -> None:
    """Warn of the end of a token that no vault keeps, where the app can ask for it."""
    try:
        facts = next(inspect(session, app, [token]))
    except GraphFailure as error:
        logger.info("When the access token ends is not known: %s.", error)
        return
    ends = [end for end in (facts.expires, facts.data_access_expires) if end]
    if ends and min(ends) - session.now() < margin:
        logger.warning(
            "The access token ends on %s: put a new one into setting `access_token` before.",
            _day(min(ends)),
        )


def _day(moment: dt.datetime | None) -> str:
    return moment.date().isoformat() if moment else "a day that Meta has not told"
