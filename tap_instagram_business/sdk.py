"""Everything that this tap uses of the SDK although the SDK calls it private, each with the reason.

These names may move in any release of `singer-sdk`, which is why pyproject.toml pins it below the
next minor version: with a new SDK, this is the file to check.
"""

from __future__ import annotations

import functools
import inspect
import logging
from abc import abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream, Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers._state import StateWriter
from singer_sdk.helpers._util import utc_now
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import PluginMapper
from singer_sdk.singerlib import Catalog, RecordMessage
from typing_extensions import override

from tap_instagram_business.settings import checks, reading

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from types import FrameType

    from singer_sdk.helpers.types import Context, Record

MUST_FIT_NULL = ". Each expression must have a value also where a column is NULL"
# `StateWriter` is what the SDK writes state through; ours writes a large state less often.
__all__ = ["SdkStream", "SdkTap", "StateWriter"]


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
        self._is_announced = False

    @override
    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """Log the SDK's own lines at level DEBUG: they help to find errors, and hold no data."""
        super().log(message, *args, level=logging.DEBUG, **kwargs)

    @override
    def _write_schema_message(self) -> None:
        """Write the schema once, whichever table writes the first row."""
        if not self._is_announced:
            self._is_announced = True
            super()._write_schema_message()

    @override
    def get_batch_config(self, config: Mapping[str, Any]) -> None:
        """Make no batches, whatever the settings say: they would bypass `stream_maps`."""

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
            with wrong_map(f" for a row of table `{self.name}`", MUST_FIT_NULL):
                mapped = stream_map.transform(record)
            if mapped is not None:
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
        self._write_record_message(row)

    @override
    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Leave the SDK's single bookmark unset: each account has its own."""


class SdkTap(Tap):
    """A tap that reads and checks its settings in its own way."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        self.logger.addFilter(says_something)
        super().__init__(**options)

    # The SDK looks for the file `.env` upwards, takes numbers for texts, and knows no wrong type.
    @classproperty
    def _env_var_config(cls) -> dict[str, str]:  # noqa: N805 - as in the SDK
        return reading.read_environment(cls.config_jsonschema["properties"])

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Give the settings their types and defaults, and return a sentence for each mistake."""
        properties = self.config_jsonschema["properties"]
        self._config = reading.complete(self._config, properties)
        errors = checks.problems(self._config, properties, needs_token=True)
        if errors and raise_errors:
            errors += checks.misspelt(properties, self._config)
            raise ConfigValidationError(
                " ".join(errors), errors=errors, schema=self.config_jsonschema
            )
        return errors

    # With all tables of the catalog, a map for `*` would miss the columns of those that are off.
    @override
    def setup_mapper(self) -> None:
        """Make the maps of the selected tables.

        Raises:
            ConfigValidationError: Setting `stream_maps` is wrong.
        """
        if problems := [*checks.map_problems(self.config.get("stream_maps") or {}, self.streams)]:
            raise ConfigValidationError(" ".join(problems), errors=problems)
        entries = self.catalog.values()
        selected = [entry for entry in entries if entry.metadata.resolve_selection()[()]]
        with wrong_map("", ""):
            self.mapper = PluginMapper(dict(self.config), self.logger)
            self.mapper.register_raw_streams_from_catalog(
                Catalog((entry.tap_stream_id, entry) for entry in selected)
            )

    @abstractmethod
    def on_signal(self, signum: int) -> None:
        """End the run because the process was told to."""

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        self.on_signal(signum)


@contextmanager
def wrong_map(where: str, remedy: str) -> Iterator[None]:
    """Let any error of a map be one of the settings: a map holds expressions of the user's.

    Raises:
        ConfigValidationError: There was an error.
    """
    try:
        yield
    except Exception as error:
        cause = f" {error.__cause__}" if error.__cause__ else ""
        problem = f"Setting `stream_maps` is wrong{where}: {error}{cause}"
        sentence = f"{problem.rstrip('.')}{remedy}."
        raise ConfigValidationError(sentence, errors=[sentence]) from error


def says_something(record: logging.LogRecord) -> bool:
    """Return whether a line of the log is not one of the SDK about its own work."""
    return record.levelno != logging.INFO or "singer_sdk" not in record.pathname
