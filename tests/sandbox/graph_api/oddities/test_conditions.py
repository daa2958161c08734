"""The list of oddities, and the orders for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from instagram_sandbox.graph_api import ODDITIES, ApiSettings, Condition
from instagram_sandbox.graph_api.settings import ServerSettings

if TYPE_CHECKING:
    from tests.sandbox.graph_api.conftest import Serve

HERE = Path(__file__).parent


def test_each_oddity_says_what_it_is_in_one_sentence() -> None:
    for name, oddity in ODDITIES.items():
        assert oddity.description.endswith("."), name
        assert oddity.description.count(". ") == 0, name


def test_each_oddity_has_a_test() -> None:
    tests = "".join(path.read_text("utf-8") for path in HERE.glob("test_*.py"))
    assert [name for name in ODDITIES if f'"{name}"' not in tests] == []


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"oddity": "rain"}, "there is no oddity rain"),
        ({"oddity": "timestamps", "form": "roman"}, "the oddity timestamps has no form roman"),
        ({"oddity": "timestamps", "colour": "red"}, "this is not a condition"),
        ({"form": "z"}, "this is not a condition"),
    ],
)
def test_orders_that_make_no_sense(order: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Condition.from_json(order)


def test_orders_travel_to_another_process() -> None:
    order = Condition("numbers", "word", accounts=(1,), names=("reach",), share=0.5)
    settings = ServerSettings(api=ApiSettings(conditions=(order, "no_product_type")))
    stored = json.loads(json.dumps(settings.to_json()))
    assert ServerSettings.from_json(stored).api.conditions == (order, Condition("no_product_type"))


def test_orders_from_outside(serve: Serve) -> None:
    client = serve(posts=1)
    url = f"{client.server.url}/_sandbox/conditions"
    order = {"oddities": ["no_product_type", {"oddity": "newer_version", "number": 26}]}
    answer = requests.post(url, json=order, timeout=5).json()
    assert answer["oddities"] == ["no_product_type", "newer_version"]
    client.get("me")
    assert client.response.headers["Facebook-API-Version"] == "v26.0"
    assert requests.post(url, json={"oddities": ["rain"]}, timeout=5).status_code == 400
    assert requests.post(url, json={"oddities": []}, timeout=5).json()["oddities"] == []
    client.get("me")
    assert client.response.headers["Facebook-API-Version"] == "v25.0"


def test_an_old_version_is_served_as_a_newer_one(serve: Serve) -> None:
    client = serve(posts=1)
    client.server.conditions.add("newer_version")
    client.get("me")
    assert client.response.headers["Facebook-API-Version"] == "v27.0"
