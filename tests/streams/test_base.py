"""In which order the accounts are read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import WorldSettings
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    "stream", ["account_insights", "account_reach", "audience_demographics", "media"]
)
def test_accounts_that_were_read_the_longest_ago_come_first(
    serve: Callable[..., GraphApiServer], stream: str
) -> None:
    server = serve(WorldSettings(accounts=3, posts=5, days=20))
    first, second, third = server.world.account_ids
    options: dict[str, Any] = {
        "catalog": catalog(stream),
        "media_refresh": "always",
        "demographics_interval_days": 0,
    }
    state = run_tap(server, account_ids=[first, second], **options).state
    server.clock.advance(DAY)
    state = run_tap(server, account_ids=[first], state=state, **options).state
    server.clock.advance(DAY)
    run = run_tap(server, state=state, **options)
    read = dict.fromkeys(row["account_id"] for row in run.records[stream])
    assert list(read) == [third, second, first]


def test_an_account_of_which_any_table_is_behind_comes_first(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=3, posts=5, days=20))
    only = catalog("media", "media_insights")
    state = run_tap(server, catalog=only, media_refresh="always").state
    behind = server.world.account_ids[-1]
    state["bookmarks"]["media_insights"]["accounts"][behind]["snapshot_date"] = "2026-01-01"
    run = run_tap(server, catalog=only, media_refresh="always", state=state)
    assert run.records["media"][0]["account_id"] == behind
