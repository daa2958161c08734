"""Ends the servers that tests start when the process of the tests ends, however it ends."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_THE_END_OF_INPUT = 'read -r _; exec "$@"'
KILL_WITH_GROUP = 'kill -KILL "-$0"; kill -KILL "$0"'


class WhenThisProcessEnds:
    """Runs a command as soon as this process has ended, even by SIGKILL, unless it is cancelled.

    Args:
        command: The command, with its arguments.
    """

    def __init__(self, *command: str) -> None:
        # Its standard input ends with this process. Ctrl-C does not reach a session of its own.
        self._waiting = subprocess.Popen(
            ["sh", "-c", AT_THE_END_OF_INPUT, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def cancel(self) -> None:
        self._waiting.kill()
        self._waiting.communicate()


@contextmanager
def killed_with_this_process(pid: int) -> Iterator[None]:
    """Kill a process, and the group that it leads, if this process ends within the context."""
    killing = WhenThisProcessEnds("sh", "-c", KILL_WITH_GROUP, str(pid))
    try:
        yield
    finally:
        killing.cancel()
