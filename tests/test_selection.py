"""What the catalog deselects is not written, and not asked for where Meta lets one choose."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest

from tests import truth
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer


def lines(server: GraphApiServer) -> list[str]:
    """All calls, those in batches too."""
    return [
        line
        for request in server.requests
        for line in (request.operations or (f"{request.path}?{request.params}",))
    ]


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    return serve()


def test_only_accounts_takes_one_call(server: GraphApiServer) -> None:
    run = run_tap(server, catalog=catalog("accounts"))
    assert list(run.schemas) == ["accounts"]
    assert server.calls == 1


def test_media_alone_asks_for_no_insights_and_no_slides(server: GraphApiServer) -> None:
    run = run_tap(server, catalog=catalog("media", without=(("media", "children_count"),)))
    assert list(run.schemas) == ["media"]
    assert not [line for line in lines(server) if "insights" in line or "children" in line]
    now = server.clock.now()
    expected = truth.media(server.world, now)
    for row in expected.values():
        del row["children_count"]
    truth.tables_equal(run.table("media"), expected)


@pytest.mark.parametrize("stream", ["media_children", "media_insights"])
def test_a_follower_comes_without_its_lead(server: GraphApiServer, stream: str) -> None:
    run = run_tap(server, catalog=catalog(stream))
    assert list(run.schemas) == [stream]
    now = server.clock.now()
    truth.tables_equal(run.table(stream), getattr(truth, stream)(server.world, now))
    again = run_tap(server, catalog=catalog(stream), state=run.state)
    assert len(again.records[stream]) < len(run.records[stream]) / 2


@pytest.mark.parametrize("stream", ["comments", "tagged_media", "collaborative_media"])
def test_what_others_did_is_read_where_it_is_selected(server: GraphApiServer, stream: str) -> None:
    run = run_tap(server, catalog=catalog(stream))
    expected = getattr(truth, stream)(server.world, server.clock.now())
    assert expected
    truth.tables_equal(run.table(stream), expected)


@pytest.mark.parametrize("is_selected", [False, True])
def test_what_others_did_is_read_only_if_the_setting_says_so(
    server: GraphApiServer, caplog: pytest.LogCaptureFixture, *, is_selected: bool
) -> None:
    others = ("comments", "tagged_media", "collaborative_media")
    selected = catalog("media", *others) if is_selected else None
    with caplog.at_level(logging.INFO):
        run = run_tap(server, include_others=False, catalog=selected)
    assert "media" in run.schemas
    assert not {*others} & run.schemas.keys()
    assert not [line for line in lines(server) if re.search("comments[?{]|/tags|collab", line)]
    told = [record for record in caplog.records if "include_others" in record.getMessage()]
    assert [record.levelname for record in told] == (["INFO"] if is_selected else [])
    assert all(name in record.getMessage() for record in told for name in others)


def test_the_setting_alone_reads_what_others_did(server: GraphApiServer) -> None:
    run = run_tap(server, include_others=True)
    assert run.schemas.keys() >= {"media", "comments", "tagged_media", "collaborative_media"}


@pytest.mark.parametrize("stream", ["story_insights", "media_insights_breakdowns"])
def test_what_stories_feed_comes_without_them(server: GraphApiServer, stream: str) -> None:
    run = run_tap(server, catalog=catalog(stream))
    assert list(run.schemas) == [stream]
    expected = getattr(truth, stream)(server.world, server.clock.now())
    truth.tables_equal(run.table(stream), expected)


def test_account_history_comes_without_accounts(server: GraphApiServer) -> None:
    run = run_tap(server, catalog=catalog("account_history"))
    truth.tables_equal(
        run.table("account_history"), truth.account_history(server.world, server.clock.now())
    )
    assert "biography" not in "".join(lines(server))


def test_columns_left_out_are_not_asked_for(server: GraphApiServer) -> None:
    without = (
        ("accounts", "biography"),
        ("media", "caption"),
        ("media", "hashtags"),
        ("media", "mentions"),
        ("media", "caption_length"),
        ("media_insights", "saved"),
        ("account_insights", "website_clicks"),
        ("account_insights", "follower_count"),
        ("account_insights", "follows"),
        ("account_insights", "unfollows"),
    )
    names = ("accounts", "media", "media_insights", "account_insights")
    run = run_tap(server, catalog=catalog(*names, without=without))
    asked = "".join(lines(server))
    for word in (
        "biography",
        "caption",
        "saved",
        "website_clicks",
        "follower_count,",
        "follow_type",
    ):
        assert word not in asked, word
    for stream, column in without:
        assert not [row for row in run.records[stream] if column in row], (stream, column)


def test_hashtags_need_the_caption_even_where_it_is_left_out(server: GraphApiServer) -> None:
    run = run_tap(server, catalog=catalog("media", without=(("media", "caption"),)))
    expected = truth.media(server.world, server.clock.now())
    got = run.table("media")
    assert any(row["hashtags"] for row in expected.values())
    for key, row in expected.items():
        assert got[key]["hashtags"] == row["hashtags"]
        assert "caption" not in got[key]


def test_a_stream_selected_later_is_read_whole(server: GraphApiServer) -> None:
    first = run_tap(server, catalog=catalog("media"))
    second = run_tap(server, catalog=catalog("media", "media_insights"), state=first.state)
    truth.tables_equal(
        second.table("media_insights"), truth.media_insights(server.world, server.clock.now())
    )


def test_full_table_by_the_catalog_reads_everything_again(server: GraphApiServer) -> None:
    whole = catalog("media")
    for entry in whole["streams"]:
        if entry["tap_stream_id"] == "media":
            entry["replication_method"] = "FULL_TABLE"
    first = run_tap(server, catalog=whole)
    second = run_tap(server, catalog=whole, state=first.state)
    assert len(second.records["media"]) == len(first.records["media"]) > 0
