"""How Singer messages are written: each one whole, and a large state less often."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec.json
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib.encoding.simple import StateMessage
from typing_extensions import override

from tap_instagram_business.sdk import StateWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_sdk.helpers.types import TapState
    from singer_sdk.singerlib import Message
    from singer_sdk.singerlib.encoding.base import GenericSingerWriter

STATE_BYTES_PER_SECOND = 50_000
"""How much of the output may be state: that of a thousand accounts is half a megabyte."""


class WholeMessageWriter(MsgSpecWriter):
    """Writes messages that a signal cannot cut in two.

    Python may run a signal handler in the middle of a write that waits for its reader. At that
    point nothing else can be written, and no exception may be raised.
    """

    _writing_thread = 0
    _afterwards: Callable[[], object] | None = None

    @override
    def write_message(self, message: Message) -> None:
        self._writing_thread = threading.get_ident()
        try:
            super().write_message(message)
        finally:
            self._writing_thread = 0
        if do := self._afterwards:
            self._afterwards = None
            do()

    def between_messages(self, do: Callable[[], object]) -> None:
        """Call a function now, or as soon as this thread has written its message."""
        if self._writing_thread == threading.get_ident():
            self._afterwards = do
        else:
            do()


class ThrottledStateWriter(StateWriter):
    """Writes each state that has changed, but a large one not soon after another.

    A state that is not written is not lost: a later one holds all of it, and `write_now` writes the
    last one.
    """

    def __init__(
        self,
        message_writer: GenericSingerWriter[Any, Any],
        clean: Callable[[TapState], TapState] = lambda state: state,
    ) -> None:
        """Write states to a message writer.

        Args:
            message_writer: what writes the messages.
            clean: returns what of a state is to be written.
        """
        super().__init__(message_writer)
        self._clean = clean
        self._last = b""
        self._not_before = 0.0

    @override
    def write_state(self, state: TapState) -> None:
        if time.monotonic() >= self._not_before:
            self.flush(state)

    def flush(self, state: TapState) -> None:
        """Write a state that has changed, however soon after another."""
        state = self._clean(state)
        encoded = msgspec.json.encode(state)
        if encoded != self._last:
            self._message_writer.write_message(StateMessage(value=state))
            self._last = encoded
            self._not_before = time.monotonic() + len(encoded) / STATE_BYTES_PER_SECOND


def is_state(content: dict[str, Any]) -> bool:
    """Return whether JSON has the form of a state: bookmarks of tables, and in them of accounts."""
    bookmarks = content.get("bookmarks", {})
    tables = bookmarks.values() if isinstance(bookmarks, dict) else [None]
    return all(
        isinstance(table, dict)
        and isinstance(accounts := table.get("accounts", {}), dict)
        and all(isinstance(kept, dict) for kept in accounts.values())
        for table in tables
    )
