"""Lists that come in pages (Graph API: pagination)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_instagram_business.graph.calls import Answer, Call

logger = logging.getLogger("tap-instagram-business.graph")


@dataclass(frozen=True)
class Page:
    """One page of a list, and whether the list ends with it."""

    answer: Answer
    is_last: bool


def next_page(answer: Answer) -> Call | None:
    """Return the call for the page after an answer, None on the last one."""
    return None if answer.error else following(answer.call, answer.data)


def following(call: Call, page: Mapping[str, Any]) -> Call | None:
    """Return the call for what follows a page of a list, None on the last one.

    The cursor is asked for again with our own parameters: `paging.next` itself holds the token.
    """
    paging = page.get("paging") or {}
    if not paging.get("next"):
        return None
    after = str((paging.get("cursors") or {}).get("after") or "")
    if not after:
        after = dict(parse_qsl(urlsplit(paging["next"]).query)).get("after", "")
    if not after or after == call.params.get("after"):
        logger.warning("Meta's list %s leads nowhere: it ends here.", call.path)
        return None
    return call.with_params(after=after)
