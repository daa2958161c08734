"""docs/targets.md agrees with the project's own files."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tap_instagram_business.settings.schema import SETTINGS
from tests.meltano_project import ROOT
from tests.targets.test_targets import TARGETS
from tests.targets.user_project import DOCUMENT, blocks

OWN_PACKAGES = {"tap-instagram-business", "target-bigquery-strict"}
PROJECT = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))["plugins"]
TAP, *_ = PROJECT["extractors"]
LOADER, *_ = PROJECT["loaders"]
BLOCKS = (*TARGETS, "jsonl")


def definitions(block: str) -> dict[str, list[dict[str, Any]]]:
    """Return the plugins of a project that follows the recipe with a target."""
    text = "".join([*blocks("recipe: meltano.yml"), *blocks(f"target: {block}")])
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(text)["plugins"]
    return found


def requirements(path: str) -> list[str]:
    lines = (ROOT / path).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_every_target_of_the_document_is_in_the_matrix() -> None:
    assert set(re.findall(r"<!-- target: (\S+) -->", DOCUMENT)) == {*BLOCKS}


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_defines_one_target_with_its_version(block: str) -> None:
    (target,) = definitions(block)["loaders"]
    first = target["pip_url"].split()[0]
    assert first in OWN_PACKAGES or re.fullmatch(r"[\w-]+==[\d.]+", first)
    name, _, version = first.partition("==")
    table = DOCUMENT.partition("## Which target")[2]
    assert f"| {name} {version}" in table.partition("##")[0]


def test_the_tap_is_defined_as_in_the_project() -> None:
    (tap,) = definitions("jsonl")["extractors"]
    assert {setting["name"] for setting in tap["settings"]} <= SETTINGS.to_dict()[
        "properties"
    ].keys()
    for setting in tap["settings"]:
        (own,) = (item for item in TAP["settings"] if item["name"] == setting["name"])
        assert setting.items() <= own.items()
    assert set(tap["capabilities"]) <= set(TAP["capabilities"])


@pytest.mark.parametrize("block", ["bigquery-strict", "bigquery-plain"])
def test_bigquery_is_set_as_in_the_project(block: str) -> None:
    (target,) = definitions(block)["loaders"]
    assert target["config"] == {"project": "my-project", **LOADER["config"]}
    overrides = "packages/target-bigquery-strict/overrides.txt"
    assert blocks("overrides")[0].splitlines() == requirements(overrides)


def test_the_page_of_the_strict_target_has_the_same_blocks() -> None:
    page = (ROOT / "packages" / "target-bigquery-strict" / "README.md").read_text("utf-8")
    for title in ("target: bigquery-strict", "overrides"):
        assert blocks(title)[0] in page
