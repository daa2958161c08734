"""Cursor paging of edges. Graph API: paginated results."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from instagram_sandbox.graph_api.api.errors import parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instagram_sandbox.graph_api.api.call import Call

T = TypeVar("T")
DEFAULT_LIMIT = 25


@dataclass(frozen=True)
class Slice(Generic[T]):
    """A page: its items and its `paging` object."""

    items: Sequence[T]
    paging: dict[str, Any]


def cut(items: Sequence[T], call: Call, cap: int, *, gap: bool = False) -> Slice[T]:
    """Cut the page that a call asks for out of all items, newest first.

    The last page has an `after` cursor too; that there is no `next` is all that says it is the
    last. Cursors count from the oldest item, so that new items do not shift what follows.

    Args:
        items: Everything on the edge.
        call: Asks with `limit`, `after` and `before`.
        cap: The most items on a page, whatever the limit.
        gap: Whether an empty page with a next is put before each page but the first.
    """
    limit = min(_limit(call), cap)
    start, skipped = _start(items, call, limit)
    if gap and start and not skipped:
        cursor = _cursor(len(items) - start, skipped=True)
        cursors = {"before": cursor, "after": cursor}
        return Slice((), {"cursors": cursors, "next": _link(call, limit, after=cursor)})
    page = items[start : start + limit]
    if not page:
        return Slice(page, {})
    end = start + len(page)
    before, after = _cursor(len(items) - start), _cursor(len(items) - end)
    paging: dict[str, Any] = {"cursors": {"before": before, "after": after}}
    if end < len(items):
        paging["next"] = _link(call, limit, after=after)
    if start:
        paging["previous"] = _link(call, limit, before=before)
    return Slice(page, paging)


def _limit(call: Call) -> int:
    text = call.params.get("limit", str(DEFAULT_LIMIT))
    if not text.isdigit() or not int(text):
        message = "The 'limit' parameter should be a positive number"
        raise parameter(message)
    return int(text)


def _start(items: Sequence[Any], call: Call, limit: int) -> tuple[int, bool]:
    after, before = call.params.get("after"), call.params.get("before")
    if after:
        left, skipped = _read(after)
        return max(0, len(items) - left), skipped
    if before:
        return max(0, len(items) - _read(before)[0] - limit), True
    return 0, False


def _cursor(left: int, *, skipped: bool = False) -> str:
    return urlsafe_b64encode(f"QVFI{'e' if skipped else 'c'}{left}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[int, bool]:
    try:
        plain = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        return int(plain.removeprefix("QVFI")[1:]), plain[4] == "e"
    except (ValueError, IndexError):
        message = "Invalid cursor"
        raise parameter(message) from None


def _link(call: Call, limit: int, **cursor: str) -> str:
    params = {name: value for name, value in call.params.items() if name not in ("after", "before")}
    return call.about(call.path, params).link(limit=str(limit), **cursor)
