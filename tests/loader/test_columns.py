"""A stream that has gained columns goes on in its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.loader.messages import Message, record, schema, state

if TYPE_CHECKING:
    from tests.loader.conftest import Loader

pytestmark = pytest.mark.e2e

STRING: Message = {"type": ["string", "null"]}
NEW_COLUMNS: dict[str, Message] = {
    "rate": {"type": ["number", "null"]},
    "seen": {"type": ["boolean", "null"]},
    "posted_at": {"type": ["string", "null"], "format": "date-time"},
    "day": {"type": ["string", "null"], "format": "date"},
    "tags": {"type": ["array", "null"], "items": {"type": ["string"]}},
    "owner": {"type": ["object", "null"], "properties": {"id": STRING}},
}


def test_new_columns_are_added_and_filled(loader: Loader) -> None:
    values: dict[str, Any] = {
        "rate": 0.5,
        "seen": True,
        "posted_at": "2026-01-01T12:00:00Z",
        "day": "2026-01-01",
        "tags": ["a", "b"],
        "owner": {"id": "7"},
    }
    loader.run([schema(), record(1, 10), record(2, 20), state(1)])

    result = loader.run([schema(**NEW_COLUMNS), record(2, 25, **values), state(2)])

    assert result.returncode == 0, result.stderr
    rows = loader.rows(f"SELECT id, likes, {', '.join(values)} FROM {{}}.media ORDER BY id")
    assert rows[0]["likes"] == 10
    assert not any(rows[0][name] for name in values)
    assert rows[1] == {
        "id": "00002",
        "likes": 25,
        **values,
        "posted_at": "2026-01-01 12:00:00+00:00",
    }


@pytest.mark.long
def test_a_column_no_longer_sent_keeps_what_it_has(loader: Loader) -> None:
    loader.run([schema(caption=STRING), record(1, 10, caption="kept"), state(1)])

    loader.run([schema(), record(1, 11), state(2)])

    rows = loader.rows("SELECT likes, caption FROM {}.media")
    assert rows == [{"likes": 11, "caption": "kept"}]
