"""Lists that come in pages (Graph API: pagination)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tap_instagram_business.graph.calls import ListCall, Result
from tap_instagram_business.graph.error_table import UNKNOWN, UNNAMED
from tap_instagram_business.graph.errors import Unanswered
from tap_instagram_business.values import read_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tap_instagram_business.graph.calls import Call


@dataclass(frozen=True)
class Page:
    """One page of a list, and whether the list ends with it."""

    result: Result
    is_last: bool


def next_page(result: Result) -> tuple[Result, Call | None]:
    """Return a page and the call for the next page; None after the last page.

    If the next page cannot be asked for, the page gets that as its error: the list must not seem
    to be complete.
    """
    try:
        return result, None if result.error else following(result.call, result.data)
    except Unanswered as error:
        return replace(result, error=error), None


def node_by_node(page: Result, ask: Callable[[Sequence[Call]], Iterable[Result]]) -> Result:
    """Read the nodes of a page that was refused one by one: a single one may be to blame.

    Args:
        page: the page; it is returned as it is unless Meta has refused it.
        ask: sends calls and returns their answers in order.
    """
    call, error = page.call, page.error
    if error is None or not isinstance(call, ListCall):
        return page
    if error.rule is not UNKNOWN and error.code not in UNNAMED:
        return page
    (ids,) = ask([call.with_params(fields="id")])
    if ids.error or not ids.data["data"]:
        return page
    found = (read_id(node.get("id")) for node in ids.nodes)
    results = [*ask([call.one_node(node_id) for node_id in found if node_id])]
    given = [result.data for result in results if not result.error]
    refused = {result.call.node: result.error for result in results if result.error}
    if refused and not given:
        return page
    # What has no id cannot be asked for, and its table tells that it cannot be read.
    without_id = [node for node in ids.nodes if not read_id(node.get("id"))]
    return Result(call, {**ids.data, "data": [*given, *without_id]}, refused_nodes=refused)


def following(call: Call, page: Mapping[str, Any]) -> Call | None:
    """Return the call for the page after this one; None on the last page.

    Only the cursor is taken from `paging.next`, because that address contains the token.

    Raises:
        Unanswered: there is another page, but Meta does not say where.
    """
    paging = page.get("paging")
    address = paging.get("next") if isinstance(paging, dict) else paging
    if not address:
        return None
    cursors = paging.get("cursors") if isinstance(paging, dict) else None
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if not isinstance(after, str) or not after:
        after = dict(parse_qsl(urlsplit(str(address)).query)).get("after")
    if not after or after == call.params.get("after"):
        raise Unanswered(f"the list {call.path} goes on, but leads nowhere")
    return call.with_params(after=after)
