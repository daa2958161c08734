"""Rate limits: what the headers say, how many calls are sent at once, waiting and stopping."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, Clock, Fault, WorldSettings
from tap_instagram_business.graph.errors import RateLimited
from tap_instagram_business.graph.rate_limits import RateLimits, read_usage
from tests import truth
from tests.graph.test_rate_limits import case
from tests.tap_run import Warehouse, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api import GraphApiServer

LIMITS = "tap_instagram_business.graph.rate_limits"

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
WORLD = WorldSettings(accounts=2, posts=150, days=300, seed=5, start=START)
MINUTE = dt.timedelta(minutes=1)


A = ["1784"] * 200


def test_calls_go_out_slowly_at_first() -> None:
    rate_limits = RateLimits()
    assert len(rate_limits.acquire(A)) == 50
    rate_limits.release(A[:50])
    assert len(rate_limits.acquire(A)) == 100


def test_no_more_than_half_of_what_is_left_is_under_way() -> None:
    rate_limits = RateLimits()
    for percent in range(81):
        rate_limits.note_usage(read_usage(case(call_count=percent)), "1784", 0.0)
        rate_limits.note_usage(read_usage(case(call_count=percent)), "1784", 0.0)
    # 161 answers have cost 80 percent, so that about 40 calls are left.
    assert 15 <= len(rate_limits.acquire(A)) <= 20


def test_an_allowance_that_others_have_used_up_is_asked_gently() -> None:
    rate_limits = RateLimits()
    rate_limits.note_usage(read_usage(case(call_count=97)), "1784", 0.0)
    assert len(rate_limits.acquire(A)) == 5


def test_one_call_at_a_time_goes_where_nothing_seems_left() -> None:
    rate_limits = RateLimits()
    for percent in (10, 100):
        rate_limits.note_usage(read_usage(case(call_count=percent)), "1784", 0.0)
    assert len(rate_limits.acquire(A)) == 1


def test_an_account_whose_allowance_is_used_up_holds_no_other() -> None:
    rate_limits = RateLimits()
    rate_limits.note_usage(
        read_usage(case(call_count=100, estimated_time_to_regain_access=5)),
        account_id="1784",
        sent=0.0,
    )
    assert rate_limits.acquire(["1784", "other", "1784", "other"]) == [1, 3]


def test_the_apps_allowance_holds_all() -> None:
    rate_limits = RateLimits(max_wait_minutes=1)
    app = {"X-App-Usage": json.dumps({"call_count": 100, "estimated_time_to_regain_access": 9})}
    rate_limits.note_usage(read_usage(app), "1784", 0.0)
    with pytest.raises(RateLimited):
        rate_limits.acquire(["other"])


def test_max_calls_is_kept_to_the_call() -> None:
    rate_limits = RateLimits(max_calls=60)
    assert len(rate_limits.acquire(A)) == 50
    rate_limits.release(A[:50])
    assert len(rate_limits.acquire(A)) == 10
    rate_limits.release(A[:10])
    with pytest.raises(RateLimited, match="max_calls"):
        rate_limits.acquire(A)


def test_a_wait_for_the_app_that_is_longer_than_allowed_ends_the_run() -> None:
    rate_limits = RateLimits(max_wait_minutes=10)
    app = {"X-App-Usage": json.dumps({"call_count": 100, "estimated_time_to_regain_access": 11})}
    rate_limits.note_usage(read_usage(app), "1784", 0.0)
    with pytest.raises(RateLimited, match="back in about 11 minutes"):
        rate_limits.acquire(A)


def test_a_wait_for_an_account_that_is_longer_than_allowed_ends_the_account() -> None:
    rate_limits = RateLimits(max_wait_minutes=10)
    spent = read_usage(case(call_count=100, estimated_time_to_regain_access=11))
    rate_limits.note_usage(spent, "1784", 0.0)
    assert rate_limits.acquire(A) == []
    assert (
        rate_limits.exhausted_reason("1784")
        == "Meta's rate limit is used up, back in about 11 minutes"
    )
    assert rate_limits.acquire(["1784", "other", "1784", "other"]) == [1, 3]
    assert rate_limits.exhausted_reason("other") == ""


def test_an_answer_that_was_overtaken_is_no_allowance_coming_back() -> None:
    rate_limits = RateLimits()
    early, late = time.monotonic(), time.monotonic() + 60
    for percent in range(90):
        rate_limits.note_usage(read_usage(case(call_count=percent)), "1784", early)
    rate_limits.note_usage(read_usage(case(call_count=10)), "1784", early)
    assert len(rate_limits.acquire(A)) == 5
    rate_limits.release(A[:5])
    rate_limits.note_usage(read_usage(case(call_count=10)), "1784", late)
    assert 40 <= len(rate_limits.acquire(A)) <= 50


def test_the_apps_calls_are_counted_whoevers_they_are() -> None:
    rate_limits = RateLimits()
    for percent in range(81):
        app = {"X-App-Usage": json.dumps({"call_count": percent})}
        rate_limits.note_usage(read_usage(app), "1784", 0.0)
    # 80 answers have cost 80 percent, so that about 20 calls are left.
    assert len(rate_limits.acquire(["1784", "other"] * 50)) == 10
    rate_limits.release(["1784"])
    assert len(rate_limits.acquire(["third"] * 50)) == 1


def test_waits_grow_and_add_up_and_begin_again_with_one_call(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(f"{LIMITS}.SECONDS_A_MINUTE", 0.001)
    rate_limits = RateLimits(max_wait_minutes=21)
    for answered in (False, True, False):
        rate_limits.refused("1784", of_app=False)
        assert len(rate_limits.acquire(A)) == 1
        rate_limits.release(A[:1])
        if answered:
            rate_limits.answered("1784")
    waited = re.findall(r"waiting (\d+) minutes", caplog.text)
    assert waited == ["5", "10", "5"]
    rate_limits.refused("1784", of_app=False)
    assert rate_limits.acquire(A) == []
    assert rate_limits.exhausted_reason("1784")


def test_after_a_wait_for_the_app_more_and_more_calls_go_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{LIMITS}.SECONDS_A_MINUTE", 0.001)
    rate_limits = RateLimits()
    rate_limits.refused("1784", of_app=True)
    granted = []
    for _ in range(4):
        granted.append(len(rate_limits.acquire(A)))
        rate_limits.release(A[: granted[-1]])
    assert granted == [1, 2, 4, 8]


class WaitingPasses(threading.Condition):
    """Waits no time: the clocks of the tap and of the world are advanced instead."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is None:
            return super().wait()
        self._clock.advance(dt.timedelta(seconds=timeout))
        return False


