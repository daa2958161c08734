"""The tap: its settings, its tables, and how a run begins and ends."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities
from typing_extensions import override

from tap_instagram_business import redaction, streams
from tap_instagram_business.days import DayLabels
from tap_instagram_business.graph import api
from tap_instagram_business.graph.errors import AccountRateLimited, RateLimited
from tap_instagram_business.run import Run
from tap_instagram_business.sdk import SdkTap
from tap_instagram_business.settings import checks, meltano, reading
from tap_instagram_business.settings.schema import DEFAULT_API_VERSION, SETTINGS
from tap_instagram_business.state import PacedStateWriter, WholeMessageWriter
from tap_instagram_business.streams.base import connect, start_threads
from tap_instagram_business.streams.daily import DAY_LABELS
from tap_instagram_business.tokens.vault_tokens import warn_before_expiry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk import Stream
    from singer_sdk.helpers.types import Record, TapState


class TapInstagramBusiness(SdkTap):
    """Singer tap for the organic numbers of Instagram professional accounts."""

    name = "tap-instagram-business"
    config_jsonschema: ClassVar[dict[str, Any]] = SETTINGS.to_dict()
    message_writer_class = WholeMessageWriter
    # BATCH is left out because it bypasses selection, type conformance and stream maps;
    # ACTIVATE_VERSION because it makes a target delete the rows of accounts that failed today.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        redaction.install()
        super().__init__(**options)
        self._paced_writer = PacedStateWriter(self.message_writer, self._without_erased)
        self.use_state_writer(self._paced_writer)
        # What each table cost is logged at its end; the SDK's counters and timers are for DEBUG.
        if not self.logger.isEnabledFor(logging.DEBUG):
            self.metrics_logger.setLevel(logging.WARNING)

    @functools.cached_property
    def this_run(self) -> Run:
        """What the tables of this run share."""
        return self.new_run()

    def new_run(self, **settings_instead: object) -> Run:
        """Return a new run, with other values for some settings."""

        def account_fields() -> list[str]:
            return streams.account_fields(self.streams, self.config["login"])

        config = {**self.config, **settings_instead}
        config["api_version"] = config.get("api_version") or DEFAULT_API_VERSION
        return Run(config, account_fields=account_fields)

    @override
    def discover_streams(self) -> list[Stream]:
        tables = [stream(self, self.this_run) for stream in streams.STREAMS]
        connect(tables)
        self.tables = tables
        for table in tables:
            table.may_write = self._may_write
        return [*tables]

    def _may_write(self, row: Record) -> bool:
        """Return whether the account of a row has not been erased meanwhile."""
        return not self.this_run.tombstones.is_erased(str(row.get("account_id")))

    def _without_erased(self, state: TapState) -> TapState:
        erased: TapState = self.this_run.tombstones.without_erased(state)
        return erased

    @override
    def ordered(self, streams_found: Iterable[Stream]) -> Iterable[Stream]:
        """Return the tables in their own order: gaps come after all tables that write them."""
        by_class = {type(stream): stream for stream in streams_found}
        return [by_class[cls] for cls in streams.STREAMS]

    @classmethod
    @override
    def read_environment(cls, properties: Mapping[str, Any]) -> dict[str, Any]:
        return reading.read_environment(properties)

    @classmethod
    @override
    def checked(
        cls, config: Mapping[str, Any], properties: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[str]]:
        settings = reading.complete(config, properties)
        errors = checks.problems(settings, properties, needs_token=True)
        return settings, [*errors, *cls.misspelt_settings(settings)] if errors else []

    @classmethod
    def misspelt_settings(cls, config: Iterable[str]) -> list[str]:
        """Return a sentence for each setting that does not exist, with the most similar name.

        Args:
            config: The names of the settings that are given; environment variables are added.
        """
        cls.append_builtin_config(cls.config_jsonschema)
        return checks.misspelt(cls.config_jsonschema["properties"], config)

    @property
    def source(self) -> str:
        """Whom a run asks, and in which of Meltano's environments."""
        where = api.describe_host(self.config.get("api_url") or "", self.config["login"])
        environment = meltano.environment_name()
        return f"{where} (Meltano's environment: {environment})" if environment else where

    def run(self) -> None:
        """Sync all accounts; one that cannot be read does not stop the others.

        Use this, not `sync_all`, which ends without an error although accounts were left out.

        Raises:
            GraphFailure: Meta refuses the token, does not answer, or some accounts were left out.
        """
        run = self.this_run
        self.logger.info("Reading from %s.", self.source)
        for sentence in (
            *self.misspelt_settings(self.config),
            *meltano.selection_problems(self.streams, os.environ),
        ):
            self.logger.warning("%s", sentence)
        self._warn(api.host_warning(self.config.get("api_url") or ""))
        with contextlib.closing(run.graph):
            try:
                run.find_accounts()
            except (AccountRateLimited, RateLimited) as reason:
                run.stop(reason)
                return
            if not run.accounts and (run.shard.number > 1 or run.left_out.only_reports):
                self.logger.info("There is no account to read in shard %s.", run.shard)
                return
            run.kept_day_labels = self._kept_day_labels()
            self._warn_of_lost_accounts()
            self._warn(api.version_warning(run.config["api_version"], run.graph.now().date()))
            if not run.vault_tokens:
                token = run.secrets["access_token"]
                warn_before_expiry(run.graph, run.app, token, run.refresh_margin)
            self._sync(run)
        run.left_out.raise_any()

    def _sync(self, run: Run) -> None:
        """Fill all tables, side by side unless the run may make few calls only."""
        with run.graph.lock:
            try:
                if not self.config["max_calls"]:
                    start_threads(self.tables, run.threads)
                self.sync_all()
            except SystemExit:
                self.logger.warning("Stopped by a signal: what is done is kept.")
                raise
            finally:
                run.graph.lock.close()
                self._paced_writer.write_now(self.state)

    def _warn_of_lost_accounts(self) -> None:
        """Warn of accounts that earlier runs have read and that this run does not find."""
        bookmarks = self.state.get("bookmarks", {}).values()
        kept = {name for table in bookmarks for name in table.get("accounts", {})}
        known = {account_id for account_id in kept if self.this_run.shard.holds(account_id)}
        wanted = set(self.config.get("account_ids") or known)
        found = {account.id for account in self.this_run.accounts}
        unread = self.this_run.find_token_accounts().unread.keys()
        for account_id in sorted(known & wanted - found - unread):
            self.logger.warning(
                "Account %s was read by earlier runs and is not found any more: its consent may "
                "have ended, or it is no longer a professional account linked to its Page. "
                "`doctor` says more.",
                account_id,
            )

    def _kept_day_labels(self) -> DayLabels | None:
        """Return what earlier runs have found out about how Meta labels days."""
        bookmarks = self.state.get("bookmarks", {}).values()
        names = (kept.get(DAY_LABELS) for kept in bookmarks)
        return next((DayLabels.named(name) for name in names if name), None)

    def _warn(self, sentence: str) -> None:
        if sentence:
            self.logger.warning("%s.", sentence)

    @override
    def on_signal(self, signum: int) -> None:
        """End the run as an error would, with its state written and an exit code of its own."""
        end = functools.partial(sys.exit, 128 + signum)
        writer = self.message_writer
        if isinstance(writer, WholeMessageWriter):
            writer.between_messages(end)
        else:
            end()
