"""Which media are requested again, and which are known to be from before a conversion."""

from __future__ import annotations

import datetime as dt
from itertools import permutations
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.graph.accounts import Account
from tap_instagram_business.streams.media_base import ListedMedia
from tap_instagram_business.streams.media_insights import MediaInsights
from tests import truth
from tests.tap_run import catalog, new_tap, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

ACCOUNT, OTHER = Account("17841400000000001", "token"), Account("17841400000000002", "token")
NEWEST = dt.datetime(2026, 3, 3, 12, tzinfo=dt.timezone.utc)
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
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


@pytest.fixture
def table() -> MediaInsights:
    server: Any = SimpleNamespace(url="http://127.0.0.1:9")
    found = new_tap(server, catalog=WANTED).streams["media_insights"]
    assert isinstance(found, MediaInsights)
    return found


def media(account: Account, posted: dt.datetime | None) -> ListedMedia:
    return ListedMedia(account, {"id": "17900000000000001"}, posted, NEWEST)


@pytest.mark.parametrize("refused", [*permutations([NEWEST, NEWEST - DAY, NEWEST - 2 * DAY])])
def test_the_newest_refused_media_stands_for_all_older_ones(
    table: MediaInsights, refused: tuple[dt.datetime, ...]
) -> None:
    assert not table.is_before_conversion(media(ACCOUNT, NEWEST))
    for posted in refused:
        table.note_refused(ACCOUNT, posted)
    assert table.newest_refused(ACCOUNT) == NEWEST
    assert table.bookmark(ACCOUNT) == {"before_conversion": NEWEST.isoformat()}
    assert table.is_before_conversion(media(ACCOUNT, NEWEST))
    assert table.is_before_conversion(media(ACCOUNT, NEWEST - SECOND))
    assert not table.is_before_conversion(media(ACCOUNT, NEWEST + SECOND))
    assert not table.is_before_conversion(media(ACCOUNT, None))


def test_the_conversion_of_an_account_says_nothing_about_another(table: MediaInsights) -> None:
    table.note_refused(ACCOUNT, NEWEST)
    assert table.newest_refused(OTHER) is None
    assert not table.is_before_conversion(media(OTHER, NEWEST - DAY))
