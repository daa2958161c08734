"""What Meta fails at in one run is read by the next, and no run that fails is silent."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from tap_instagram_business import days as pacific
from tap_instagram_business.failures import AccountsUnread
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.graph.errors import Unreachable
from tests import tap_run, truth
from tests.tap_run import Warehouse, catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tests.tap_run import Run

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
DAY = dt.timedelta(days=1)
START_LABELS = pacific.DayLabels()
DAYS = truth.days_to(truth.last_complete_day(START), 9)
WORLD = WorldSettings(accounts=2, posts=60, days=len(DAYS), seed=5, start=START)


def run_tap(server: GraphApiServer, **options: Any) -> Run:
    """Run the tap over the days of the world."""
    return tap_run.run_tap(server, **{"start_date": DAYS[0].isoformat(), **options})


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    return serve(WORLD)


def failing(match: str) -> Fault:
    return Fault(kind="unknown_error", match=match, times=None)


def of_day(day: dt.date) -> str:
    return f"since={START_LABELS.window(day, day)['since']}"


@pytest.mark.soak
@pytest.mark.parametrize(
    "match",
    [
        f"metric_type=total_value.*{of_day(DAYS[4])}|{of_day(DAYS[4])}.*metric_type=total_value",
        f"breakdown=follow_type.*{of_day(DAYS[4])}|{of_day(DAYS[4])}.*breakdown=follow_type",
        "metric=(reach|follower_count|reach,follower_count)&period=day&since",
        "period=week",
        "metric=online_followers",
        "_demographics.*breakdown=country|breakdown=country.*_demographics",
    ],
)
def test_what_meta_failed_at_is_told_and_read_by_the_next_run(
    server: GraphApiServer, match: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.add(failing(match))
    warehouse = Warehouse()
    run = run_tap(server)
    warehouse.load(run)
    assert server.faults.history
    gaps = [gap for gap in truth.unfolded(run.records["insight_gaps"]) if gap[3] == "meta_error"]
    assert gaps
    assert (
        f"Meta failed to return {len(gaps)} insights; the next run requests them again."
        in caplog.messages
    )
    warehouse.load(run_tap(server, state=warehouse.state))
    server.faults.clear()
    warehouse.load(run_tap(server, state=warehouse.state))
    warehouse.assert_true(server.world, START, DAYS)
    assert '"again"' not in str(warehouse.state).replace("'", '"')


@pytest.mark.soak
@pytest.mark.parametrize("metric", ["follower_count", "online_followers", "reach&period=week"])
def test_a_day_that_was_not_asked_for_after_an_error_that_nobody_knows_is_read_by_the_next_run(
    server: GraphApiServer, metric: str
) -> None:
    order = Fault(kind="permission", code=7001, match=f"insights.*metric={metric}", times=1)
    server.faults.add(order)
    warehouse = Warehouse()
    run = run_tap(server)
    warehouse.load(run)
    assert server.faults.history
    gaps = [gap for gap in run.records["insight_gaps"] if gap["code"] == 7001]
    assert {gap["reason"] for gap in gaps} == {"meta_error"}
    assert {gap["date"] for gap in gaps} == {DAYS[0].isoformat()}
    warehouse.load(run_tap(server, state=warehouse.state))
    warehouse.assert_true(server.world, START, DAYS)


def test_a_day_that_was_read_whole_is_not_replaced_by_half_of_it(server: GraphApiServer) -> None:
    warehouse, only = Warehouse(), catalog("account_insights", "insight_gaps")
    warehouse.load(run_tap(server, catalog=only))
    # All calls for totals of the day, also those that look for a metric to blame.
    totals = rf"^(?!.*breakdown=)(?=.*{of_day(DAYS[-1])}\b).*metric_type=total_value"
    server.faults.add(failing(totals))
    run = warehouse.load(run_tap(server, catalog=only, state=warehouse.state))
    failed = {
        (gap["account_id"], gap["date"])
        for gap in run.records["insight_gaps"]
        if gap["reason"] == "meta_error" and gap["metric"] == "views"
    }
    assert failed == {(account, DAYS[-1].isoformat()) for account in server.world.account_ids}
    expected = truth.account_insights(server.world, START, DAYS)
    truth.tables_equal(warehouse.tables["account_insights"], expected)


def test_media_that_meta_failed_at_are_remembered_by_a_run_that_is_cut_short(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=2, posts=5, days=9, seed=5, start=START))
    newest = sorted(truth.media(server.world, START).values(), key=lambda row: row["timestamp"])
    server.clock.advance(DAY * 40)
    victim = newest[-1]["id"]
    server.faults.add(failing(f"/{victim}/insights"))
    state: dict[str, Any] = {}
    wanted = catalog("media", "media_insights", "insight_gaps")
    for calls in (0, 40):
        run = run_tap(server, state=state, catalog=wanted, max_calls=calls, media_refresh="always")
        state = run.state
    kept = state["bookmarks"]["media_insights"]["accounts"]
    assert victim in {media_id for entry in kept.values() for media_id in entry.get("again", ())}
    server.faults.clear()
    run = run_tap(server, state=state, catalog=wanted)
    assert victim in {key[0] for key in run.table("media_insights")}
    assert "again" not in str(run.state)


@pytest.mark.long
def test_an_account_at_whose_media_meta_fails_too_often_is_left_out_and_made_good(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=2, posts=500, days=9, seed=5, start=START))
    victim = server.world.account_ids[0]
    media = [node["id"] for node in server.world.media(victim, START)]
    server.faults.add(failing(f"({'|'.join(media[::2])})/insights"))
    warehouse, wanted = Warehouse(), catalog("media", "media_insights", "insight_gaps")
    run = run_tap(server, strict=False, catalog=wanted)
    assert isinstance(run.error, AccountsUnread)
    assert victim in str(run.error)
    warehouse.load(run)
    server.faults.clear()
    warehouse.load(run_tap(server, state=warehouse.state, catalog=wanted))
    expected = truth.media_insights(server.world, START)
    truth.tables_equal(warehouse.tables["media_insights"], expected)


@pytest.mark.soak
@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_an_outage_ends_the_run_soon_and_the_next_goes_on(
    serve: Callable[..., GraphApiServer], login: Any
) -> None:
    world = WorldSettings(accounts=1, posts=400, days=200, seed=5, start=START, login=login)
    server = serve(world)
    server.faults.add(Fault(kind="service_error", times=None, after=60))
    run = run_tap(server, strict=False, login=login, start_date="2026-06-01")
    assert isinstance(run.error, Unreachable)
    assert "Meta is failing every request" in str(run.error)
    # 500 calls were in flight at most, each sent 5 times.
    assert server.calls <= 60 + 2 * 250 * 5
    server.faults.clear()
    warehouse = Warehouse()
    warehouse.load(run)
    warehouse.load(run_tap(server, state=warehouse.state, login=login, start_date="2026-06-01"))
    expected = truth.account_insights(server.world, START, truth.days_to(DAYS[-1], 172))
    assert warehouse.tables["account_insights"].keys() == expected.keys()
    expected = truth.media_insights(server.world, START)
    since = {
        key for key, row in truth.media(server.world, START).items() if row["timestamp"] > "2026-06"
    }
    wanted = {key: row for key, row in expected.items() if key[:1] in since}
    truth.tables_equal(warehouse.tables["media_insights"], wanted)


def test_one_media_that_meta_fails_at_fails_no_other_of_its_request(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=90, days=9, start=START, login="instagram"))
    expected = truth.media_insights(server.world, START)
    victim = sorted(media_id for (media_id, *_) in expected)[20]
    server.faults.add(failing(f"insights.*{victim}|{victim}/insights"))
    run = run_tap(server, login="instagram")
    del expected[next(key for key in expected if key[0] == victim)]
    truth.tables_equal(run.table("media_insights"), expected)
    assert len(server.faults.history) < 80


@pytest.mark.soak
def test_a_batch_that_one_call_fails_is_asked_in_ever_smaller_ones(server: GraphApiServer) -> None:
    victim = sorted(media_id for (media_id, *_) in truth.media_insights(server.world, START))[20]
    server.faults.add(Fault(kind="batch_refused", match=f"{victim}/insights", times=None))
    warehouse = Warehouse()
    warehouse.load(run_tap(server))
    warehouse.assert_true(server.world, START, DAYS)


@pytest.mark.soak
@pytest.mark.parametrize("login", ["facebook", "instagram"])
@pytest.mark.parametrize("kind", ["drop", "html_502", "truncated_body"])
def test_a_request_that_is_never_answered_fails_only_the_call_to_blame(
    serve: Callable[..., GraphApiServer], kind: Any, login: Any
) -> None:
    server = serve(WorldSettings(accounts=1, posts=90, days=9, seed=5, start=START, login=login))
    expected = truth.media_insights(server.world, START)
    victim = sorted(media_id for (media_id, *_) in expected)[20]
    asked = f"/{victim}/insights.*reach"
    server.faults.add(Fault(kind=kind, match=asked, times=None))
    warehouse = Warehouse()
    run = run_tap(server, login=login)
    account_id = expected.pop(next(key for key in expected if key[0] == victim))["account_id"]
    truth.tables_equal(run.table("media_insights"), expected)
    key = (account_id, victim, truth.DOES_NOT_APPLY, "meta_error", START.date().isoformat())
    gap = run.table("insight_gaps")[key]
    assert gap["code"] is None
    assert len(server.faults.history) < 20
    warehouse.load(run)
    server.faults.clear()
    warehouse.load(run_tap(server, login=login, state=warehouse.state))
    warehouse.assert_true(server.world, START, DAYS)


MISSHAPEN = {
    "null": "null",
    "a number": "17",
    "nothing": "{}",
    "no data": '{"paging": {}}',
    "data that is no list": '{"data": {"reach": 3}}',
    "an error that is none": '{"error": "no"}',
}


@pytest.mark.parametrize("login", ["facebook", "instagram"])
@pytest.mark.parametrize("name", MISSHAPEN)
def test_what_has_not_the_shape_of_an_answer_is_none(
    serve: Callable[..., GraphApiServer], name: str, login: Any
) -> None:
    world = WorldSettings(accounts=1, posts=30, days=9, seed=5, start=START, login=login)
    server = serve(world)
    server.faults.add(
        *(
            Fault(kind="raw", status=200, body=MISSHAPEN[name], after=after, times=1)
            for after in (0, 1, 4, 6, 7)
        )
    )
    warehouse = Warehouse()
    warehouse.load(run_tap(server, login=login))
    assert len(server.faults.history) == 5
    warehouse.assert_true(server.world, START, DAYS)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("match", "body", "told"),
    [
        (r"/media\?", '{"data": [{"id": "1"}]}', ("/media", "unreadable")),
        (r"/media\?", '{"data": [null]}', ("/media", "unreadable")),
        (r"/stories\?", '{"data": [{"caption": "no id"}]}', ("/stories", "unreadable")),
        (r"/tags\?", '{"data": [{"caption": "no id"}]}', ("/tags", "unreadable")),
        (
            "insights.*saved",
            '{"data": [{"name": "reach", "values": [3]}]}',
            ("reach", "unreadable"),
        ),
        ("insights.*saved", '{"data": [null]}', (truth.DOES_NOT_APPLY, "empty")),
        (
            "period=week",
            '{"data": [{"name": "reach", "values": [{"value": 1, "end_time": "?"}]}]}',
            ("reach", "unreadable"),
        ),
        (
            "breakdown=follow_type",
            '{"data": [{"total_value": {"value": 3}}]}',
            (truth.FOLLOWS, "empty"),
        ),
    ],
)
def test_items_of_another_shape_end_no_run_and_are_told(
    serve: Callable[..., GraphApiServer],
    match: str,
    body: str,
    told: tuple[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = WorldSettings(accounts=1, posts=5, days=9, seed=5, start=START, login="instagram")
    server, every_table = serve(world), [e["tap_stream_id"] for e in catalog()["streams"]]
    server.faults.add(Fault(kind="raw", status=200, body=body, match=match, times=None))
    warehouse, wanted = Warehouse(), catalog(*every_table)
    run = run_tap(server, login="instagram", catalog=wanted)
    assert server.faults.history
    assert told in {(row["metric"], row["reason"]) for row in run.records["insight_gaps"]}
    assert (told[1] == "unreadable") == ("unexpected value" in caplog.text)
    warehouse.load(run)
    server.faults.clear()
    again = {"catalog": wanted, "state": warehouse.state, "media_refresh": "always"}
    warehouse.load(run_tap(server, login="instagram", **again))
    truth.tables_equal(warehouse.tables["media"], truth.media(server.world, START))
    truth.tables_equal(
        warehouse.tables["media_insights"], truth.media_insights(server.world, START)
    )
    truth.tables_equal(warehouse.tables["tagged_media"], truth.tagged_media(server.world, START))


@pytest.mark.parametrize(
    "paging",
    [
        '{"next": "https://graph/media?after=A", "cursors": {"after": "A"}}',
        '{"next": "https://graph/media?after=A"}',
        '{"next": "https://graph/media"}',
    ],
)
def test_a_list_that_leads_nowhere_has_not_come_to_its_end(
    serve: Callable[..., GraphApiServer], paging: str
) -> None:
    world = WorldSettings(accounts=1, posts=30, days=9, seed=5, start=START, login="instagram")
    server = serve(world)
    body = f'{{"data": [], "paging": {paging}}}'
    server.faults.add(Fault("raw", status=200, body=body, match=r"/media\?", times=None))
    warehouse = Warehouse()
    run = run_tap(server, login="instagram", strict=False)
    assert isinstance(run.error, AccountsUnread)
    assert "/media goes on, but leads nowhere" in str(run.error)
    assert len(server.faults.history) <= 2
    warehouse.load(run)
    server.faults.clear()
    warehouse.load(run_tap(server, login="instagram", state=warehouse.state))
    warehouse.assert_true(server.world, START, DAYS)


@pytest.mark.soak
def test_a_list_that_takes_too_long_is_asked_for_in_smaller_pages(server: GraphApiServer) -> None:
    slow = Fault(kind="html_502", match=r"/media\?.*limit=(100|50)\b", times=None)
    server.faults.add(slow)
    warehouse = Warehouse()
    warehouse.load(run_tap(server))
    warehouse.assert_true(server.world, START, DAYS)


@pytest.mark.soak
def test_a_list_that_is_never_answered_leaves_its_account_and_table_for_the_next_run(
    server: GraphApiServer,
) -> None:
    victim = server.world.account_ids[0]
    server.faults.add(Fault(kind="drop", match=rf"{victim}/(media|stories)\?", times=None))
    warehouse = Warehouse()
    run = run_tap(server, strict=False)
    assert isinstance(run.error, AccountsUnread)
    assert f"{victim} (records.sandbox_1) in media, stories: No answer from Meta" in str(run.error)
    assert "check the network" in str(run.error)
    warehouse.load(run)
    server.faults.clear()
    warehouse.load(run_tap(server, state=warehouse.state))
    warehouse.assert_true(server.world, START, DAYS)


@pytest.mark.soak
@pytest.mark.parametrize("after", [1, 30, 150])
def test_a_network_that_is_gone_for_a_while_is_waited_for(
    server: GraphApiServer, after: int
) -> None:
    lost = GraphClient.retry_policy.tries - 1
    outage = Fault(kind="drop", match=lambda _: server.calls >= after, times=lost)
    server.faults.add(outage)
    warehouse = Warehouse()
    warehouse.load(run_tap(server))
    assert len(server.faults.history) == lost
    warehouse.assert_true(server.world, START, DAYS)


@pytest.mark.soak
def test_replies_that_cannot_be_read_cost_only_their_media_and_are_read_by_the_next_run(
    serve: Callable[..., GraphApiServer],
) -> None:
    world = WorldSettings(accounts=2, posts=15, days=9, seed=5, start=START)
    server = serve(world, api_settings=ApiSettings(page_cap=2))
    server.faults.add(failing("/replies"))
    wanted, warehouse = catalog("media", "comments", "insight_gaps"), Warehouse()
    run = run_tap(server, catalog=wanted)
    lacking = {row["media_id"] for row in run.records["insight_gaps"]}
    assert {row["metric"] for row in run.records["insight_gaps"]} == {"/replies"}
    expected = truth.comments(server.world, START)
    assert {key for key, row in expected.items() if row["media_id"] not in lacking} <= {
        *run.table("comments")
    }
    warehouse.load(run)
    server.faults.clear()
    warehouse.load(run_tap(server, state=warehouse.state, catalog=wanted))
    truth.tables_equal(warehouse.tables["comments"], expected)


@pytest.mark.soak
def test_a_version_that_is_switched_off_in_the_middle_is_told_once(
    server: GraphApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.add(Fault("newer_version", number=25, after=5))
    warehouse = Warehouse()
    warehouse.load(run_tap(server, api_version="v24.0"))
    told = [text for text in caplog.messages if "answers as API version v25.0" in text]
    assert told == [
        "Meta answers as API version v25.0: raise setting `api_version`, or leave it out."
    ]
    warehouse.assert_true(server.world, START, DAYS)
