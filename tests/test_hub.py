"""The definition for Meltano Hub keeps the Hub's rules, and its weekly refresh changes nothing.

The rules are those of the schemas and scripts of https://github.com/meltano/hub, written down here
once more: its pull requests must pass them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tap_instagram_business.settings.schema import SETTINGS
from tap_instagram_business.tap import TapInstagramBusiness

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "hub" / "tap-instagram-business.yml").read_text("utf-8")
DEFINITION: dict[str, Any] = yaml.safe_load(TEXT)
BY_NAME = {setting["name"]: setting for setting in DEFINITION["settings"]}
OWN: dict[str, dict[str, Any]] = SETTINGS.to_dict()["properties"]

CAPABILITIES = (
    "properties catalog discover state about stream-maps schema-flattening activate-version batch "
    "test log-based structured-logging"
)
KINDS = (
    "oauth hidden password date_iso8601 file email integer options object array boolean string "
    "decimal"
)
TEXTS = (
    "name namespace variant label description executable docs repo logo_url pip_url python "
    "definition next_steps settings_preamble usage prereq log_parser domain_url"
)


def text() -> dict[str, Any]:
    return {"type": "string"}


def list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


SETTING = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(
            ("name", "label", "placeholder", "description", "tooltip", "documentation", "env"),
            text(),
        ),
        "docs": text(),
        "aliases": list_of(text()),
        "value": {},
        "kind": {"enum": KINDS.split()},
        "options": list_of({"type": "object", "properties": {"label": text(), "value": text()}}),
        "hidden": {"type": "boolean"},
        "sensitive": {"type": "boolean"},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["name", "namespace", "variant", "quality"],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(TEXTS.split(), text()),
        "hidden": {"type": "boolean"},
        "capabilities": list_of({"enum": CAPABILITIES.split()}),
        "settings": list_of(SETTING),
        "settings_group_validation": list_of(list_of(text())),
        "commands": {"type": "object"},
        "metadata": {"type": "object"},
        "schema": {"type": "object"},
        "select": list_of(text()),
        "maintenance_status": {"enum": ["active", "beta", "development", "inactive", "unknown"]},
        "quality": {"enum": ["gold", "silver", "bronze", "unknown"]},
        "keywords": list_of(text()),
        "supported_python_versions": list_of({"type": "string", "pattern": r"^3\.\d+$"}),
    },
}
"""What the Hub's JSON schemas for extractors say together (`requires` is not used here)."""


def test_the_schema_of_the_hub() -> None:
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(DEFINITION)] == []


def test_the_names_of_the_hub() -> None:
    owner = re.fullmatch(r"https://github\.com/([^/]+)/tap-instagram-business", DEFINITION["repo"])
    assert owner
    assert DEFINITION["variant"] == owner[1].lower()
    assert DEFINITION["name"] == DEFINITION["pip_url"] == TapInstagramBusiness.name
    assert DEFINITION["namespace"] == DEFINITION["name"].replace("-", "_")
    assert "meltano_sdk" in DEFINITION["keywords"]
    assert DEFINITION["logo_url"].startswith("/assets/logos/extractors/")


def is_sorted(value: Any) -> bool:
    """Whether the keys of a value and of all values in it are in the order of the alphabet."""
    if isinstance(value, dict):
        return list(value) == sorted(value) and all(map(is_sorted, value.values()))
    return all(map(is_sorted, value)) if isinstance(value, list) else True


def test_the_format_of_the_hub() -> None:
    """What its yamllint demands, and how its own tool writes lists."""
    assert is_sorted(DEFINITION)
    assert DEFINITION["capabilities"] == sorted(DEFINITION["capabilities"])
    assert list(BY_NAME) == sorted(BY_NAME)
    assert all(group == sorted(group) for group in DEFINITION["settings_group_validation"])
    lines = TEXT.splitlines()
    assert not [line for line in lines if re.match(r"\s*([\w.]+:|-) [\[{&*|>]|---|.*[\t\r]", line)]
    assert not [line for line in lines if re.match(r"(   )*  - - |( {4})+- ", line)]
    assert TEXT.endswith("\n")
    assert not TEXT.endswith("\n\n")


def about() -> dict[str, Any]:
    command = [sys.executable, "-m", "tap_instagram_business", "--about", "--format=json"]
    told: dict[str, Any] = json.loads(subprocess.check_output(command, text=True, timeout=60))
    return told


def test_the_definition_says_of_the_tap_what_the_tap_says_of_itself() -> None:
    told = about()
    assert sorted(told["capabilities"]) == DEFINITION["capabilities"]
    assert told["supported_python_versions"] == DEFINITION["supported_python_versions"]
    tops = {name.partition(".")[0] for name in BY_NAME}
    assert tops == told["settings"]["properties"].keys()
    assert BY_NAME.keys() >= OWN.keys()


KIND_AFTER_REFRESH = {
    "array": "array",
    "boolean": "boolean",
    "integer": "integer",
    "number": "integer",
    "string": "string",
}


def kind_after_refresh(name: str, schema: dict[str, Any]) -> str:
    """The kind that the Hub's weekly refresh takes from the name and the type of a setting."""
    kind = KIND_AFTER_REFRESH[schema["type"][0]]
    if kind != "string":
        return kind
    if name in {"start_date", "end_date"}:
        return "date_iso8601"
    if re.search("password|id|token|key|secret", name):
        return "password"
    return "options" if "enum" in schema else "string"


@pytest.mark.parametrize("name", OWN)
def test_the_refresh_leaves_a_setting_as_it_is(name: str) -> None:
    schema, setting = OWN[name], BY_NAME[name]
    assert setting["kind"] == kind_after_refresh(name, schema)
    assert setting["description"] == schema["description"]
    assert setting["label"] == schema["title"]
    assert setting.get("value") == schema.get("default")
    assert setting.get("sensitive", False) == (setting["kind"] == "password")


@pytest.mark.parametrize("name", OWN)
def test_the_refresh_gets_the_kind_of_a_setting_right(name: str) -> None:
    """All but two: ids that are no secrets are hidden like these, as docs/hub/README.md says."""
    schema, kind = OWN[name], BY_NAME[name]["kind"]
    assert (kind == "password") == bool(schema.get("secret")) or name in {"app_id", "account_ids"}
    assert schema["type"][0] != "array", "Meltano would demand JSON even of one value"
    assert schema["type"][0] != "number", "Meltano would read a fraction as an integer, and fail"
    assert (kind == "date_iso8601") == (schema.get("format") == "date")
    assert (kind == "options") == ("enum" in schema)


@pytest.mark.parametrize("name", OWN)
def test_the_refresh_changes_no_word_of_a_description(name: str) -> None:
    """It makes the first word of a sentence `Capitalized`, and splits words at a point."""
    for sentence in OWN[name]["description"].split(". "):
        first = sentence.split()[0]
        assert first[0].isupper() or first == first.capitalize(), first
        for word in sentence.split():
            assert not re.search(r"\w\.\w", word) or re.search(r"`|\.com|v\d+\.\d", word), word


def test_no_value_that_grows_old_is_kept_in_the_users_project() -> None:
    assert "value" not in BY_NAME["api_version"]
