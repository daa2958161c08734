"""STATE messages: often while they are small, seldom when they are large."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec.json
from singer_sdk.helpers._state import StateWriter
from singer_sdk.singerlib.encoding.simple import StateMessage
from typing_extensions import override

if TYPE_CHECKING:
    from singer_sdk.helpers.types import TapState
    from singer_sdk.singerlib.encoding.base import GenericSingerWriter

BYTES_A_SECOND = 50_000
"""How much of the output may be state: a thousand accounts' is half a megabyte each time."""


class PacedStateWriter(StateWriter):
    """Writes a state that has changed, but a large one not soon after another.

    A state not written is not lost: a later one holds all of it, and `write_now` writes the last.
    """

    def __init__(self, message_writer: GenericSingerWriter[Any, Any]) -> None:
        super().__init__(message_writer)
        self._last = b""
        self._not_before = 0.0

    @override
    def write_state(self, state: TapState) -> None:
        if time.monotonic() >= self._not_before:
            self.write_now(state)

    def write_now(self, state: TapState) -> None:
        """Write a state that has changed, however soon after another."""
        encoded = msgspec.json.encode(state)
        if encoded != self._last:
            self._message_writer.write_message(StateMessage(value=state))
            self._last = encoded
            self._not_before = time.monotonic() + len(encoded) / BYTES_A_SECOND
