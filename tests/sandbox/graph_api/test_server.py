"""The server: connections, latency, usage, faults, the sandbox's own paths, the command."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import requests

from instagram_sandbox.graph_api import (
    ApiSettings,
    Fault,
    GraphApiServer,
    World,
    WorldSettings,
    application,
)
from instagram_sandbox.graph_api.clock import Clock
from instagram_sandbox.graph_api.settings import ServerSettings
from tests.ending import killed_with_this_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Serve

COMMAND = [sys.executable, "-m", "instagram_sandbox.graph_api"]


def test_a_connection_is_kept(serve: Serve) -> None:
    client = serve(posts=1)
    for _ in range(50):
        client.get("me")
    adapter: Any = client.session.get_adapter(client.server.url)
    pools = adapter.poolmanager.pools
    (pool,) = (pools[key] for key in pools.keys())  # noqa: SIM118 - which cannot be iterated
    assert (pool.num_requests, pool.num_connections) == (50, 1)


def test_latency_is_of_the_round_trip(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    client = serve(
        posts=1, server={"api_settings": ApiSettings(latency=0.1, batch_latency_share=0.1)}
    )
    waited: list[float] = []
    monkeypatch.setattr(application, "time", SimpleNamespace(sleep=waited.append))
    client.batch("v25.0/me")
    client.batch(*["v25.0/me"] * 10)
    assert waited == pytest.approx([0.11, 0.2])


def test_requests_are_counted(serve: Serve) -> None:
    client = serve(posts=3)
    account = client.server.world.account_ids[0]
    client.get(f"{account}/media", fields="id", limit=2)
    client.batch("v25.0/me", "v25.0/me")
    assert (client.server.http_requests, client.server.calls) == (2, 3)
    first = next(iter(client.server.requests))
    assert (first.endpoint, first.params) == ("GET /{id}/media", {"fields": "id", "limit": "2"})
    assert first.user_agent.startswith("python-requests")
    client.server.reset_counts()
    assert (client.server.http_requests, len(client.server.requests)) == (0, 0)


def test_usage_shows_after_some_traffic(serve: Serve) -> None:
    client = serve(posts=1, server={"api_settings": ApiSettings(allowance_calls=20)})
    account = client.server.world.account_ids[0]
    client.get(account)
    assert "X-Business-Use-Case-Usage" not in client.response.headers
    for _ in range(9):
        client.get(account)
    usage = json.loads(client.response.headers["X-Business-Use-Case-Usage"])
    assert usage[account][0]["call_count"] == 50
    assert usage[account][0]["type"] == "instagram"
    assert len(usage) == 2
    assert json.loads(client.response.headers["X-App-Usage"])["call_count"] == 50
    operation = client.batch(f"v25.0/{account}")[0]
    assert "X-Business-Use-Case-Usage" in {part["name"] for part in operation["headers"]}


def test_an_allowance_used_up_and_regained(serve: Serve) -> None:
    client = serve(posts=1, server={"api_settings": ApiSettings(allowance_calls=10)})
    clock, (account, other) = client.server.clock, client.server.world.account_ids
    for _ in range(10):
        client.get(account)
    error = client.error(account)
    assert (client.response.status_code, error["code"]) == (400, 80002)
    usage = json.loads(client.response.headers["X-Business-Use-Case-Usage"])
    assert usage[account][0]["call_count"] == 100
    assert usage[account][0]["estimated_time_to_regain_access"] == 5
    assert client.get(other)["id"] == other
    clock.advance(timedelta(minutes=4))
    assert client.error(account)["code"] == 80002
    clock.advance(timedelta(minutes=4))
    assert client.error(account)["code"] == 80002
    clock.advance(timedelta(minutes=5))
    assert client.get(account)["id"] == account


def test_other_ways_to_throttle(serve: Serve) -> None:
    client = serve(posts=1, server={"api_settings": ApiSettings(allowance_calls=0)})
    for code in (4, 17, 32, 613):
        client.server.usage.code = code
        assert client.error(client.server.world.account_ids[0])["code"] == code


@pytest.mark.parametrize(
    ("kind", "status", "code", "subcode"),
    [
        ("unknown_error", 500, 1, None),
        ("service_error", 500, 2, None),
        ("too_much_data", 500, 1, None),
        ("gone", 400, 100, 33),
        ("permission", 400, 10, None),
        ("expired_token", 401, 190, 463),
        ("password_changed", 401, 190, 460),
        ("blocked", 400, 368, None),
        ("throttle", 400, 80002, None),
    ],
)
def test_errors_on_order(
    serve: Serve, kind: Any, status: int, code: int, subcode: int | None
) -> None:
    client = serve(posts=1)
    client.server.faults.add(Fault(kind, match="/me", times=2, after=1))
    assert client.get("me")["id"]
    for _ in range(2):
        error = client.error("me")
        assert (error["code"], error.get("error_subcode")) == (code, subcode)
        assert client.response.status_code == status
    assert client.get("me")["id"]
    assert len(client.server.faults.history) == 2


def test_any_error_and_any_body(serve: Serve) -> None:
    client = serve(posts=1)
    faults = client.server.faults
    faults.add(Fault("error", code=341, subcode=5, message="(#341) Limit", status=403))
    assert client.error("me")["message"] == "(#341) Limit"
    assert client.response.status_code == 403
    faults.add(Fault("error_with_200", code=2, message="Oops"))
    assert client.get("me")["error"]["code"] == 2
    assert client.response.status_code == 200
    faults.add(Fault("raw", status=503, body='{"half":'))
    with pytest.raises(requests.JSONDecodeError):
        client.get("me")


def test_the_clock_can_be_set_from_outside(serve: Serve) -> None:
    client = serve(posts=1)
    url = f"{client.server.url}/_sandbox"
    start = client.server.world.settings.start
    moved = requests.post(f"{url}/clock", json={"advance_seconds": 90}, timeout=5).json()
    assert moved == {"now": (start + timedelta(seconds=90)).isoformat(), "running": False}
    requests.post(f"{url}/clock", json={"set": "2026-12-24T18:00:00Z"}, timeout=5)
    assert requests.get(f"{url}/clock", timeout=5).json()["now"] == "2026-12-24T18:00:00+00:00"
    assert client.server.clock.now().year == 2026


def test_the_sandbox_from_outside(serve: Serve) -> None:
    client = serve(posts=5, seed=9, retired_metrics=("reposts",))
    url = f"{client.server.url}/_sandbox"
    stored = requests.get(f"{url}/settings", timeout=5).json()
    assert WorldSettings.from_json(stored) == client.server.world.settings
    ordered = [{"kind": "permission", "match": "/me"}]
    assert requests.post(f"{url}/faults", json=ordered, timeout=5).json() == {"ordered": 1}
    assert client.error("me")["code"] == 10
    bad = requests.post(f"{url}/faults", json=[{"kind": "flood"}], timeout=5)
    assert bad.status_code == 400
    stats = requests.get(f"{url}/stats", timeout=5).json()
    assert stats == {"http_requests": 1, "calls": 1, "by_endpoint": {"GET /me": 1}}
    assert requests.post(f"{url}/stats/reset", timeout=5).json()["calls"] == 0
    lost = {"lost_accounts": {client.server.world.account_ids[0]: "gone"}}
    assert requests.post(f"{url}/conditions", json=lost, timeout=5).ok
    assert client.error(client.server.world.account_ids[0])["error_subcode"] == 33
    usage = requests.post(f"{url}/usage", json={"allowance_calls": 7}, timeout=5).json()
    assert usage["allowance_calls"] == 7
    assert requests.get(f"{url}/nonsense", timeout=5).status_code == 404
    assert requests.get(f"{url}/health", timeout=5).json()["status"] == "ok"


def test_a_running_clock_runs() -> None:
    clock = Clock(WorldSettings().start, running=True)
    before = clock.now()
    time.sleep(0.01)
    assert before < clock.now() < before + timedelta(seconds=5)
    with pytest.raises(ValueError, match="time zone"):
        clock.set(before.replace(tzinfo=None))


def test_stopping_closes_kept_connections() -> None:
    with GraphApiServer(WorldSettings(posts=1)) as server, requests.Session() as session:
        session.get(f"{server.url}/v25.0/me", timeout=5)
        port = server.port
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    settings = ServerSettings(
        WorldSettings(posts=4, lost_accounts=(1,), converted_days_ago=30),
        ApiSettings(access_token="another-token", scopes=("instagram_basic",)),
        port=0,
        clock=datetime(2026, 11, 20, 12, tzinfo=timezone.utc),
    )
    with subprocess.Popen(
        [*COMMAND, json.dumps(settings.to_json())], stderr=subprocess.PIPE, text=True
    ) as running:
        with killed_with_this_process(running.pid):
            yield running
        if running.poll() is None:
            running.kill()


def test_a_process_of_its_own_shows_the_world_it_is_told(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    url = process.stderr.readline().removeprefix("The sandbox's Graph API listens on ").strip()
    world = World(
        WorldSettings.from_json(requests.get(f"{url}/_sandbox/settings", timeout=5).json())
    )
    assert world.settings == WorldSettings(posts=4, lost_accounts=(1,), converted_days_ago=30)
    headers = {"Authorization": "Bearer another-token"}
    account = world.account_ids[0]
    found = requests.get(f"{url}/v25.0/{account}/media", headers=headers, timeout=5).json()
    media = world.media(account, world.settings.start)
    assert [item["id"] for item in found["data"]] == [item["id"] for item in media]
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(10) == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"world": {"accounts": -1}},
        {"world": {"shoe_size": 43}},
        {"clock": "2026-11-20T12:00:00"},
        {"color": "red"},
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any]) -> None:
    refused = subprocess.run(
        [*COMMAND, json.dumps({"port": 0, **settings})],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_a_port_in_use_is_named() -> None:
    with GraphApiServer(WorldSettings(posts=1)) as server:
        refused = subprocess.run(
            [*COMMAND, json.dumps({"port": server.port})],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    assert refused.returncode == 1
    assert refused.stderr == f"Port {server.port} is in use: something else listens there.\n"


def test_it_runs_on_the_standard_library_alone() -> None:
    root = Path(__file__).parents[3] / "packages" / "instagram-sandbox"
    with subprocess.Popen(
        [sys.executable, "-S", *COMMAND[1:], '{"port": 0}'],
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
    ) as process:
        assert process.stderr is not None
        assert "listens on" in process.stderr.readline()
        process.terminate()
