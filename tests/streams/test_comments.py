"""Which media are asked for comments, and what is told about those that cannot be read."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from tap_instagram_business.failures import AccountsUnread
from tests import truth
from tests.tap_run import catalog, run_tap
from tests.test_selection import lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer


def test_media_without_comments_are_not_asked_for_any(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=20, days=20, seed=2))
    media = truth.media(server.world, server.clock.now())
    commented = sorted(media_id for (media_id,), row in media.items() if row["comments_count"])
    assert 0 < len(commented) < len(media)
    run_tap(server, catalog=catalog("comments"))
    asked = [found[1] for line in lines(server) if (found := re.search(r"/(\d+)/comments", line))]
    assert sorted(asked) == commented


def test_comments_of_an_account_that_was_left_out_are_read_by_the_next_run(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=5, days=20))
    only = catalog("media", "comments")
    server.faults.add(Fault("error", code=190, subcode=492, match="/comments", times=None))
    first = run_tap(server, catalog=only, strict=False)
    assert isinstance(first.error, AccountsUnread)
    assert "in comments" in str(first.error)
    assert not first.records["comments"]
    server.faults.clear()
    second = run_tap(server, catalog=only, media_refresh="*:30", state=first.state)
    truth.tables_equal(second.table("comments"), truth.comments(server.world, server.clock.now()))


def test_replies_that_lead_nowhere_are_a_gap_and_those_given_are_written(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=1, days=20))
    ((media_id,),) = truth.media(server.world, server.clock.now())
    comment, reply = str(10**16), str(10**16 + 1)
    replies = {"data": [{"id": reply}], "paging": {"next": "https://graph/replies"}}
    body = json.dumps({"data": [{"id": comment, "replies": replies}]})
    server.faults.add(Fault("raw", status=200, body=body, match="/comments", times=None))
    run = run_tap(server, catalog=catalog("media", "comments", "insight_gaps"))
    parents = {row["id"]: row["parent_id"] for row in run.records["comments"]}
    assert parents == {comment: None, reply: comment}
    gaps = {key[1:4] for key in run.table("insight_gaps")}
    assert gaps == {(media_id, "/replies", "meta_error")}
    kept = run.state["bookmarks"]["comments"]["accounts"]
    assert [entry["again"] for entry in kept.values()] == [[media_id]]


def test_replies_on_further_pages_keep_their_parent(serve: Callable[..., GraphApiServer]) -> None:
    server = serve(
        WorldSettings(accounts=1, posts=8, days=20), api_settings=ApiSettings(page_cap=1)
    )
    run = run_tap(server, catalog=catalog("comments"))
    expected = truth.comments(server.world, server.clock.now())
    replies = Counter(row["parent_id"] for row in expected.values() if row["parent_id"])
    assert max(replies.values()) > 1
    truth.tables_equal(run.table("comments"), expected)
