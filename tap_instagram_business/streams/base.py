"""What all streams have in common: a source or derived streams, and one bookmark per account.

A *source* stream requests its data. A *derived* stream gets its rows from the results of its source
stream, one result or one page of a list at a time, and may request more. So one result fills
several tables, and nothing is requested or kept in memory twice. Source streams run side by side,
each in a thread, and so do the streams derived from a list of media; see `stream_threads`.

A derived stream names its source in `parent_stream_type`, and inherits from the `derived_type` of
the source, whose method `read` the source calls. `wire_streams` refuses, when the tap starts, a
stream that no source would call.

The SDK offers more ways to fill a table; these are left alone, each for a reason:

| SDK | why not here |
|---|---|
| `partitions`, child contexts | one account at a time; a batch holds calls of many accounts |
| a bookmark per partition | state searched in a list; here it is `{"accounts": {id: {...}}}` |
| a bookmark moved by each row | a killed run would skip what was asked for but not written |
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from singer_sdk.exceptions import ConfigValidationError
from typing_extensions import override

from tap_instagram_business.graph.errors import GraphFailure, RateLimited
from tap_instagram_business.graph.rate_limits import Costs
from tap_instagram_business.sdk import SdkStream

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.metrics import Counter

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Call, Result
    from tap_instagram_business.graph.client import GraphClient
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.run import Run
    from tap_instagram_business.stream_threads import StreamThreads
    from tap_instagram_business.streams.gap_writer import GapWriter

T = TypeVar("T")
S = TypeVar("S", bound="InstagramStream")

PROGRESS_EVERY_SECONDS = 10.0


class InstagramStream(SdkStream):
    """One table. Class attributes describe it; `rows()` fetches and yields its records."""

    STATE_MSG_FREQUENCY = 1_000

    bookmark_text: ClassVar[str] = ""
    """What docs/tables.md says: the bookmark's name in the state, or `none`, and what it means."""
    derived_type: ClassVar[type[InstagramStream] | None] = None
    """The class that streams derived from this one inherit from; None if there can be none."""
    also_fills: ClassVar[tuple[type[InstagramStream], ...]] = ()
    """Tables that this one fills too, although another one is their `parent_stream_type`."""
    of_insights: ClassVar[bool] = False
    """Whether a row of `insight_gaps` tells that this table has given up on an account."""
    goes_first: ClassVar[bool] = False
    """Whether other source streams wait until this one is done: they must not use up its calls."""

    gaps: GapWriter
    """Writes what Meta does not give; the table `insight_gaps` sets it."""

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap)
        self._run = run
        self.costs = Costs()
        self._by_class: Mapping[type[Any], Any] = {}
        self._counter: Counter | None = None
        self._has_crashed = False
        self._left_out: set[str] = set()
        self._moments: dict[str, dt.datetime] = {}
        self._written = 0
        self._seconds = 0.0
        self._progress_due = time.monotonic() + PROGRESS_EVERY_SECONDS

    # Source and derived streams

    def connect(self, tables: Mapping[type[Any], Any]) -> None:
        """Let this table find the other tables of the run, by their classes."""
        self._by_class = tables
        self.child_streams.extend(tables[cls] for cls in self.also_fills)

    def table(self, cls: type[S]) -> S:
        """Return another table of this run, selected or not."""
        found: S = self._by_class[cls]
        return found

    def derived(self, cls: type[S]) -> list[S]:
        """Return the streams that are derived from this one, selected or not."""
        return [table for table in self.child_streams if isinstance(table, cls)]

    def hand_on(self, result: Account | Result) -> None:
        """Let the derived streams write their rows of a result."""
        for stream in self.derived(InstagramStream):
            stream.isolated(stream.read, result)

    def read(self, result: Any, /) -> None:  # noqa: ANN401
        """Write the rows of a result of the source stream."""
        raise NotImplementedError

    def rows(self) -> Iterable[Record]:
        """Request and yield the records of a source stream."""
        raise NotImplementedError

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Fill the table, or wait until its thread has done so; all rows are written already."""
        if self._run.threads.has(self.name):
            self._run.threads.wait(self.name)
        else:
            if not self._run.accounts:  # the SDK may sync a stream without `run_sync`
                self._run.find_accounts()
            self.fill()
        for table in (self, *self._filled_tables()):
            table.log_costs(self._seconds)
        return iter(())

    def fill(self) -> None:
        """Fetch and write the rows of this stream, and of those derived from it."""
        if self._run.is_stopped:
            return
        started = time.monotonic()
        with ExitStack() as open_tables:
            for table in self._filled_tables():
                open_tables.enter_context(table.opened())
            rows = iter(self.rows())
            try:
                while not self._is_full and (row := self.isolated(next, rows, None)) is not None:
                    self.write(row)
            except RateLimited as reason:
                self._run.stop(reason)
        self._seconds = time.monotonic() - started
        self.write_state()

    def isolated(self, step: Callable[..., T], *arguments: Any) -> T | None:  # noqa: ANN401
        """Do a step of this table, so that an unexpected error in it costs this table only.

        After such an error the table takes no more steps in this run and keeps its bookmarks. The
        run tells the error at its end, with exit code 1.

        Args:
            step: the function to call.
            arguments: what to call it with.

        Returns:
            What the function returns; None after an error.

        Raises:
            GraphFailure: the Graph API cannot be read any more, or not in this run.
            ConfigValidationError: an expression of setting `stream_maps` has no value.
            OSError: the output cannot be written any more.
        """
        if self._has_crashed:
            return None
        try:
            return step(*arguments)
        except (GraphFailure, ConfigValidationError, OSError):
            raise
        except Exception as error:  # noqa: BLE001
            self._has_crashed = True
            self._run.failures.add_crash(self.name, error)
        return None

    def _filled_tables(self) -> list[InstagramStream]:
        """Return the selected tables that are filled while this one runs.

        Streams derived from derived streams are among them. One with two sources belongs to the
        first.
        """
        derived = self.derived(InstagramStream)
        own = [table for table in derived if table.parent_stream_type is type(self)]
        below = [table for stream in own for table in stream._filled_tables()]  # noqa: SLF001
        return [table for table in own if table.selected] + below

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Announce the table, and count its rows."""
        self.announce()
        with self.get_record_counter() as self._counter, self.get_sync_timer():
            yield

    def write(self, row: Record) -> None:
        """Write a row of this table, if it is selected."""
        if not self.selected or self._is_full:
            return
        if self._run.tombstones.is_erased(str(row.get("account_id"))):
            return
        self.announce()
        self.write_record(row)
        if self._counter:
            self._counter.increment()
        self._written += 1
        if self._written % self.STATE_MSG_FREQUENCY == 0:
            self.write_state()

    @property
    def _is_full(self) -> bool:
        """Whether a trial run (`--test`) has all rows that it wants of this table."""
        limit = self.ABORT_AT_RECORD_COUNT
        return limit is not None and self._written >= limit

    @property
    def is_wanted(self) -> bool:
        """Whether this table, or one that it fills, is selected."""
        return bool(self.selected or self.has_selected_descendents)

    @property
    def wanted_columns(self) -> frozenset[str]:
        """The columns that the catalog selects; none where it deselects the table."""
        if not self.selected:
            return frozenset()
        names = self.schema["properties"]
        return frozenset(name for name in names if self.mask[("properties", name)])

    # Asking

    def moment(self, account: Account) -> dt.datetime:
        """Return when the run began to read an account into this table (UTC, by Meta's clock).

        All rows of the account have this moment, and so have those of derived streams.
        """
        if self.parent_stream_type:
            source: InstagramStream = self._by_class[self.parent_stream_type]
            return source.moment(account)
        return self._moments.setdefault(account.id, self._run.graph.now())

    @property
    def graph(self) -> GraphClient:
        """The Graph API; calls count as those of this table."""
        return self._run.graph.counting(self.costs)

    def ask(self, calls: Iterable[Call]) -> Iterator[Result]:
        """Send calls to the Graph API; answers come in the order of the calls."""
        return self.graph.send_all(calls)

    def lists(self, calls: Iterable[Call]) -> Iterator[Result]:
        """Read lists to their ends, side by side, and yield their pages."""
        for pages in self.graph.pages(calls, go_on=lambda _: True):
            yield from (page.result for page in pages)

    def ask_in_groups(
        self, groups: Iterable[tuple[T, Sequence[Call]]]
    ) -> Iterator[tuple[T, list[Result]]]:
        """Send groups of calls; a group is yielded as soon as all its answers are there.

        Args:
            groups: what each group is about, and its calls.
        """
        sent: deque[tuple[T, int]] = deque()

        def calls() -> Iterator[Call]:
            for subject, of_group in groups:
                if of_group:
                    sent.append((subject, len(of_group)))
                    yield from of_group

        results = self.ask(calls())
        for result in results:
            subject, number = sent.popleft()
            yield subject, [result, *islice(results, number - 1)]

    def skip_account(self, account: Account, error: CallError) -> None:
        """Give up on an account in this table for the rest of the run."""
        if not self.has_skipped(account):
            self._left_out.add(account.id)
            self._run.failures.add(account.label, self.name, error)
            if self.of_insights:
                self.gaps.add_account(account, error)

    def has_skipped(self, account: Account) -> bool:
        """Return whether this table has given up on an account."""
        return account.id in self._left_out

    # Bookmarks

    def bookmark(self, account: Account) -> Mapping[str, Any]:
        """Return the bookmark of an account; an empty one for a full-table sync."""
        if self.replication_method == "FULL_TABLE":
            return {}
        kept: dict[str, dict[str, Any]] = self.stream_state.get("accounts", {})
        return kept.get(account.id, {})

    def accounts_in_turn(self) -> list[Account]:
        """Return the accounts, those first that were read the longest ago.

        Where runs stop before their end again and again, each run so begins with other accounts. Of
        the tables that this one fills, the one that is furthest behind counts.
        """
        tables = [table for table in (self, *self.derived(InstagramStream)) if table.selected] or [
            self
        ]

        def last_read(account: Account) -> str:
            bookmarks = (table.bookmark(account) for table in tables)
            return min(
                str(kept.get("date") or kept.get("snapshot_date") or "") for kept in bookmarks
            )

        return sorted(self._run.accounts, key=last_read)

    def advance(self, account: Account, **values: str | list[str] | None) -> None:
        """Move the bookmark of an account, once all rows before it are written.

        That of an account that this table has given up on stays where it is.

        Args:
            account: the account.
            values: entries of the bookmark; None removes one.
        """
        if self.selected and not self._has_crashed and not self.has_skipped(account):
            kept = self.stream_state.setdefault("accounts", {}).setdefault(account.id, {})
            kept.update(values)
            for name in [name for name, value in values.items() if value is None]:
                del kept[name]
            self.state_manager.is_flushed = False

    # Logging

    def log_costs(self, seconds: float) -> None:
        """Log the rows, calls and seconds of this table."""
        self.logger.info(
            "%s: %d rows, %d calls in %d round trips, open for %.1f s, highest usage %g %%",
            self.name,
            self._written,
            self.costs.calls,
            self.costs.round_trips,
            seconds,
            self.costs.percent,
        )

    def log_progress(self, message: str, *values: object) -> None:
        """Log how far this table is, every few seconds at most."""
        if time.monotonic() >= self._progress_due:
            self._progress_due = time.monotonic() + PROGRESS_EVERY_SECONDS
            self.logger.info(f"%s: {message}", self.name, *values)  # noqa: G004


