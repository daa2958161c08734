"""Everything that this tap uses of the SDK although the SDK calls it private, each with the reason.

These names may move in any release of `singer-sdk`, which is why pyproject.toml pins it below the
next minor version: with a new SDK, this is the file to check.
"""

from __future__ import annotations

import functools
import inspect
import logging
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream, Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers._state import StateWriter
from singer_sdk.helpers._util import load_json, utc_now
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.singerlib import RecordMessage
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping
    from types import FrameType

    from singer_sdk.helpers.types import Context, Record

# `load_json` reads config, state and catalog files as the SDK itself does.
# `StateWriter` is what the SDK writes state through; ours writes a large state less often.
# `ConfigInput` is what option `--config` holds: the commands beside the Singer ones read it too.
ConfigInput = _ConfigInput

CHATTER = (
    "Parsing env var for settings config",
    "Skipping parse of env var settings",
    "Added '%s' as child stream",
    "Beginning sync of",
    "Skipping deselected stream",
)
"""How lines of the SDK begin that say nothing of the data; Meltano would show them twice."""

__all__ = ["ConfigInput", "SdkStream", "SdkTap", "StateWriter", "load_json"]


class WithoutChatter(logging.Filter):
    """Leaves out the lines of the SDK that are of use only to those who look for an error in it."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        is_chatter = record.levelno == logging.INFO and str(record.msg).startswith(CHATTER)
        return not is_chatter or logging.getLogger(record.name).isEnabledFor(logging.DEBUG)


WITHOUT_CHATTER = WithoutChatter()


class SdkStream(Stream):
    """A stream whose bookmarks are its own, and which announces its schema once.

    The SDK keeps one bookmark for each stream or partition and moves it with every row. Here a
    bookmark belongs to an account and moves only when all rows before it are written.
    """

    # The rows hold what their schema says already; to check each value takes a fifth of a run.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: Tap) -> None:
        # Loaders use it as the description of the table.
        summary = inspect.cleandoc(type(self).__doc__ or self.name).partition("\n")[0]
        self.schema = {**self.schema, "description": summary}  # type: ignore[misc]
        super().__init__(tap)
        self.logger.addFilter(WITHOUT_CHATTER)
        self._is_announced = False
        self.may_write: Callable[[Record], bool] = lambda _row: True

    @override
    def _write_schema_message(self) -> None:
        """Write the schema once, whichever table writes the first row."""
        if not self._is_announced:
            self._is_announced = True
            super()._write_schema_message()

    @functools.cached_property
    def _deselected(self) -> tuple[str, ...]:
        return tuple(
            name for name in self.schema["properties"] if not self.mask[("properties", name)]
        )

    # The SDK looks at each value of each row; no column of these tables has columns in it.
    @override
    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        """Yield a row without the deselected columns, as the setting `stream_maps` changes it."""
        for name in self._deselected:
            record.pop(name, None)
        for stream_map in self.stream_maps:
            if (mapped := stream_map.transform(record)) is not None:
                yield RecordMessage(
                    stream=stream_map.stream_alias,
                    record=mapped,
                    version=self._stream_version,
                    time_extracted=utc_now(),
                )

    def announce(self) -> None:
        """Write the schema, unless it is written already."""
        self._write_schema_message()

    def write_state(self) -> None:
        """Write the state of all streams, unless it was written lately."""
        self._tap.state_writer.write_state(self.tap_state)

    def write_record(self, row: Record) -> None:
        """Write a row at once, without the SDK's loop over `get_records`."""
        if self.may_write(row):
            self._write_record_message(row)

    @override
    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Leave the SDK's single bookmark unset: each account has its own."""

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Move no bookmark: a written row does not mean that the rows before it are written."""

    @override
    def generate_child_contexts(
        self, record: Record, context: Context | None
    ) -> Iterable[Context | None]:
        """Start no child stream for a row: a lead hands whole pages to its followers."""
        return ()


class SdkTap(Tap):
    """A tap that words its own errors, orders its own tables and writes its own state."""

    _state_writer: StateWriter

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        self.logger.addFilter(WITHOUT_CHATTER)
        super().__init__(**options)

    def use_state_writer(self, writer: StateWriter) -> None:
        """Write state through this writer from now on."""
        self._state_writer = writer

    @abstractmethod
    def ordered(self, streams: Iterable[Stream]) -> Iterable[Stream]:
        """Return the streams in the order in which they run."""

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        """The tables by name, in their own order where the SDK has the alphabet's."""
        if self._streams is None:
            found = super().streams
            self._streams = {stream.name: stream for stream in self.ordered(found.values())}
        return self._streams

    @classmethod
    @abstractmethod
    def read_environment(cls, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings that environment variables give, by name."""

    # The SDK takes numbers for texts, and a wrong integer or boolean for no error.
    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805 - as in the SDK
        cls.append_builtin_config(cls.config_jsonschema)
        return cls.read_environment(cls.config_jsonschema["properties"])

    @classmethod
    @abstractmethod
    def checked(
        cls, config: Mapping[str, Any], properties: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[str]]:
        """Return the settings with their defaults, and one sentence for each that is wrong."""

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self.append_builtin_config(self.config_jsonschema)
        properties = self.config_jsonschema["properties"]
        self._config, errors = self.checked(self._config, properties)
        if errors and raise_errors:
            summary = " ".join(errors)
            raise ConfigValidationError(summary, errors=errors, schema=self.config_jsonschema)
        return errors

    @abstractmethod
    def on_signal(self, signum: int) -> None:
        """End the run because the process was told to."""

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        self.on_signal(signum)