def seconds_of(clock: Clock) -> float:
    return (clock.now() - START).total_seconds()


@pytest.mark.soak
def test_a_run_that_needs_twice_the_allowance_waits_and_ends_complete(
    serve: Callable[..., GraphApiServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(START)
    plain = serve(WORLD)
    run_tap(plain)
    allowance = ApiSettings(allowance_calls=plain.calls // 4)
    server = serve(WORLD, api_settings=allowance, clock=clock)
    condition = SimpleNamespace(Condition=lambda: WaitingPasses(clock), Lock=threading.Lock)
    monkeypatch.setattr(f"{LIMITS}.threading", condition)
    monkeypatch.setattr(f"{LIMITS}.time", SimpleNamespace(monotonic=lambda: seconds_of(clock)))
    run = run_tap(server, max_wait_minutes=100_000)
    now = START + MINUTE * 5
    assert run.table("media").keys() >= truth.media(server.world, now).keys()
    assert run.table("media_insights").keys() >= truth.media_insights(server.world, now).keys()
    assert 1 <= server.usage.refused <= 5


@pytest.mark.soak
def test_a_run_that_stops_goes_on_at_the_next(serve: Callable[..., GraphApiServer]) -> None:
    server = serve(WORLD)
    run_tap(server)
    needed = server.calls
    server.usage.reset()
    server.usage.allowance_calls = needed // 4
    merged: dict[str, dict[Any, Any]] = {}
    state: dict[str, Any] = {}
    for _ in range(4):
        server.usage.reset()
        server.usage.refused = 0
        run = run_tap(server, state=state, on_rate_limit="stop")
        assert server.usage.refused <= 5
        state = run.state or state
        for stream in run.schemas:
            merged.setdefault(stream, {}).update(run.table(stream))
    days = truth.days_to(truth.last_complete_day(START), 30)
    for stream, expected in truth.every_table(server.world, START, days).items():
        truth.tables_equal(merged[stream], expected)


@pytest.mark.soak
def test_an_account_whose_allowance_is_used_up_does_not_keep_others_from_being_read(
    serve: Callable[..., GraphApiServer], caplog: pytest.LogCaptureFixture
) -> None:
    """An account that nobody looks at may have no rate limit left at all, on any day."""
    server = serve(WorldSettings(accounts=6, posts=40, days=200, seed=5, start=START))
    victim = server.world.account_ids[0]
    media = [node["id"] for node in server.world.media(victim, START)]
    stories = [node["id"] for node in server.world.stories(victim, START)]
    own = re.compile(rf"/({'|'.join([victim, *media, *stories])})(/|\\?)")
    server.faults.add(Fault(kind="throttle", match=lambda line: bool(own.search(line)), times=None))
    warehouse = Warehouse()
    for _ in range(2):
        run = run_tap(server, on_rate_limit="stop", state=warehouse.state)
        warehouse.load(run)
    # What was under way together before the first refusal, in each of the two runs.
    assert len(server.faults.history) <= 2 * 60
    assert f"Account {victim}" in caplog.text
    gaps = {key[3] for key in warehouse.tables["insight_gaps"] if key[0] == victim}
    assert "rate_limited" in gaps
    days = truth.days_to(truth.last_complete_day(START), 30)
    for stream, expected in truth.every_table(server.world, START, days).items():
        others = {key: row for key, row in expected.items() if row["account_id"] != victim}
        got = warehouse.tables[stream]
        truth.tables_equal(
            {key: row for key, row in got.items() if row["account_id"] != victim}, others
        )
    server.faults.clear()
    warehouse.load(run_tap(server, state=warehouse.state))
    warehouse.assert_true(server.world, START, days)


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613])
def test_an_allowance_that_all_share_is_found_used_up_once(
    serve: Callable[..., GraphApiServer], code: int
) -> None:
    server = serve(WorldSettings(accounts=30, posts=5, days=60, seed=5, start=START))
    server.faults.add(Fault(kind="throttle", code=code, after=200, times=None))
    run_tap(server, on_rate_limit="stop", start_date="2026-11-18")
    # What was under way: nothing had told that the rate limit was nearly used up.
    assert 1 <= len(server.faults.history) <= 200


@pytest.mark.parametrize("code", [4, 80002])
def test_a_run_that_may_ask_nothing_ends_at_once_and_leaves_the_state_alone(
    serve: Callable[..., GraphApiServer], code: int
) -> None:
    server = serve(WORLD)
    server.faults.add(Fault(kind="throttle", code=code, times=None))
    run = run_tap(server, on_rate_limit="stop")
    assert (server.calls, run.messages) == (1, [])


@pytest.mark.soak
@pytest.mark.parametrize(
    "max_calls",
    [pytest.param(100, marks=pytest.mark.long), pytest.param(150, marks=pytest.mark.long), 400],
)
def test_however_few_calls_a_run_may_make_the_next_goes_on(
    serve: Callable[..., GraphApiServer], max_calls: int, caplog: pytest.LogCaptureFixture
) -> None:
    world = WorldSettings(accounts=2, posts=120, days=300, seed=5, start=START)
    whole = serve(world)
    run_tap(whole)
    server, warehouse, runs = serve(world), Warehouse(), 0
    while True:
        caplog.clear()
        earlier, calls = warehouse.state, server.calls
        warehouse.load(run_tap(server, state=warehouse.state, max_calls=max_calls))
        assert server.calls - calls <= max_calls
        assert warehouse.state != earlier, "no headway"
        runs += 1
        if "Stopping early" not in caplog.text:
            break
    warehouse.assert_true(server.world, START, truth.days_to(truth.last_complete_day(START), 30))
    assert server.calls < 3 * whole.calls