class NotConnected(TypeError):
    """A table that nothing would fill, or that does not say what it keeps."""


def wire_streams(tables: Sequence[InstagramStream]) -> None:
    """Let the streams of a run find each other, and each source its derived streams.

    Raises:
        NotConnected: nothing would fill one of the tables, which would stay empty without a word,
            or a table does not say what it keeps for the next run.
    """
    by_class = {type(table): table for table in tables}
    for table in tables:
        if problem := _problem(table, by_class):
            raise NotConnected(f"Table {table.name} {problem}")
        table.connect(by_class)


def _problem(table: InstagramStream, by_class: Container[type[InstagramStream]]) -> str:
    """Return what is wrong with a table, as the end of a sentence; '' if nothing is."""
    source: type[Any] | None = table.parent_stream_type
    if not table.bookmark_text:
        return "has no bookmark_text: say what it keeps"
    if source is None:
        has_rows = type(table).rows is not InstagramStream.rows
        return "" if has_rows else "has no parent_stream_type: give it one, or a rows()"
    if source not in by_class:
        return f"is derived from {source.__name__}: add that to STREAMS"
    if source.derived_type is None:
        return f"is derived from {source.name}, which has no derived streams"
    if isinstance(table, source.derived_type):
        return ""
    base = source.derived_type.__name__
    return f"is derived from {source.name}, which calls its read(): let it inherit from {base}"


def start_threads(tables: Iterable[InstagramStream], threads: StreamThreads) -> None:
    """Start a thread for each source of selected tables; what perishes soonest is read first."""
    sources = [table for table in tables if not table.parent_stream_type and table.is_wanted]
    first = [table.name for table in sources if table.goes_first]
    for table in sorted(sources, key=lambda table: not table.goes_first):
        threads.start(table.name, table.fill, after=() if table.goes_first else first)
