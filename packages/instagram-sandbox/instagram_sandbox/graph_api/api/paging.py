"""Pages of edges with cursors. Graph API: paginated results."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from instagram_sandbox.graph_api.api.errors import invalid_parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instagram_sandbox.graph_api.api.call import Call

T = TypeVar("T")
DEFAULT_LIMIT = 25


@dataclass(frozen=True)
class PageSlice(Generic[T]):
    """A page of an edge: its items and its `paging` object."""

    items: Sequence[T]
    paging: dict[str, Any]


def cut_page(items: Sequence[T], call: Call, cap: int, *, gap: bool = False) -> PageSlice[T]:
    """Return the page that a call requests.

    The last page has an `after` cursor too, but no `next`. Cursors count from the oldest item, so
    that new items do not move the following pages.

    Args:
        items: All items of the edge, newest first.
        call: The call with `limit`, `after` and `before`.
        cap: Maximum number of items on a page, whatever `limit` is.
        gap: Whether an empty page with a `next` comes before each page except the first.

    Raises:
        GraphError: If `limit` or a cursor is invalid.
    """
    limit = min(_limit(call), cap)
    start, skipped = _first_item(items, call, limit)
    if gap and start and not skipped:
        cursor = _cursor(len(items) - start, skipped=True)
        cursors = {"before": cursor, "after": cursor}
        return PageSlice((), {"cursors": cursors, "next": _link(call, limit, after=cursor)})
    page = items[start : start + limit]
    if not page:
        return PageSlice(page, {})
    end = start + len(page)
    before, after = _cursor(len(items) - start), _cursor(len(items) - end)
    paging: dict[str, Any] = {"cursors": {"before": before, "after": after}}
    if end < len(items):
        paging["next"] = _link(call, limit, after=after)
    if start:
        paging["previous"] = _link(call, limit, before=before)
    return PageSlice(page, paging)


def _limit(call: Call) -> int:
    text = call.params.get("limit", str(DEFAULT_LIMIT))
    if not text.isdigit() or not int(text):
        message = "The 'limit' parameter should be a positive number"
        raise invalid_parameter(message)
    return int(text)


def _first_item(items: Sequence[Any], call: Call, limit: int) -> tuple[int, bool]:
    after, before = call.params.get("after"), call.params.get("before")
    if after:
        position, skipped = _parse_cursor(after)
        return max(0, len(items) - position), skipped
    if before:
        return max(0, len(items) - _parse_cursor(before)[0] - limit), True
    return 0, False


def _cursor(position: int, *, skipped: bool = False) -> str:
    """Return the cursor of an item by its position from the oldest item.

    Args:
        position: Number of items from the oldest one to this one.
        skipped: Whether the empty page before this item has already been given.
    """
    kind = "e" if skipped else "c"
    return urlsafe_b64encode(f"QVFI{kind}{position}".encode()).decode().rstrip("=")


def _parse_cursor(cursor: str) -> tuple[int, bool]:
    try:
        plain = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        return int(plain.removeprefix("QVFI")[1:]), plain[4] == "e"
    except (ValueError, IndexError):
        message = "Invalid cursor"
        raise invalid_parameter(message) from None


def _link(call: Call, limit: int, **cursor: str) -> str:
    params = {name: value for name, value in call.params.items() if name not in ("after", "before")}
    return call.with_path(call.path, params).link(limit=str(limit), **cursor)
