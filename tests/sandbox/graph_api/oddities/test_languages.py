"""Errors in the language of the token's owner."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from instagram_sandbox import graph_api
from instagram_sandbox.graph_api import Condition, Fault
from instagram_sandbox.graph_api.api import errors
from instagram_sandbox.graph_api.oddities.languages import translate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.graph_api.conftest import Serve

API = Path(inspect.getfile(graph_api)).parent


def texts() -> Iterator[str]:
    """The texts that the API's modules assign to `message`, or give to an error."""
    for path in [*sorted((API / "api").glob("*.py")), API / "gate.py", API / "faults.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "message":
                yield from whole(node.value)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "GraphError":
                yield from (text for argument in node.args[1:2] for text in whole(argument))


def whole(value: ast.expr) -> Iterator[str]:
    """The text of a constant or an f-string, with an X for what differs."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "X" for part in value.values
        )


NOT_OF_META = {"(#100) X", "this is not a fault: X"}
"""A frame for the other texts, and an error of the sandbox itself."""


def test_every_text_is_translated() -> None:
    found = set(texts()) - NOT_OF_META
    assert len(found) > 40
    assert [text for text in sorted(found) if translate(text, "german") == text] == []


def test_the_parts_that_differ_are_kept() -> None:
    error = errors.no_such_object("17", "get")
    german = translate(error.message, "german")
    assert german.startswith("Nicht unterstützte Anfrage (get). Das Objekt mit der ID „17“ ist")
    assert german.endswith("https://developers.facebook.com/docs/graph-api")
    assert translate("(#100) metric[0] must be one of the following values: a, b", "german") == (
        "(#100) metric[0] muss einer der folgenden Werte sein: a, b"
    )
    expired = errors.expired_token("then", "now").message
    assert translate(expired, "german").endswith(
        "ist am then abgelaufen. Die aktuelle Uhrzeit ist now."
    )
    assert translate("Something of its own", "german") == "Something of its own"


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_codes_stay_while_texts_change(serve: Serve, login: str) -> None:
    client = serve(login=login, posts=80, converted_days_ago=100)
    world = client.server.world
    old = world.posts_of(world.account_ids[0], client.server.clock.now())[-1].id
    english = client.error(f"{old}/insights", metric="reach")
    client.server.conditions.add("other_language")
    german = client.error(f"{old}/insights", metric="reach")
    same = ("code", "error_subcode", "type", "is_transient", "error_data")
    assert {name: german.get(name) for name in same} == {name: english.get(name) for name in same}
    shown = " ".join(german.get(name, "") for name in ("message", "error_user_msg"))
    assert "Unternehmenskonto" in shown
    assert "converted" not in str(german)


def test_faults_too_are_in_the_language(serve: Serve) -> None:
    client = serve(posts=1)
    client.server.conditions.add(Condition("other_language", "japanese"))
    client.server.faults.add(Fault("throttle"))
    error = client.error("me")
    assert error["code"] == 80002
    assert error["message"].startswith("(#80002) リクエスト")
    assert "too many calls" not in str(client.response.headers)
