"""The list of faults, and the orders for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from instagram_sandbox.graph_api import ODDITIES, ApiSettings, Fault
from instagram_sandbox.graph_api.faults import KINDS
from instagram_sandbox.graph_api.settings import ServerSettings

if TYPE_CHECKING:
    from tests.sandbox.graph_api.conftest import Serve

TESTS = Path(__file__).parents[3]


def test_each_kind_says_what_it_is_in_one_sentence() -> None:
    for name, kind in KINDS.items():
        assert kind.description.endswith("."), name
        assert kind.description.count(". ") == 0, name


def test_each_oddity_has_a_test() -> None:
    tests = "".join(path.read_text("utf-8") for path in TESTS.rglob("test_*.py"))
    assert [name for name in ODDITIES if f'"{name}"' not in tests] == []


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"kind": "rain"}, "there is no fault rain"),
        ({"kind": "timestamps", "form": "roman"}, "the fault timestamps has no form roman"),
        ({"kind": "timestamps", "colour": "red"}, "this is not a fault"),
        ({"form": "z"}, "this is not a fault"),
    ],
)
def test_orders_that_make_no_sense(order: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Fault.from_json(order)


def test_orders_travel_to_another_process() -> None:
    order = Fault("numbers", form="word", accounts=(1,), names=("reach",), share=0.5)
    settings = ServerSettings(api=ApiSettings(faults=(order, "no_product_type")))
    stored = json.loads(json.dumps(settings.to_json()))
    assert ServerSettings.from_json(stored).api.faults == (order, Fault("no_product_type"))


def test_orders_from_outside(serve: Serve) -> None:
    client = serve(posts=1)
    url = f"{client.server.url}/_sandbox/faults"
    order = ["permission", {"kind": "newer_version", "number": 26}]
    assert requests.post(url, json=order, timeout=5).json() == {"ordered": 2}
    assert client.error("me")["code"] == 10
    assert client.response.headers["Facebook-API-Version"] == "v26.0"
    assert requests.get(url, timeout=5).json()["faults"] == [
        {"kind": "permission", "served": 1},
        {"kind": "newer_version", "served": 1},
    ]
    assert requests.post(url, json=["rain"], timeout=5).status_code == 400
    assert requests.delete(url, timeout=5).ok
    client.get("me")
    assert client.response.headers["Facebook-API-Version"] == "v25.0"


def test_an_old_version_is_served_as_a_newer_one(serve: Serve) -> None:
    client = serve(posts=1)
    client.server.faults.add(Fault("newer_version", after=1, times=1))
    served = []
    for _ in range(3):
        client.get("me")
        served.append(client.response.headers["Facebook-API-Version"])
    assert served == ["v25.0", "v27.0", "v25.0"]


def test_orders_that_nothing_met_are_known(serve: Serve) -> None:
    client = serve(posts=1)
    met, unmet = Fault("permission", match="/me"), Fault("timestamps", match="/stories")
    client.server.faults.add(met, unmet)
    assert client.error("me")["code"] == 10
    assert client.server.faults.without_effect() == [unmet]
    client.server.faults.clear()
    assert client.server.faults.served() == {met: 1, unmet: 0}


def test_a_share_of_the_calls_is_the_same_for_the_same_seed(serve: Serve) -> None:
    patterns = []
    for _ in range(2):
        client = serve(posts=1)
        kinds = ("service_error", "html_502")
        client.server.faults.add(*(Fault(kind, times=None, share=0.2, seed=5) for kind in kinds))
        statuses = []
        for _ in range(60):
            response = client.session.get(f"{client.server.url}/v25.0/me", timeout=5)
            statuses.append(response.status_code)
        client.server.faults.clear()
        assert client.get("me")["id"]
        patterns.append(statuses)
    assert patterns[0] == patterns[1]
    assert set(patterns[0]) == {200, 500, 502}
