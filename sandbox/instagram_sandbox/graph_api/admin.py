"""The paths under /_sandbox/, with which another process runs the sandbox."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from instagram_sandbox.graph_api.api.call import Answer
from instagram_sandbox.graph_api.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api.server import GraphApiServer

PREFIX = "/_sandbox/"


def answer(server: GraphApiServer, method: str, target: str, body: str) -> Answer:
    """Answer a request to the sandbox itself: no token, no latency, not counted."""
    path = urlsplit(target).path
    action = _ACTIONS.get((method, path.removeprefix(PREFIX)))
    if action is None:
        return Answer(404, {"error": f"The sandbox has no {method} {path}."})
    try:
        return Answer(200, action(server, json.loads(body) if body else None))
    except (KeyError, TypeError, ValueError) as error:
        return Answer(400, {"error": f"The sandbox cannot do that: {error}."})


def _health(server: GraphApiServer, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    settings = server.world.settings
    return {"status": "ok", "login": settings.login, "accounts": settings.accounts}


def _stats(server: GraphApiServer, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return server.requests.stats()


def _reset_stats(server: GraphApiServer, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    server.reset_counts()
    return server.requests.stats()


def _clock(server: GraphApiServer, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"now": server.clock.now().isoformat(), "running": server.clock.running}


def _set_clock(server: GraphApiServer, order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    if "set" in order:
        server.clock.set(datetime.fromisoformat(order["set"].replace("Z", "+00:00")))
    else:
        server.clock.advance(timedelta(seconds=order["advance_seconds"]))
    return _clock(server, None)


def _order_faults(server: GraphApiServer, order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    faults = [Fault.from_json(fault) for fault in order]
    server.faults.add(*faults)
    return {"ordered": len(faults)}


def _random_faults(server: GraphApiServer, order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    server.faults.random(order["seed"], order["share"], order["kinds"])
    return {"share": order["share"]}


def _clear_faults(server: GraphApiServer, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    server.faults.clear()
    return {"ordered": 0}


def _settings(server: GraphApiServer, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return server.world.settings.to_json()


def _usage(server: GraphApiServer, order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    usage = server.usage
    usage.allowance_calls = order.get("allowance_calls", usage.allowance_calls)
    usage.regain_minutes = order.get("regain_minutes", usage.regain_minutes)
    usage.code = order.get("code", usage.code)
    if order.get("reset"):
        usage.reset()
    return {
        "allowance_calls": usage.allowance_calls,
        "regain_minutes": usage.regain_minutes,
        "code": usage.code,
    }


def _conditions(server: GraphApiServer, order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    world = server.world
    if "lost_accounts" in order:
        world.lost_accounts = dict(order["lost_accounts"])
    if "retired_metrics" in order:
        world.retired_metrics = set(order["retired_metrics"])
    if "deleted_media" in order:
        world.deleted_media = set(order["deleted_media"])
    return {
        "lost_accounts": world.lost_accounts,
        "retired_metrics": sorted(world.retired_metrics),
        "deleted_media": sorted(world.deleted_media),
    }


_ACTIONS: dict[tuple[str, str], Callable[[GraphApiServer, Any], dict[str, Any]]] = {
    ("GET", "health"): _health,
    ("GET", "stats"): _stats,
    ("POST", "stats/reset"): _reset_stats,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("POST", "faults"): _order_faults,
    ("POST", "faults/random"): _random_faults,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "settings"): _settings,
    ("POST", "usage"): _usage,
    ("POST", "conditions"): _conditions,
}
