"""Each setting has a test that gives it another value than its default."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft7Validator

from tap_instagram_business.settings.reading import PREFIX, complete
from tap_instagram_business.settings.schema import PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parent
TREES = [ast.parse(path.read_text("utf-8")) for path in sorted(TESTS.rglob("*.py"))]
TAKE_SETTINGS = {
    *("run_tap", "new_tap", "run", "run_with", "sync", "tap"),
    *("doctor", "environment", "command", "refresh_tokens"),
}
"""Functions of the tests whose keywords are settings or environment variables."""


def text_of(key: ast.expr | None) -> str:
    """A key as text, without the parts of an f-string that are no constants."""
    parts = key.values if isinstance(key, ast.JoinedStr) else [key]
    found = [part.value for part in parts if isinstance(part, ast.Constant)]
    return "".join(part for part in found if isinstance(part, str))


def given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names and values that a call, a dict or an assignment gives."""
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        yield from ((text_of(key), value) for key, value in pairs)
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        yield text_of(node.targets[0].slice), node.value
    elif isinstance(node, ast.Call):
        function = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if function in TAKE_SETTINGS:
            yield from ((keyword.arg or "", keyword.value) for keyword in node.keywords)
        elif function == "setenv":
            yield text_of(node.args[0]), node.args[1]


def is_other(value: ast.expr, name: str) -> bool:
    """Whether an expression may be a valid value of a setting that is not its default."""
    if not isinstance(value, ast.Constant):
        return True
    schema = PROPERTIES[name]
    read = complete({name: str(value.value)}, {name: schema}).get(name)
    is_valid: bool = Draft7Validator(schema).is_valid(read)
    return is_valid and value.value not in {None, ""} and read != schema.get("default")


GIVEN = [pair for tree in TREES for node in ast.walk(tree) for pair in given(node)]


@pytest.mark.parametrize("name", PROPERTIES)
def test_each_setting_is_set_to_another_value_by_some_test(name: str) -> None:
    names = {name, name.upper(), f"{PREFIX}{name.upper()}"}
    values = [value for key, value in GIVEN if key in names]
    others = [value for value in values if is_other(value, name)]
    assert others, f"no test sets {name} to another value than its default: add one"
