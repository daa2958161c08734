"""Lists that come in pages (Graph API: pagination)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tap_instagram_business.graph.errors import Unanswered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_instagram_business.graph.calls import Answer, Call


@dataclass(frozen=True)
class Page:
    """One page of a list, and whether the list ends with it."""

    answer: Answer
    is_last: bool


def next_page(answer: Answer) -> tuple[Answer, Call | None]:
    """Return a page and the call for the next page; None after the last page.

    If the next page cannot be asked for, the page gets that as its error: the list must not seem
    to be complete.
    """
    try:
        return answer, None if answer.error else following(answer.call, answer.data)
    except Unanswered as error:
        return replace(answer, error=error), None


def following(call: Call, page: Mapping[str, Any]) -> Call | None:
    """Return the call for the page after this one; None on the last page.

    Only the cursor is taken from `paging.next`, because that address contains the token.

    Raises:
        Unanswered: there is another page, but Meta does not say where.
    """
    paging = page.get("paging") or {}
    if not paging.get("next"):
        return None
    after = str((paging.get("cursors") or {}).get("after") or "")
    if not after:
        after = dict(parse_qsl(urlsplit(paging["next"]).query)).get("after", "")
    if not after or after == call.params.get("after"):
        message = f"the list {call.path} goes on, but leads nowhere"
        raise Unanswered(message)
    return call.with_params(after=after)
