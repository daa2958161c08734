"""Each row of the error table, over a socket: what follows from an error, and what is kept."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import tap_instagram_business
from instagram_sandbox.graph_api import Fault, WorldSettings
from instagram_sandbox.graph_api.faults.failures import error_of
from tap_instagram_business.failures import AccountsUnread
from tap_instagram_business.graph.error_table import RULES, Reason
from tap_instagram_business.graph.errors import GraphError
from tests import tap_run, truth
from tests.tap_run import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer
    from tests.tap_run import Run

LIMITS = "tap_instagram_business.graph.rate_limits"

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
TODAY = START.date().isoformat()
DAYS = truth.days_to(truth.last_complete_day(START), 9)
WORLD = WorldSettings(accounts=2, posts=30, days=len(DAYS), seed=5, start=START)


def run_tap(server: GraphApiServer, **options: Any) -> Run:
    """Run the tap over the days of the world."""
    return tap_run.run_tap(server, start_date=DAYS[0].isoformat(), **options)


def error(code: int, subcode: int | None = None, message: str = "", status: int = 400) -> Fault:
    return Fault(
        kind="error", code=code, subcode=subcode, message=f"(#{code}) {message}", status=status
    )


def ordered(fault: Fault, **how: Any) -> Fault:
    return Fault(**{**vars(fault), **how})


PASSING = {
    "code -2": error(-2),
    "code -1": error(-1),
    "code 1": error(1),
    "code 2": error(2, status=503),
    "code 960": error(960, message="Request aborted."),
    "an unknown code with HTTP 500": error(77_777, status=500),
}
THROTTLED = {
    f"code {code}": error(code, message="There have been too many calls", status=status)
    for code, status in (
        *((4, 403), (17, 400), (32, 403), (341, 400), (613, 400)),
        *((80000, 400), (80001, 400), (80002, 403), (80014, 400)),
    )
}
GAPS = {
    "too_few_viewers": error(10, message="Not enough viewers for the media to show insights"),
    "before_conversion": error(100, 2108006, "Invalid parameter"),
    "before_conversion, in words": error(
        100, message="Media posted before business account conversion"
    ),
    "gone": error(100, 33, "Unsupported get request. Object with ID '1' does not exist"),
    "gone, code 24": error(24, message="The requested resource does not exist"),
    "gone, code 803": error(803, message="Some of the aliases you requested do not exist: 1"),
    "empty": error(100, message="since param is not valid. Metrics data is available for 2 years"),
    "meta_error": error(66_666, message="Nobody has seen this one before"),
}
WITHOUT_SAVED = {
    "unsupported": error(
        100, message="The Media Insights API does not support the saved metric for this type"
    ),
    "retired": error(
        100,
        message="metric[0] must be one of the following values: views, reach, likes, comments, "
        "shares, reposts, total_interactions, total_likes, total_comments, total_views, follows, "
        "profile_visits, ig_reels_avg_watch_time, ig_reels_video_view_total_time, "
        "reels_skip_rate, crossposted_views, facebook_views",
    ),
    "unsupported, by breakdowns": error(
        100, message="Incompatible breakdowns (x) for metric (saved)"
    ),
    "unsupported, by type": error(
        100,
        message="The following metrics (saved) should be specified with parameter "
        "metric_type=total_value",
    ),
    "empty": error(100, message="(saved) metric only supports querying data for 30 days"),
}
LEFT_OUT = {
    "no permission": error(10, message="Application does not have permission", status=403),
    "invalid user": error(110, message="Invalid user id"),
    "unavailable": error(9009, message="The user is not available"),
    "lost its Page": error(190, 492, "The session was invalidated", status=401),
    "permissions error": error(200, message="Permissions error", status=403),
    "code 299": error(299, message="Requires a permission"),
    "gone": error(100, 33, "Unsupported get request. Object with ID '1' does not exist"),
}
STOPPING = {
    "wrong secret": error(100, message="Invalid appsecret_proof provided in the API argument"),
    "session invalid": error(102, message="Session key invalid", status=401),
    "wrong signature": error(104, message="Incorrect signature"),
    **{
        f"dead token, {subcode}": error(190, subcode, "Error validating access token", status=401)
        for subcode in (None, 458, 459, 460, 463, 464, 467)
    },
    "no capability": error(3, message="Application does not have the capability"),
    "blocked": error(368, message="The action attempted has been deemed abusive"),
    "syntax": error(2500, message="Unknown path components: /v25.0"),
    "version switched off": error(2635, message="You are calling a deprecated version"),
}
LESS = error(1, message="Please reduce the amount of data you're asking for, then retry")
NO_FIELD = error(100, message="Tried accessing nonexisting field (alt_text) on node type (Media)")


def test_every_row_has_its_case() -> None:
    tables = (PASSING, THROTTLED, GAPS, WITHOUT_SAVED, LEFT_OUT, STOPPING)
    faults = [LESS, NO_FIELD, *(fault for table in tables for fault in table.values())]
    met = []
    for fault in faults:
        told = error_of(fault)
        met.append(GraphError(told.body("A1", instagram_login=False)["error"], told.status).rule)
    assert [rule for rule in RULES if rule not in met] == []


def test_every_reason_of_a_gap_is_given_somewhere() -> None:
    package = Path(tap_instagram_business.__file__).parent
    code = "".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    assert [reason for reason in Reason if f"Reason.{reason.name}" not in code] == []


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    return serve(WORLD)


def some_media(server: GraphApiServer) -> str:
    return str(sorted(truth.media_insights(server.world, START))[5][0])


def load(server: GraphApiServer, **options: Any) -> Warehouse:
    warehouse = Warehouse()
    warehouse.load(run_tap(server, **options))
    return warehouse


@pytest.mark.parametrize("name", PASSING)
def test_asked_again_and_whole(server: GraphApiServer, name: str) -> None:
    server.faults.add(ordered(PASSING[name], after=20, times=40))
    load(server).assert_true(server.world, START, DAYS)
    assert len(server.faults.history) == 40


@pytest.mark.parametrize("name", THROTTLED)
def test_waited_for_and_whole(
    server: GraphApiServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{LIMITS}.SECONDS_A_MINUTE", 0.001)
    server.faults.add(ordered(THROTTLED[name], after=100, times=3))
    load(server, max_wait_minutes=100_000).assert_true(server.world, START, DAYS)
    assert len(server.faults.history) == 3


@pytest.mark.parametrize("name", THROTTLED)
def test_stopped_at_and_gone_on_from(server: GraphApiServer, name: str) -> None:
    server.faults.add(ordered(THROTTLED[name], after=100, times=None))
    warehouse = load(server, on_rate_limit="stop")
    assert 1 <= len(server.faults.history) <= 200, "more than was under way"
    server.faults.clear()
    warehouse.load(run_tap(server, state=warehouse.state))
    warehouse.assert_true(server.world, START, DAYS)


@pytest.mark.parametrize("name", GAPS)
def test_a_gap_of_one_media_and_the_rest_whole(server: GraphApiServer, name: str) -> None:
    victim, reason = some_media(server), name.split(",", maxsplit=1)[0]
    # An error that names nothing is asked about metric by metric, and stands for each of them.
    match = rf"/{victim}/insights" + ("" if name == "meta_error" else ".*reach")
    server.faults.add(ordered(GAPS[name], match=match, times=None))
    tables = load(server, media_refresh="always").tables
    expected = truth.media_insights(server.world, START)
    missing = expected.pop((victim, *truth.moment(START)))
    got = tables["media_insights"]
    if reason == "before_conversion":
        # What is older has no insights either, and is not asked for.
        posted = {key: row["timestamp"] for key, row in truth.media(server.world, START).items()}
        own = {key for key in expected if expected[key]["account_id"] == missing["account_id"]}
        older = {key for key in own if posted[key[:1]] <= posted[victim,]}
        expected = {key: row for key, row in expected.items() if key not in older - got.keys()}
    truth.tables_equal(got, expected)
    gap = tables["insight_gaps"][missing["account_id"], victim, truth.DOES_NOT_APPLY, reason, TODAY]
    assert gap["code"] == GAPS[name].code
    assert gap["subcode"] == GAPS[name].subcode


@pytest.mark.parametrize("name", WITHOUT_SAVED)
def test_one_metric_left_out(server: GraphApiServer, name: str) -> None:
    server.faults.add(ordered(WITHOUT_SAVED[name], match="insights.*saved", times=None))
    tables = load(server).tables
    expected = truth.media_insights(server.world, START)
    for row in expected.values():
        row["saved"] = None
        key = (row["account_id"], row["media_id"], "saved", name.split(",", maxsplit=1)[0], TODAY)
        assert tables["insight_gaps"][key]["code"] == 100
    truth.tables_equal(tables["media_insights"], expected)


@pytest.mark.parametrize("name", LEFT_OUT)
def test_one_account_left_out_named_and_made_good(server: GraphApiServer, name: str) -> None:
    victim = server.world.account_ids[0]
    server.faults.add(ordered(LEFT_OUT[name], match=rf"{victim}/insights.*period=day", times=None))
    run = run_tap(server, strict=False)
    assert isinstance(run.error, AccountsUnread)
    assert re.search(rf"{victim} \(.+\) in account_insights, account_reach: ", str(run.error))
    assert str(LEFT_OUT[name].message) in str(run.error)
    others = [key for key in run.table("account_insights") if key[0] != victim]
    assert len(others) == len(DAYS)
    truth.tables_equal(run.table("media_insights"), truth.media_insights(server.world, START))
    server.faults.clear()
    warehouse = Warehouse()
    warehouse.load(run)
    warehouse.load(run_tap(server, state=warehouse.state))
    warehouse.assert_true(server.world, START, DAYS)


@pytest.mark.soak
@pytest.mark.parametrize("name", STOPPING)
def test_stopped_in_the_middle_with_a_remedy(server: GraphApiServer, name: str) -> None:
    server.faults.add(ordered(STOPPING[name], after=150, times=None))
    run = run_tap(server, strict=False)
    assert isinstance(run.error, GraphError)
    assert run.error.rule.remedy
    # What was under way, and a batch that was refused; nothing is asked again.
    assert len(server.faults.history) <= 200
    server.faults.clear()
    warehouse = Warehouse()
    warehouse.load(run)
    warehouse.load(run_tap(server, state=warehouse.state))
    warehouse.assert_true(server.world, START, DAYS)


def test_less_of_a_list(server: GraphApiServer) -> None:
    server.faults.add(ordered(LESS, match=r"/media\?.*limit=(100|50|25)\b", times=None))
    load(server).assert_true(server.world, START, DAYS)


def test_less_in_a_batch(server: GraphApiServer) -> None:
    too_many = ordered(LESS, kind="batch_refused", match=r"(?s)(GET.*){9,}", times=None)
    server.faults.add(too_many)
    load(server).assert_true(server.world, START, DAYS)
    assert server.faults.history


def test_one_field_left_out(server: GraphApiServer) -> None:
    server.faults.add(ordered(NO_FIELD, match=r"/media\?.*alt_text", times=None))
    expected = truth.media(server.world, START)
    for row in expected.values():
        row["alt_text"] = None
    truth.tables_equal(load(server).tables["media"], expected)
