"""What goes wrong at Meta: what is asked again, what is a gap, what ends an account or the run."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, Fault, WorldSettings
from tap_instagram_business.failures import AccountsUnread
from tap_instagram_business.graph.client import GraphClient
from tap_instagram_business.graph.errors import GraphError, GraphFailure, Unreachable
from tap_instagram_business.graph.retries import RetryPolicy
from tests import tap_run, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tests.tap_run import Run

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
DAYS = truth.days_to(truth.last_complete_day(START), 9)
WORLD = WorldSettings(accounts=2, posts=60, days=len(DAYS), seed=5, start=START)


def run_tap(server: GraphApiServer, **options: Any) -> Run:
    """Run the tap over the days of the world."""
    return tap_run.run_tap(server, **{"start_date": DAYS[0].isoformat(), **options})


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    return serve(WORLD, api_settings=ApiSettings(page_cap=40))


def assert_complete(server: GraphApiServer, run: Run) -> None:
    world = server.world
    truth.tables_equal(run.table("accounts"), truth.accounts(world, START))
    truth.tables_equal(run.table("account_insights"), truth.account_insights(world, START, DAYS))
    truth.tables_equal(run.table("media"), truth.media(world, START))
    truth.tables_equal(run.table("media_insights"), truth.media_insights(world, START))


PASSING = {
    "dropped": Fault(kind="drop", times=3, after=2),
    "a proxy's page": Fault(kind="html_502", times=3),
    "an empty body": Fault(kind="empty_body", times=3, after=1),
    "a torn body": Fault(kind="truncated_body", times=3, after=3),
    "code 1": Fault(kind="unknown_error", times=4, after=10),
    "code 2": Fault(kind="service_error", times=4, after=5),
    "an error under HTTP 200": Fault(kind="error_with_200", code=2, times=3, after=5),
    "null in a batch": Fault(kind="null_op", times=20, after=20),
    "a batch refused": Fault(kind="batch_refused", times=2),
    "gone, but not really": Fault(kind="gone", match="17.*insights", times=1, after=30),
}


@pytest.mark.soak
@pytest.mark.parametrize("name", PASSING)
def test_trouble_that_passes_leaves_no_trace(server: GraphApiServer, name: str) -> None:
    server.faults.add(PASSING[name])
    assert_complete(server, run_tap(server))
    assert len(server.faults.history) == PASSING[name].times


def test_an_answer_is_waited_for_no_longer_than_the_timeout(
    server: GraphApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GraphClient, "retry_policy", RetryPolicy(5, 0.01, 2.0))
    server.faults.add(Fault(kind="stall", times=1, after=1, seconds=4))
    assert_complete(server, run_tap(server))
    assert server.faults.history


def test_less_is_asked_for_where_it_was_too_much(server: GraphApiServer) -> None:
    too_much = Fault(kind="too_much_data", match=r"/media\?.*limit=(100|50)\b", times=None)
    server.faults.add(too_much)
    assert_complete(server, run_tap(server))


def test_a_media_that_is_gone_is_a_gap_and_nothing_else(server: GraphApiServer) -> None:
    victim = sorted(key[0] for key in truth.media_insights(server.world, START))[5]
    server.faults.add(Fault(kind="gone", match=f"{victim}/insights", times=None))
    run = run_tap(server)
    expected = truth.media_insights(server.world, START)
    row = expected.pop((victim, *truth.moment(START)))
    truth.tables_equal(run.table("media_insights"), expected)
    gap = run.table("insight_gaps")[
        row["account_id"], victim, truth.DOES_NOT_APPLY, "gone", "2026-11-20"
    ]
    assert (gap["code"], gap["subcode"]) == (100, 33)


def test_a_media_that_meta_always_fails_at_is_a_gap(server: GraphApiServer) -> None:
    victim = sorted(key[0] for key in truth.media_insights(server.world, START))[5]
    server.faults.add(Fault(kind="unknown_error", match=f"{victim}/insights", times=None))
    run = run_tap(server)
    expected = truth.media_insights(server.world, START)
    account_id = expected.pop((victim, *truth.moment(START)))["account_id"]
    truth.tables_equal(run.table("media_insights"), expected)
    assert (account_id, victim, truth.DOES_NOT_APPLY, "meta_error", "2026-11-20") in run.table(
        "insight_gaps"
    )


def test_a_field_that_meta_has_no_more_stays_empty(server: GraphApiServer) -> None:
    message = "(#100) Tried accessing nonexisting field (alt_text) on node type (Media)"
    fault = Fault(kind="error", match=r"/media\?.*alt_text", times=None, code=100, message=message)
    server.faults.add(fault)
    run = run_tap(server)
    expected = truth.media(server.world, START)
    for row in expected.values():
        row["alt_text"] = None
    truth.tables_equal(run.table("media"), expected)


@pytest.mark.parametrize("kind", ["expired_token", "password_changed", "blocked"])
@pytest.mark.parametrize("after", [0, 1, 40])
def test_a_token_that_dies_stops_the_run_and_keeps_what_is_done(
    server: GraphApiServer, kind: str, after: int
) -> None:
    server.faults.add(Fault(kind=kind, times=None, after=after))
    run = run_tap(server, strict=False)
    assert isinstance(run.error, GraphError)
    assert run.error.rule.remedy
    server.faults.clear()
    again = run_tap(server, state=run.state)
    for stream in ("account_insights", "media", "media_insights"):
        merged = {**(run.table(stream) if stream in run.schemas else {}), **again.table(stream)}
        expected = {
            "account_insights": truth.account_insights(server.world, START, DAYS),
            "media": truth.media(server.world, START),
            "media_insights": truth.media_insights(server.world, START),
        }[stream]
        truth.tables_equal(merged, expected)


def test_a_host_that_goes_away_in_the_middle_is_told_in_a_sentence(server: GraphApiServer) -> None:
    server.faults.add(Fault(kind="drop", times=None, after=3))
    run = run_tap(server, strict=False)
    assert isinstance(run.error, Unreachable)
    assert "no connection" in str(run.error)


@pytest.mark.parametrize(
    ("match", "stream"),
    [
        ("/media\\?", "media"),
        ("17\\d+/insights.*saved", "media_insights"),
        ("period=day", "account_insights"),
    ],
)
def test_one_account_without_permission_does_not_stop_the_others(
    server: GraphApiServer, match: str, stream: str
) -> None:
    victim = server.world.account_ids[1]
    own = {media["id"] for media in server.world.media(victim, START)} | {victim}

    def hits(line: str) -> bool:
        return any(f"/{i}/" in line for i in own) and re.search(match, line) is not None

    server.faults.add(Fault(kind="permission", match=hits, times=None))
    run = run_tap(server, strict=False)
    assert isinstance(run.error, AccountsUnread)
    assert victim in str(run.error)
    assert stream in str(run.error)
    assert victim not in run.state["bookmarks"][stream].get("accounts", {})
    for other in ("account_insights", "media", "media_insights"):
        kept = run.state["bookmarks"][other]["accounts"]
        assert set(server.world.account_ids) - {victim} <= set(kept)
    everything = {
        "account_insights": truth.account_insights(server.world, START, DAYS),
        "media": truth.media(server.world, START),
        "media_insights": truth.media_insights(server.world, START),
    }[stream]
    others = {key: row for key, row in everything.items() if row["account_id"] != victim}
    got = {k: row for k, row in run.table(stream).items() if row["account_id"] != victim}
    truth.tables_equal(got, others)
    server.faults.clear()
    again = run_tap(server, state=run.state)
    truth.tables_equal({**run.table(stream), **again.table(stream)}, everything)


@pytest.mark.soak
@pytest.mark.parametrize("reason", ["permission", "gone", "unavailable", "role"])
def test_an_account_that_is_lost_is_named_and_the_others_are_read(
    server: GraphApiServer, reason: str
) -> None:
    victim = server.world.account_ids[0]
    server.world.lost_accounts[victim] = reason
    run = run_tap(server, strict=False, account_ids=server.world.account_ids)
    assert isinstance(run.error, AccountsUnread)
    assert victim in str(run.error)
    others = {
        k: r for k, r in truth.media(server.world, START).items() if r["account_id"] != victim
    }
    truth.tables_equal(run.table("media"), others)


@pytest.mark.soak
def test_a_page_token_reads_the_account_of_its_page(serve: Callable[..., GraphApiServer]) -> None:
    server = serve(WORLD, api_settings=ApiSettings(token_kind="page"))
    run = run_tap(server)
    assert list(run.table("accounts")) == [(server.world.account_ids[0],)]


def test_a_token_without_accounts_says_what_to_do(serve: Callable[..., GraphApiServer]) -> None:
    run = run_tap(serve(WorldSettings(accounts=0)), strict=False)
    assert isinstance(run.error, GraphFailure)
    assert "link the account to a Facebook Page" in str(run.error)


@pytest.mark.soak
def test_the_summary_of_a_fleet_that_fails_can_be_read(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=30, posts=1, days=3, start=START))
    server.faults.add(Fault(kind="permission", match="/stories", times=None))
    run = run_tap(server, strict=False, start_date="2026-11-18")
    assert isinstance(run.error, AccountsUnread)
    assert str(run.error).count(" in stories") == 20
    assert " and 10 accounts more: Meta's error 10: " in str(run.error)
