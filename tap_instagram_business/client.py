"""How a stream fetches: the streams' base class.

A stream either leads or follows. A lead asks Meta; a follower (its `parent_stream_type` is the
lead) is handed rows out of the lead's answers, or asks more about what the lead has found, while
the lead runs. So one answer fills several tables, and nothing is fetched or kept twice.

Bookmarks are one entry per account, `{"accounts": {id: {...}}}`, and are moved by the stream itself
once the rows before them are written: a run that is killed anywhere repeats work, never skips it.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, cast

from singer_sdk import Stream
from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.graph.errors import RateLimited
from tap_instagram_business.graph.transport import Costs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.metrics import Counter

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer, Call
    from tap_instagram_business.graph.errors import GraphError
    from tap_instagram_business.graph.fields import Field
    from tap_instagram_business.streams.gaps import InsightGaps
    from tap_instagram_business.tap import TapInstagramBusiness

T = TypeVar("T")

TYPES: Mapping[str, th.JSONTypeHelper[Any]] = {
    "string": th.StringType(),
    "integer": th.IntegerType(),
    "number": th.NumberType(),
    "boolean": th.BooleanType(),
    "date": th.DateType(),
    "date-time": th.DateTimeType(),
    "strings": th.ArrayType(th.StringType()),
}

ACCOUNT_ID = th.Property(
    "account_id", th.StringType, required=True, description="Id of the account (`17841…`)."
)
PROGRESS_EVERY_SECONDS = 10.0


def column(name: str, kind: str, description: str, *, key: bool = False) -> th.Property[Any]:
    """Return a column; a key column is never null."""
    return th.Property(name, TYPES[kind], required=key, description=description)


def columns(fields: Iterable[Field]) -> list[th.Property[Any]]:
    """Return the columns of a node's fields."""
    return [column(field.name, field.type, field.description) for field in fields]


class InstagramStream(Stream):
    """A table: class attributes say which, `rows` says whence."""

    STATE_MSG_FREQUENCY = 1_000
    _tap: TapInstagramBusiness

    def __init__(self, tap: TapInstagramBusiness) -> None:
        super().__init__(tap)
        self.costs = Costs()
        self._announced = False
        self._counter: Counter | None = None
        self._written = 0
        self._seconds = 0.0
        self._progress_due = time.monotonic() + PROGRESS_EVERY_SECONDS

    def rows(self) -> Iterable[Record]:
        """Yield the rows of this table, if it leads; a follower's are written by its lead."""
        return ()

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        if self._tap.stopped:
            return
        started = time.monotonic()
        with ExitStack() as open_streams:
            for follower in self.followers():
                open_streams.enter_context(follower.opened())
            try:
                for row in self.rows():
                    self._written += 1
                    yield row
            except RateLimited as stop:
                self._tap.stop(stop)
        self._seconds = time.monotonic() - started
        for stream in (self, *self.followers()):
            stream.log_costs(self._seconds)

    def followers(self) -> list[InstagramStream]:
        """List the selected streams that are filled while this one runs."""
        return [
            stream
            for stream in self.child_streams
            if isinstance(stream, InstagramStream)
            and stream.selected
            and stream.parent_stream_type is type(self)
        ]

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Announce the table, and count the rows that are handed to it."""
        self._write_schema_message()
        with self.get_record_counter() as self._counter, self.get_sync_timer():
            yield

    def write(self, row: Record) -> None:
        """Write a row that another stream's answer held, if this table is wanted."""
        limit = self.ABORT_AT_RECORD_COUNT
        if not self.selected or (limit is not None and self._written >= limit):
            return
        self._write_schema_message()
        self._write_record_message(row)
        if self._counter:
            self._counter.increment()
        self._written += 1

    @override
    def _write_schema_message(self) -> None:
        """Announce the table once, whoever writes its first row."""
        if not self._announced:
            self._announced = True
            super()._write_schema_message()

    @property
    def gaps(self) -> InsightGaps:
        """The table of what Meta does not give."""
        return cast("InsightGaps", self._tap.streams["insight_gaps"])

    @property
    def wanted_columns(self) -> frozenset[str]:
        """The columns that the catalog selects; none where it deselects the table."""
        if not self.selected:
            return frozenset()
        names = self.schema["properties"]
        return frozenset(name for name in names if self.mask[("properties", name)])

    def ask(self, calls: Iterable[Call]) -> Iterator[Answer]:
        """Ask the Graph API at this stream's cost; answers come in order."""
        return self._tap.graph.answers(calls, self.costs)

    def ask_in_groups(
        self, groups: Iterable[tuple[T, Sequence[Call]]]
    ) -> Iterator[tuple[T, list[Answer]]]:
        """Ask calls in groups; a group's answers come as soon as the last of them is there.

        Args:
            groups: what a group is about, and its calls.
        """
        asked: deque[tuple[T, int]] = deque()

        def calls() -> Iterator[Call]:
            for subject, of_group in groups:
                if of_group:
                    asked.append((subject, len(of_group)))
                    yield from of_group

        answers = self.ask(calls())
        for answer in answers:
            subject, number = asked.popleft()
            yield subject, [answer, *islice(answers, number - 1)]

    def fail(self, account: Account, error: GraphError) -> None:
        """Give up on an account in this stream; the others go on."""
        self._tap.failures.add(account.label, self.name, error)

    # Bookmarks

    def bookmark(self, account: Account) -> Mapping[str, Any]:
        """Return what was kept for an account; nothing where the catalog asks for everything."""
        if self.replication_method == "FULL_TABLE":
            return {}
        kept: dict[str, dict[str, Any]] = self.stream_state.get("accounts", {})
        return kept.get(account.id, {})

    def accounts_in_turn(self) -> list[Account]:
        """List the accounts, those first that were read the longest ago.

        So it is another account's turn where runs stop before their end, again and again.
        """

        def last_read(account: Account) -> str:
            kept = self.bookmark(account)
            return str(kept.get("date") or kept.get("snapshot_date") or "")

        return sorted(self._tap.accounts, key=last_read)

    def advance(self, account: Account, **values: str | list[str] | None) -> None:
        """Move an account's bookmark, once all rows before it are written; None takes out."""
        if self.selected:
            kept = self.stream_state.setdefault("accounts", {}).setdefault(account.id, {})
            kept.update(values)
            for name in [name for name, value in values.items() if value is None]:
                del kept[name]
            self.state_manager.is_flushed = False

    @override
    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Leave the SDK's single bookmark unset: there is one per account."""

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Leave bookmarks to `advance`: a row written does not say that those before it are."""

    @override
    def generate_child_contexts(
        self, record: Record, context: Context | None
    ) -> Iterable[Context | None]:
        return ()

    # What it costs and how far it is

    def log_costs(self, seconds: float) -> None:
        """Say what this table cost."""
        self.logger.info(
            "%s: %d rows, %d calls in %d round trips, %.1f s, highest usage %g %%",
            self.name,
            self._written,
            self.costs.calls,
            self.costs.round_trips,
            seconds,
            self.costs.percent,
        )

    def log_progress(self, message: str, *values: object) -> None:
        """Say how far it is, every few seconds at most."""
        if time.monotonic() >= self._progress_due:
            self._progress_due = time.monotonic() + PROGRESS_EVERY_SECONDS
            self.logger.info(f"%s: {message}", self.name, *values)  # noqa: G004
