"""What the tables of one run share: the Graph API, the accounts, and what was learnt on the way."""

from __future__ import annotations

import datetime as dt
import functools
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_instagram_business.days import DayLabels
from tap_instagram_business.failures import RunFailures
from tap_instagram_business.graph.accounts import TokenAccounts
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.graph.day_labels import find_day_labels
from tap_instagram_business.graph.discovery import discover_accounts
from tap_instagram_business.graph.errors import CallError
from tap_instagram_business.graph.rate_limits import Costs, RateLimits
from tap_instagram_business.settings.secrets import Secrets
from tap_instagram_business.sharding import Shard
from tap_instagram_business.stream_threads import StreamThreads
from tap_instagram_business.tokens.tombstones import Tombstones, project_directory
from tap_instagram_business.tokens.vault import Vault
from tap_instagram_business.tokens.vault_tokens import VaultTokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.errors import AccountRateLimited, RateLimited
    from tap_instagram_business.tokens.oauth import App

logger = logging.getLogger("tap-instagram-business")


class Run:
    """What the tables of one run share; the tap makes it and hands it to every table.

    Attributes:
        config: the settings, checked and with their defaults.
        secrets: the secret settings, decrypted when they are read.
        discovery_costs: what it costs to find the accounts.
        kept_day_labels: what earlier runs have found out about how Meta labels days, or None.
        failures: the accounts and tables that could not be read.
        accounts: the accounts to read; none before `find_accounts`.
        unread: the ids of accounts that the token or the vault names and Meta does not give.
        is_stopped: whether nothing more may be asked because a rate limit was reached.
    """

    def __init__(
        self, config: Mapping[str, Any], *, account_fields: Callable[[], Sequence[str]]
    ) -> None:
        """Prepare a run; nothing is asked or decrypted yet.

        Args:
            config: the settings.
            account_fields: returns the fields of an account that the selected tables need.
        """
        self.config = config
        self.secrets = Secrets(config)
        self.discovery_costs = Costs()
        self.kept_day_labels: DayLabels | None = None
        self.failures = RunFailures(on_account_failure=config.get("on_account_failure", "fail"))
        self.accounts: Sequence[Account] = ()
        self.unread: frozenset[str] = frozenset()
        self.is_stopped = False
        self._day_labels: DayLabels | None = None
        self._is_finding_day_labels = False
        self._account_fields = account_fields

    @functools.cached_property
    def graph(self) -> GraphClient:
        """The Graph API, one client for the whole run."""
        config = self.config
        api = replace(
            self.app,
            parallel_requests=config["parallel_requests"],
            several_tokens=self.vault_tokens is not None,
        )
        rate_limits = RateLimits(
            on_rate_limit=config["on_rate_limit"],
            max_wait_minutes=config["max_wait_minutes"],
            max_calls=config["max_calls"],
        )
        return GraphClient(api, rate_limits=rate_limits)

    @functools.cached_property
    def threads(self) -> StreamThreads:
        """The threads in which streams run side by side."""
        return StreamThreads(self.graph.lock)

    @functools.cached_property
    def app(self) -> App:
        """The Meta app that issued the tokens."""
        return self.secrets.app()

    @functools.cached_property
    def tombstones(self) -> Tombstones:
        """The accounts that were erased; `erase` may add more while this run goes on."""
        return Tombstones.of(
            self.config.get("vault_path"), project_directory(), lambda: self.secrets.keys
        )

    @property
    def token_refresh_margin(self) -> dt.timedelta:
        """How long before its end a token is renewed, or warned of."""
        return dt.timedelta(days=self.config["token_refresh_days_before_expiry"])

    @functools.cached_property
    def vault_tokens(self) -> VaultTokens | None:
        """The tokens of the vault; None where setting `access_token` gives the token."""
        if self.config.get("access_token"):
            return None
        vault = Vault(self.config["vault_path"])
        return VaultTokens(
            vault, self.secrets.keys, self.app, self.token_refresh_margin, self.shard
        )

    @functools.cached_property
    def shard(self) -> Shard:
        """The part of the accounts that this run reads."""
        return Shard.parse(self.config.get("shard") or "")

    def find_token_accounts(self) -> TokenAccounts:
        """Return the accounts of the token or the vault, with the fields that tables need.

        There are none if no account belongs to the shard of this run.

        Raises:
            GraphFailure: there is none, or Meta does not answer.
        """
        named = dict.fromkeys(self.config.get("account_ids") or ())
        account_ids = [account_id for account_id in named if self.shard.contains(account_id)]
        fields, graph = self._account_fields(), self.graph.counting(self.discovery_costs)
        if named and not account_ids:
            return TokenAccounts(())
        if self.vault_tokens:
            return self.vault_tokens.discover_accounts(graph, account_ids, fields)
        token = self.secrets["access_token"]
        found = discover_accounts(graph, token, account_ids=account_ids, fields=fields)
        return found.of(self.shard.contains)

    def find_accounts(self) -> None:
        """Set `accounts`, and log each account that cannot be read.

        Raises:
            GraphFailure: none can be read.
        """
        found = self.find_token_accounts()
        self.unread = frozenset(found.unread)
        for account_id, error in found.unread.items():
            if isinstance(error, CallError) and error.is_transient:
                self.failures.add(account_id, "accounts", error)
                continue
            reason = f"setting `account_ids`: the access token cannot read it ({error})"
            if self.vault_tokens:
                reason = f"{error}: connect it again with `tap-instagram-business connect`"
            self.failures.add_reason(account_id, "accounts", reason)
        if not found.accounts:
            self.failures.raise_any()
        erased = {account.id for account in found.accounts if self.tombstones.is_erased(account.id)}
        for account_id in sorted(erased):
            logger.warning(
                "Account %s was erased and is not read: `tap-instagram-business connect` connects "
                "it again.",
                account_id,
            )
        self.accounts = [account for account in found.accounts if account.id not in erased]

    def find_day_labels(self) -> DayLabels:
        """Find, once, how Meta labels days: now, or by an earlier run, or the start is assumed.

        Raises:
            GraphFailure: Meta does not answer any more.
        """
        lock = self.graph.lock
        lock.wait_for(lambda: not self._is_finding_day_labels)
        if self._day_labels is None:
            self._is_finding_day_labels = True
            try:
                self._day_labels = self._find_day_labels()
            finally:
                self._is_finding_day_labels = False
                lock.notify()
        return self._day_labels

    def _find_day_labels(self) -> DayLabels:
        kept = self.kept_day_labels
        found = find_day_labels(self.graph.counting(self.discovery_costs), self.accounts)
        if found is None and kept is None:
            logger.warning(
                "Could not determine whether Meta labels a day by its start or its end, because no "
                "account has figures for today yet; assuming the start."
            )
        if found and kept and found != kept:
            logger.warning(
                "Meta now labels days by their %s, and did so by their %s: the days that were read "
                "before may be a day off. Read them again with `--full-refresh`.",
                found.name,
                kept.name,
            )
        return found or kept or DayLabels()

    def stop(self, reason: AccountRateLimited | RateLimited) -> None:
        """Ask Meta for nothing more in this run; the next run continues."""
        if self.is_stopped:
            return
        self.is_stopped = True
        logger.warning("Stopping early: %s. The next run resumes from here.", reason)
