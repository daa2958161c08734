"""Singer messages to load."""

from __future__ import annotations

import json
from typing import IO, Any

Message = dict[str, Any]

COLUMNS: Message = {
    "id": {"type": ["string"]},
    "likes": {"type": ["integer", "null"]},
}


def schema(stream: str = "media", /, **more_columns: Message) -> Message:
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": {**COLUMNS, **more_columns}},
        "key_properties": ["id"],
    }


def record(key: int, likes: object, stream: str = "media", /, **more: object) -> Message:
    return {
        "type": "RECORD",
        "stream": stream,
        "record": {"id": f"{key:05}", "likes": likes, **more},
        "time_extracted": "2026-01-01T00:00:00+00:00",
    }


def state(bookmark: int) -> Message:
    return {"type": "STATE", "value": {"bookmarks": {"media": bookmark}}}


def feed(stream: IO[str] | None, messages: list[Message]) -> None:
    """Send messages to a loader that runs."""
    assert stream
    stream.writelines(json.dumps(message) + "\n" for message in messages)
    stream.flush()
