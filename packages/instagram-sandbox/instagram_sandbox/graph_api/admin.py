"""The paths under /_sandbox/, through which another process controls the simulated Graph API."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from instagram_sandbox.graph_api.api.call import Answer
from instagram_sandbox.graph_api.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api.application import Application

PREFIX = "/_sandbox/"


def answer(application: Application, method: str, target: str, body: str) -> Answer:
    """Answer a request to a path under /_sandbox/.

    Such requests need no token, have no latency and are not counted.

    Args:
        application: The application to control.
        method: HTTP method.
        target: Path of the request.
        body: JSON, or an empty text.
    """
    path = urlsplit(target).path
    action = _ACTIONS.get((method, path.removeprefix(PREFIX)))
    if action is None:
        return Answer(404, {"error": f"The sandbox does not know {method} {path}."})
    try:
        return Answer(200, action(application, json.loads(body) if body else None))
    except (KeyError, TypeError, ValueError) as error:
        return Answer(400, {"error": f"The sandbox cannot do that: {error}."})


def _health(application: Application, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    settings = application.world.settings
    return {"status": "ok", "login": settings.login, "accounts": settings.accounts}


def _stats(application: Application, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return application.requests.stats()


def _reset_stats(application: Application, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    application.reset_counts()
    return application.requests.stats()


def _clock(application: Application, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"now": application.clock.now().isoformat(), "running": application.clock.running}


def _set_clock(application: Application, order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    if "set" in order:
        application.clock.set(datetime.fromisoformat(order["set"].replace("Z", "+00:00")))
    else:
        application.clock.advance(timedelta(seconds=order["advance_seconds"]))
    return _clock(application, None)


def _order_faults(application: Application, order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    faults = [Fault.from_json(fault) for fault in order]
    application.faults.add(*faults)
    return {"ordered": len(faults)}


def _faults(application: Application, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    served = application.faults.served().items()
    return {"faults": [{"kind": fault.kind, "served": times} for fault, times in served]}


def _clear_faults(application: Application, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    application.faults.clear()
    return {"ordered": 0}


def _settings(application: Application, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return application.world.settings.to_json()


def _usage(application: Application, order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    usage = application.usage
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


def _conditions(application: Application, order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    world = application.world
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


def _touched(application: Application, _order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    parts = [asdict(part) for part in application.faults.touched]
    return {"touched": [{**part, "day": part["day"] and str(part["day"])} for part in parts]}


_ACTIONS: dict[tuple[str, str], Callable[[Application, Any], dict[str, Any]]] = {
    ("GET", "health"): _health,
    ("GET", "stats"): _stats,
    ("POST", "stats/reset"): _reset_stats,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("POST", "faults"): _order_faults,
    ("GET", "faults"): _faults,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "settings"): _settings,
    ("POST", "usage"): _usage,
    ("POST", "conditions"): _conditions,
    ("GET", "faults/touched"): _touched,
}
