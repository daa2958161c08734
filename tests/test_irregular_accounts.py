"""What a regular world lacks: few media, some denied, one of a kind, one on a boundary."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tap_instagram_business.failures import AccountsUnread
from tests import truth
from tests.tap_run import Warehouse, catalog, run_tap
from tests.test_selection import lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
WANTED = catalog("media", "media_insights", "insight_gaps")
BEFORE_CONVERSION: dict[str, Any] = {
    "code": 100,
    "subcode": 2108006,
    "message": "Media posted before business account conversion",
    "times": None,
}


def world(**values: Any) -> WorldSettings:
    return WorldSettings(**{"accounts": 2, "posts": 8, "days": 90, "start": START, **values})


def insights_true(warehouse: Warehouse, server: GraphApiServer) -> None:
    expected = truth.media_insights(server.world, START)
    truth.tables_equal(warehouse.tables["media_insights"], expected)


@pytest.mark.parametrize("code", [10, 200])
def test_an_account_with_few_media_whose_insights_are_denied_is_read_by_the_next_run(
    serve: Callable[..., GraphApiServer], code: int
) -> None:
    server = serve(world())
    denied, other = server.world.account_ids
    server.faults.add(Fault("refused_media", accounts=(0,), objects=("FEED", "REELS"), code=code))
    warehouse = Warehouse()
    run = warehouse.load(run_tap(server, strict=False, catalog=WANTED))
    assert isinstance(run.error, AccountsUnread)
    assert f"{denied} (" in str(run.error)
    assert other not in str(run.error)
    assert {row["account_id"] for row in run.records["media_insights"]} == {other}
    assert denied not in run.state["bookmarks"]["media_insights"]["accounts"]
    server.faults.clear()
    warehouse.load(run_tap(server, state=warehouse.state, catalog=WANTED))
    insights_true(warehouse, server)


def test_an_account_that_is_denied_all_but_rare_metrics_is_read_by_the_next_run(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(world(accounts=1))
    server.faults.add(Fault("permission", match="insights.*reach", times=None))
    warehouse = Warehouse()
    run = warehouse.load(run_tap(server, strict=False, catalog=WANTED))
    rare = [line for line in lines(server) if "facebook_views" in line]
    assert rare, "they are answered"
    assert isinstance(run.error, AccountsUnread)
    assert "in media_insights" in str(run.error)
    assert not run.state["bookmarks"].get("media_insights", {}).get("accounts")
    server.faults.clear()
    warehouse.load(run_tap(server, state=warehouse.state, catalog=WANTED))
    insights_true(warehouse, server)


@pytest.mark.parametrize("place", [0, 3, 7])
def test_a_refused_batch_of_two_accounts_costs_no_media_of_the_other(
    serve: Callable[..., GraphApiServer], place: int
) -> None:
    """In a batch of sixteen, the media of the first account fill the first half."""
    server = serve(world())
    newest_first = [media["id"] for media in server.world.media(server.world.account_ids[0], START)]
    victim = newest_first[place]
    server.faults.add(
        Fault("batch_refused", match=f"{victim}/insights", **BEFORE_CONVERSION),
        Fault("error", match=f"{victim}/insights", **BEFORE_CONVERSION),
    )
    run = run_tap(server, catalog=WANTED)
    expected = truth.media_insights(server.world, START)
    got = run.table("media_insights")
    truth.tables_equal(got, {key: row for key, row in expected.items() if key in got})
    lost = {media_id for media_id, *_ in expected.keys() - got.keys()}
    assert victim in lost <= set(newest_first[place:])


@pytest.mark.parametrize("form", ["v22", "unknown_100"])
def test_a_metric_that_some_media_of_an_account_lack_is_read_of_its_other_media(
    serve: Callable[..., GraphApiServer], form: str
) -> None:
    server = serve(world(accounts=1, posts=130, days=300))
    order = Fault("retired_metric", form=form, names=("saved",), share=0.1, seed=3)
    server.faults.add(order)
    run = run_tap(server, catalog=WANTED)
    expected = truth.media_insights(server.world, START)
    lacking = {key for key in expected if order.chooses(key[0])}
    assert len(lacking) > 5
    for key in lacking:
        expected[key]["saved"] = None
    truth.tables_equal(run.table("media_insights"), expected)


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_a_kind_of_which_an_account_has_one_media_loses_only_the_refused_metric(
    serve: Callable[..., GraphApiServer], login: Any
) -> None:
    server = serve(world(accounts=1, posts=12, seed=11, login=login))
    media = server.world.media(server.world.account_ids[0], START)
    (alone,) = [each["id"] for each in media if each["media_type"] == "CAROUSEL_ALBUM"]
    order = Fault("retired_metric", form="unknown_100", names=("reach",), media=(alone,))
    server.faults.add(order)
    run = run_tap(server, login=login, catalog=WANTED)
    expected = truth.media_insights(server.world, START)
    (key,) = [key for key in expected if key[0] == alone]
    expected[key]["reach"] = None
    truth.tables_equal(run.table("media_insights"), expected)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_media_that_was_posted_in_the_second_of_a_run_is_not_lost(
    serve: Callable[..., GraphApiServer], seconds: int
) -> None:
    server = serve(world(accounts=1, posts=30))
    newest = server.world.posts_of(server.world.account_ids[0], START)[0]
    server.clock.set(newest.published + dt.timedelta(seconds=seconds))
    options: dict[str, Any] = {"catalog": WANTED, "media_refresh": "*:30"}
    warehouse = Warehouse()
    warehouse.load(run_tap(server, **options))
    assert ((newest.id,) in warehouse.tables["media"]) == (seconds >= 0)
    assert newest.id not in {key[0] for key in warehouse.tables["media_insights"]}
    server.clock.set(START)
    warehouse.load(run_tap(server, state=warehouse.state, **options))
    truth_of = truth.media_insights(server.world, START)
    (key,) = [key for key in truth_of if key[0] == newest.id]
    truth.tables_equal({key: warehouse.tables["media_insights"][key]}, {key: truth_of[key]})
