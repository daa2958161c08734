"""Runs the tap in this process against a sandbox, and keeps what it wrote."""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import json

from tap_instagram_business.tap import TapInstagramBusiness
from tests import truth

if TYPE_CHECKING:
    import datetime as dt

    from instagram_sandbox.graph_api import GraphApiServer, World

Row = dict[str, Any]


@dataclass
class Run:
    """What a run of the tap wrote."""

    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    records: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    states: list[Row] = field(default_factory=list)
    error: Exception | None = None
    messages: list[Row] = field(default_factory=list)

    def write_message(self, message: Any) -> None:
        self.read(json.decode(json.encode(message.to_dict())))

    def read(self, content: Row) -> None:
        """Take a message as a target does."""
        self.messages.append(content)
        if content["type"] == "RECORD":
            self.records[content["stream"]].append(content["record"])
        elif content["type"] == "SCHEMA":
            assert content["stream"] not in self.schemas, "announced twice"
            self.schemas[content["stream"]] = content
        elif content["type"] == "STATE":
            self.states.append(content["value"])

    @property
    def state(self) -> Row:
        return self.states[-1] if self.states else {}

    def until_state(self, number: int) -> Run:
        """What a target has when it has read the nth state and nothing after it."""
        earlier = Run()
        for content in self.messages:
            earlier.read(content)
            if len(earlier.states) > number:
                break
        return earlier

    def table(self, stream: str) -> dict[Any, Row]:
        """The rows by key, later ones replacing earlier ones, as an upserting target keeps them."""
        keys = self.schemas[stream]["key_properties"]
        return {tuple(row[key] for key in keys): row for row in self.records[stream]}


class Warehouse:
    """Tables that rows are upserted into, run after run, and the state between the runs."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Any, Row]] = {}
        self.state: Row = {}

    def load(self, run: Run) -> Run:
        for stream in run.schemas:
            self.tables.setdefault(stream, {}).update(run.table(stream))
        self.state = run.state or self.state
        return run

    def assert_true(self, world: World, now: dt.datetime, days: list[dt.date]) -> None:
        for stream, expected in truth.every_table(world, now, days).items():
            truth.tables_equal(self.tables[stream], expected)


def catalog(*selected: str, without: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    """A catalog with these streams, less these columns."""
    found: dict[str, Any] = json.decode(
        TapInstagramBusiness(validate_config=False).catalog_json_text
    )
    for entry in found["streams"]:
        for part in entry["metadata"]:
            if not part["breadcrumb"]:
                part["metadata"]["selected"] = entry["tap_stream_id"] in selected
            elif (entry["tap_stream_id"], part["breadcrumb"][1]) in without:
                part["metadata"]["selected"] = False
    return found


def new_tap(
    server: GraphApiServer,
    *,
    state: Row | None = None,
    catalog: Row | None = None,
    writer: Any = None,
    **settings: Any,
) -> TapInstagramBusiness:
    """A tap that reads the tables of a catalog, those of other people's data too."""
    config = {
        "access_token": "sandbox-token",
        "api_url": server.url,
        "include_others": catalog is not None,
        **settings,
    }
    return TapInstagramBusiness(
        config=config, state=copy.deepcopy(state), catalog=catalog, message_writer=writer
    )


def run_tap(server: GraphApiServer, *, strict: bool = True, **options: Any) -> Run:
    """Run the tap to its end; an error is raised, or kept if not strict."""
    run = Run()
    try:
        new_tap(server, writer=run, **options).run()
    except Exception as error:
        if strict:
            raise
        run.error = error
    return run
