"""Which media are requested again because Meta failed at some of their insights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instagram_sandbox.graph_api import Fault, WorldSettings
from tests import truth
from tests.tap_run import catalog, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

WANTED = catalog("media", "media_insights", "insight_gaps")


def test_a_media_whose_rare_metrics_meta_fails_at_is_requested_again(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=8, days=90))
    now = server.clock.now()
    expected = truth.media_insights(server.world, now)
    own = {key: row for key, row in expected.items() if row["media_product_type"] == "REELS"}
    key = next(iter(own))
    own, victim = {key: own[key]}, key[0]
    server.faults.add(
        Fault("service_error", match=f"{victim}/insights.*facebook_views", times=None)
    )
    first = run_tap(server, catalog=WANTED)
    rare = ("crossposted_views", "facebook_views")
    got = first.table("media_insights")
    truth.tables_equal(
        got,
        {
            key: {**row, **dict.fromkeys(rare)} if key in own else row
            for key, row in expected.items()
        },
    )
    gaps = {key[1:4] for key in first.table("insight_gaps") if key[3] == "meta_error"}
    assert gaps == {(victim, name, "meta_error") for name in rare}
    (kept,) = first.state["bookmarks"]["media_insights"]["accounts"].values()
    assert kept["again"] == [victim]
    server.faults.clear()
    second = run_tap(server, catalog=WANTED, media_refresh="*:30", state=first.state)
    got = second.table("media_insights")
    truth.tables_equal({key: row for key, row in got.items() if key in own}, own)
