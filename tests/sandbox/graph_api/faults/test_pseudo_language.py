"""Errors in a language that nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from instagram_sandbox.graph_api import Fault
from instagram_sandbox.graph_api.api import errors
from instagram_sandbox.graph_api.faults.pseudo_language import translate

if TYPE_CHECKING:
    from tests.sandbox.graph_api.conftest import Serve


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("Fatal", "Фатал"),
        (
            "(#100) metric[0] must be one of the following values: reach, likes",
            "(#100) metric[0] муст бе оне оф тхе фоллошинг валуес: reach, likes",  # noqa: RUF001
        ),
        (
            "(#100) The parameter timeframe is required for metric (a, b_c)",
            "(#100) Тхе параметер тимефраме ис речуиред фор метриц (a, b_c)",  # noqa: RUF001
        ),
        ("(#10) Not enough viewers", "(#10) Нот еноугх виешерс"),
    ],
)
def test_words_are_replaced_and_names_kept(text: str, foreign: str) -> None:
    assert translate(text) == foreign


def test_ids_and_addresses_are_kept() -> None:
    foreign = translate(errors.no_such_object("17", "get").message)
    assert "'17'" in foreign
    assert foreign.endswith("https://developers.facebook.com/docs/graph-api")


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_codes_stay_while_texts_change(serve: Serve, login: str) -> None:
    client = serve(login=login, posts=80, converted_days_ago=100)
    world = client.server.world
    old = world.posts_of(world.account_ids[0], client.server.clock.now())[-1].id
    english = client.error(f"{old}/insights", metric="reach")
    client.server.faults.add("other_language")
    foreign = client.error(f"{old}/insights", metric="reach")
    texts = ("message", "error_user_title", "error_user_msg")
    same = english.keys() - {*texts, "fbtrace_id"}
    assert {name: foreign[name] for name in same} == {name: english[name] for name in same}
    for name in english.keys() & set(texts):
        assert foreign[name] == translate(english[name]) != english[name]


def test_failures_too_are_in_the_language(serve: Serve) -> None:
    client = serve(posts=1)
    client.server.faults.add(Fault("other_language", form="nameless"), "throttle")
    error = client.error("me")
    assert error["code"] == 80002
    assert error["message"].startswith("(#80002) リクエスト")
    assert "too many calls" not in str(client.response.headers)
