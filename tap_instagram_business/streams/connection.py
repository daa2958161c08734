"""How the tables of a run find each other, and how leads get their followers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_instagram_business.streams.base import InstagramStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tap_instagram_business.stream_threads import StreamThreads


class NotConnected(TypeError):
    """A table that nothing would fill."""


def connect(tables: Sequence[InstagramStream]) -> None:
    """Let the tables of a run find each other, and hand each lead its followers.

    Raises:
        NotConnected: nothing would fill one of the tables, which would stay empty without a word.
    """
    by_class = {type(table): table for table in tables}
    for table in tables:
        table.connect(by_class)
        for lead_class in table.leads():
            lead = by_class.get(lead_class)
            if lead is None:
                message = f"Table {table.name} follows {lead_class.__name__}: add that to STREAMS"
                raise NotConnected(message)
            _follow(lead, table)
            if lead_class is not table.parent_stream_type:
                lead.child_streams.append(table)
        if not table.leads() and type(table).rows is InstagramStream.rows:
            message = f"Table {table.name} has no parent_stream_type: give it one, or a rows()"
            raise NotConnected(message)


def _follow(lead: InstagramStream, table: InstagramStream) -> None:
    wanted = lead.follower_type
    if wanted is None:
        message = f"Table {table.name} follows {lead.name}, which hands its answers to no table"
        raise NotConnected(message)
    if not isinstance(table, wanted):
        message = (
            f"Table {table.name} follows {lead.name}: its class must inherit from "
            f"{wanted.__name__}, whose methods {lead.name} calls"
        )
        raise NotConnected(message)
    lead.add_follower(table)


def start_threads(tables: Iterable[InstagramStream], threads: StreamThreads) -> None:
    """Start a thread for each source of selected tables; what perishes soonest is read first."""
    sources = [table for table in tables if not table.leads() and table.is_wanted]
    first = [table.name for table in sources if table.goes_first]
    for table in sorted(sources, key=lambda table: not table.goes_first):
        threads.start(table.name, table.fill, after=() if table.goes_first else first)
