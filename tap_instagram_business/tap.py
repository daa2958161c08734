"""The tap: its settings, its tables, and how a run begins and ends."""

from __future__ import annotations

import contextlib
import functools
import logging
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from tap_instagram_business import redaction, streams
from tap_instagram_business.days import DayLabels
from tap_instagram_business.graph import api
from tap_instagram_business.graph.errors import AccountRateLimited, RateLimited
from tap_instagram_business.run import Run
from tap_instagram_business.sdk import SdkTap
from tap_instagram_business.settings import checks
from tap_instagram_business.settings.schema import DEFAULT_API_VERSION, SETTINGS
from tap_instagram_business.state import ThrottledStateWriter, WholeMessageWriter
from tap_instagram_business.streams.base import InstagramStream, start_threads, wire_streams
from tap_instagram_business.streams.daily import DAY_LABELS
from tap_instagram_business.streams.others import OthersStream
from tap_instagram_business.tokens.vault_tokens import warn_before_expiry

if TYPE_CHECKING:
    from singer_sdk import Stream
    from singer_sdk.helpers.capabilities import CapabilitiesEnum


class TapInstagramBusiness(SdkTap):
    """Singer tap for the organic numbers of Instagram professional accounts."""

    name = "tap-instagram-business"
    config_jsonschema: ClassVar[dict[str, Any]] = SETTINGS.to_dict()
    message_writer_class = WholeMessageWriter
    # BATCH is left out because it bypasses selection, type conformance and stream maps;
    # ACTIVATE_VERSION because it makes a target delete the rows of accounts that failed today.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        capability
        for capability in SdkTap.capabilities
        if capability.value not in {"batch", "activate-version"}
    ]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        redaction.install()
        super().__init__(**options)
        # What each table cost is logged at its end; the SDK's counters and timers are for DEBUG.
        if not self.logger.isEnabledFor(logging.DEBUG):
            self.metrics_logger.setLevel(logging.WARNING)

    @functools.cached_property
    def state_writer(self) -> ThrottledStateWriter:
        """What writes the state, without the accounts that are erased meanwhile."""
        return ThrottledStateWriter(self.message_writer, self.this_run.tombstones.without_erased)

    @functools.cached_property
    def this_run(self) -> Run:
        """What the tables of this run share."""

        def account_fields() -> list[str]:
            return streams.account_fields(self.streams, self.config["login"])

        config = {"api_version": DEFAULT_API_VERSION, **self.config}
        return Run(config, account_fields=account_fields)

    @functools.cached_property
    def tables(self) -> list[InstagramStream]:
        """The tables, of which those of gaps come after all tables that write them."""
        tables = [stream(self, self.this_run) for stream in streams.STREAMS]
        wire_streams(tables)
        return tables

    @override
    def discover_streams(self) -> list[Stream]:
        return [*self.tables]

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        """The tables by name, in their own order where the SDK has the alphabet's."""
        found = super().streams
        return {table.name: found[table.name] for table in self.tables}

    @property
    def source(self) -> str:
        """Whom a run asks, and in which of Meltano's environments."""
        where = api.describe_host(self.config.get("api_url") or "", self.config["login"])
        environment = checks.meltano_environment()
        return f"{where} (Meltano's environment: {environment})" if environment else where

    def announce(self) -> None:
        """Write the schemas of the selected tables."""
        for table in self.tables:
            if self.streams[table.name].selected:
                table.announce()

    def run(self, *, max_rows: int | None = None) -> None:
        """Sync all accounts; one that cannot be read does not stop the others.

        Use this, not `sync_all`, which ends without an error although accounts were left out.

        Args:
            max_rows: The number of rows after which each table ends; None for all rows.

        Raises:
            GraphFailure: Meta refuses the token, does not answer, or some accounts were left out.
        """
        run = self.this_run
        for table in self.tables:
            table.ABORT_AT_RECORD_COUNT = max_rows
        self.logger.info("Reading from %s.", self.source)
        for sentence in (
            *checks.misspelt(self.config_jsonschema["properties"], self.config),
            *checks.selection_problems(self.streams),
        ):
            self.logger.warning("%s", sentence)
        self._warn(api.host_warning(self.config.get("api_url") or ""))
        others = [t.name for t in self.tables if isinstance(t, OthersStream) and t.is_held_back]
        if others:
            self.logger.info("Not read unless `include_others` is true: %s.", ", ".join(others))
        with contextlib.closing(run.graph):
            try:
                run.find_accounts()
            except (AccountRateLimited, RateLimited) as reason:
                run.stop(reason)
                return
            if not run.accounts and (run.shard.number > 1 or run.failures.only_reports):
                self.logger.info("There is no account to read in shard %s.", run.shard)
                return
            run.kept_day_labels = self._kept_day_labels()
            self._warn_of_lost_accounts()
            self._warn(api.version_warning(run.config["api_version"], run.graph.now().date()))
            if not run.vault_tokens:
                token = run.secrets["access_token"]
                warn_before_expiry(run.graph, run.app, token, run.token_refresh_margin)
            self._sync(run)
        run.failures.raise_any()

    def _sync(self, run: Run) -> None:
        """Fill all tables, side by side unless the run may make few calls only."""
        with run.graph.lock:
            try:
                if not self.config["max_calls"]:
                    start_threads(self.tables, run.threads)
                for table in self.tables:
                    if table.is_wanted and not table.parent_stream_type:
                        table.sync()
            except SystemExit:
                self.logger.warning("Stopped by a signal: what is done is kept.")
                raise
            finally:
                run.graph.lock.close()
                self.state_writer.flush(self.state)

    def _warn_of_lost_accounts(self) -> None:
        """Warn of accounts that earlier runs have read and that this run does not find."""
        bookmarks = self.state.get("bookmarks", {}).values()
        kept = {name for table in bookmarks for name in table.get("accounts", {})}
        known = {account_id for account_id in kept if self.this_run.shard.contains(account_id)}
        wanted = set(self.config.get("account_ids") or known)
        found = {account.id for account in self.this_run.accounts}
        for account_id in sorted(known & wanted - found - self.this_run.unread):
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


# The SDK would add its own settings, such as `stream_maps`, when it reads them.
TapInstagramBusiness.append_builtin_config(TapInstagramBusiness.config_jsonschema)
SDK_SETTINGS = TapInstagramBusiness.config_jsonschema["properties"]
# In the SDK's schema, `__else__` is no valid JSON schema.
SDK_SETTINGS["stream_maps"] = {**SDK_SETTINGS["stream_maps"], "properties": {}}
