"""A crash in one table costs that table only, and the run tells it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import WorldSettings
from tap_instagram_business.failures import AccountsUnread
from tap_instagram_business.streams.account_insights import AccountInsights
from tap_instagram_business.streams.media import Media, MediaChildren
from tap_instagram_business.streams.media_insights import MediaInsights
from tap_instagram_business.streams.others import Comments
from tap_instagram_business.streams.stories import Stories
from tests import truth
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

pytestmark = pytest.mark.soak
START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
DAYS = truth.days_to(truth.last_complete_day(START), 30)
WORLD = WorldSettings(accounts=2, posts=30, days=60, seed=5, start=START)


@pytest.mark.parametrize(
    ("table", "method", "lost"),
    [
        (MediaInsights, "_row", {"media_insights"}),
        (MediaChildren, "read", {"media_children"}),
        (Media, "row", {"media", "media_children", "media_insights"}),
        (Stories, "row", {"stories"}),
        (AccountInsights, "window_rows", {"account_insights", "account_insights_breakdowns"}),
        (Comments, "_row", {"comments"}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_crash_costs_its_own_table_and_the_next_run_reads_it(
    serve: Callable[..., GraphApiServer],
    monkeypatch: pytest.MonkeyPatch,
    table: Any,
    method: str,
    lost: set[str],
) -> None:
    server = serve(WORLD)
    every = truth.every_table(server.world, START, DAYS)
    wanted = catalog(*every, "comments", "insight_gaps")
    options: dict[str, Any] = {"catalog": wanted}
    with monkeypatch.context() as broken:

        def crash(*_arguments: object) -> None:
            raise KeyError(method)

        broken.setattr(table, method, crash)
        run = run_tap(server, strict=False, **options)
    kept = run.state["bookmarks"].get(table.name, {}).get("accounts", {})
    assert [name for name, entry in kept.items() if {"date", "snapshot_date"} & set(entry)] == []
    assert isinstance(run.error, AccountsUnread)
    assert f"table {table.name} from some point on: an unexpected error (KeyError" in str(run.error)
    for name, rows in every.items():
        if name not in lost | {"insight_gaps", "media_insights_breakdowns", "comments"}:
            truth.tables_equal(run.table(name), rows)
    again = run_tap(server, state=run.state, **options)
    truth.tables_equal(again.table(table.name), every.get(table.name, again.table(table.name)))
