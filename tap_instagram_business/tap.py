"""The front door: settings, capabilities, the list of streams."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import logging
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import (
    CapabilitiesEnum,
    PluginCapabilities,
    TapCapabilities,
)
from singer_sdk.plugin_base import JSONSchemaValidator
from typing_extensions import override

from tap_instagram_business import settings, streams
from tap_instagram_business.credentials import redaction
from tap_instagram_business.credentials.keeper import TokenKeeper, warn_of_end
from tap_instagram_business.credentials.oauth import App
from tap_instagram_business.credentials.secret_settings import Secrets, refusals
from tap_instagram_business.credentials.vault import Vault
from tap_instagram_business.days import DayLabels
from tap_instagram_business.failures import Failures
from tap_instagram_business.graph import versions
from tap_instagram_business.graph.access import Access
from tap_instagram_business.graph.accounts import Account, Reach, reach
from tap_instagram_business.graph.calls import Refusals
from tap_instagram_business.graph.errors import (
    AccountRateLimited,
    GraphError,
    RateLimited,
)
from tap_instagram_business.graph.limits import Allowance
from tap_instagram_business.graph.session import GraphSession
from tap_instagram_business.graph.transport import Costs
from tap_instagram_business.state import PacedStateWriter, WholeMessageWriter

if TYPE_CHECKING:
    from types import FrameType

    from singer_sdk import Stream


class TapInstagramBusiness(Tap):
    """Singer tap for the organic numbers of Instagram professional accounts."""

    name = "tap-instagram-business"
    config_jsonschema: ClassVar[dict[str, Any]] = settings.SETTINGS.to_dict()
    message_writer_class = WholeMessageWriter
    # Neither BATCH, which passes by selection, type conformance and stream maps, nor
    # ACTIVATE_VERSION, which would have a target drop the rows of accounts that failed today.
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
        self.secrets = Secrets(self.config)
        self._state_writer: PacedStateWriter = PacedStateWriter(self.message_writer)
        # What each table cost is logged at its end; the SDK's counters and timers are for DEBUG.
        if not self.logger.isEnabledFor(logging.DEBUG):
            self.metrics_logger.setLevel(logging.WARNING)
        self.discovery_costs = Costs()
        self.refusals = Refusals()
        self.day_labels = DayLabels()
        self.newest_refused: dict[str, dt.datetime] = {}
        self.stopped = ""
        self.failures = Failures()

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        """The tables in their own order, not the alphabet's: gaps come after all that has them."""
        if self._streams is None:
            found = {type(stream): stream for stream in super().streams.values()}
            self._streams = {found[cls].name: found[cls] for cls in streams.STREAMS}
            for lead, follower in streams.ALSO_FOLLOWS.items():
                found[lead].child_streams.append(found[follower])
        return self._streams

    @override
    def discover_streams(self) -> list[Stream]:
        return [stream(self) for stream in streams.STREAMS]

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self.append_builtin_config(self.config_jsonschema)
        self._config = {name: value for name, value in self._config.items() if value != ""}
        found = JSONSchemaValidator(self.config_jsonschema).iter_errors(self._config)
        errors = [settings.sentence(error) for error in found]
        today = dt.datetime.now(dt.timezone.utc).date()
        errors = errors or list(settings.problems(self._config, today=today))
        errors = errors or list(refusals(self._config))
        if errors and raise_errors:
            summary = " ".join(errors)
            raise ConfigValidationError(summary, errors=errors, schema=self.config_jsonschema)
        return errors

    @functools.cached_property
    def graph(self) -> GraphSession:
        """The Graph API, one session for the whole run."""
        config = self.config
        access = Access(
            login=config["login"],
            api_version=config["api_version"],
            app_secret=self.secrets["app_secret"],
            api_url=config.get("api_url") or "",
            user_agent=config.get("user_agent") or f"{self.name}/{self.plugin_version}",
            parallel_requests=config["parallel_requests"],
            several_tokens=self.token_keeper is not None,
        )
        allowance = Allowance(
            on_rate_limit=config["on_rate_limit"],
            max_wait_minutes=config["max_wait_minutes"],
            max_calls=config["max_calls"],
        )
        return GraphSession(access, allowance=allowance)

    @functools.cached_property
    def app(self) -> App:
        """The Meta app that tokens belong to."""
        return App(
            login=self.config["login"],
            app_id=self.config.get("app_id") or "",
            app_secret=self.secrets["app_secret"],
            api_version=self.config["api_version"],
            api_url=self.config.get("api_url") or "",
        )

    @functools.cached_property
    def token_keeper(self) -> TokenKeeper | None:
        """What keeps the tokens of a vault; none where setting `access_token` gives the token."""
        if self.config.get("access_token"):
            return None
        margin = dt.timedelta(days=self.config["refresh_margin_days"])
        return TokenKeeper(Vault(self.config["vault_path"]), self.secrets.keys, self.app, margin)

    @functools.cached_property
    def reach(self) -> Reach:
        """What the token reaches, with the node fields that the selected tables hold.

        Raises:
            GraphFailure: it reaches nothing.
        """
        account_ids = list(dict.fromkeys(self.config.get("account_ids") or ()))
        fields = streams.account_fields(self.streams, self.config["login"])
        costs = self.discovery_costs
        if self.token_keeper:
            return self.token_keeper.reach(self.graph, account_ids, fields, costs)
        token = self.secrets["access_token"]
        return reach(self.graph, token, account_ids=account_ids, fields=fields, costs=costs)

    @functools.cached_property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts to read.

        Raises:
            GraphFailure: none can be read.
        """
        found = self.reach
        for account_id, error in found.unread.items():
            if isinstance(error, GraphError) and error.may_pass:
                self.failures.add(account_id, "accounts", error)
                continue
            reason = f"setting `account_ids`: the access token cannot read it ({error})"
            if self.token_keeper:
                reason = f"{error}: connect it again with `tap-instagram-business connect`"
            self.failures.add_reason(account_id, "accounts", reason)
        if not found.accounts:
            self.failures.raise_any()
        return found.accounts

    def stop(self, reason: AccountRateLimited | RateLimited) -> None:
        """Ask Meta for nothing more in this run; what is done is kept."""
        self.stopped = str(reason)
        self.logger.warning("Stopping here, the next run goes on: %s.", reason)

    def run(self) -> None:
        """Sync, with the trouble of one account told at the end.

        Raises:
            GraphFailure: Meta refuses the token, does not answer, or some accounts failed.
        """
        with contextlib.closing(self.graph):
            try:
                _ = self.accounts
            except (AccountRateLimited, RateLimited) as reason:
                self.stop(reason)
                return
            self._warn_of_version()
            self._warn_of_end()
            try:
                self.sync_all()
            except SystemExit:
                self.logger.warning("Stopped by a signal: what is done is kept.")
                raise
            finally:
                self._state_writer.write_now(self.state)
        self.failures.raise_any()

    def _warn_of_version(self) -> None:
        today = self.graph.now().date()
        if warning := versions.warning(self.config["api_version"], today):
            self.logger.warning("%s.", warning)

    def _warn_of_end(self) -> None:
        if not self.token_keeper:
            margin = dt.timedelta(days=self.config["refresh_margin_days"])
            warn_of_end(self.graph, self.app, self.secrets["access_token"], margin)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End the run as an error would, its state kept, and let the caller see it cut short."""
        end = functools.partial(sys.exit, 128 + signum)
        writer = self.message_writer
        if isinstance(writer, WholeMessageWriter):
            writer.between_messages(end)
        else:
            end()
