"""What is installed and what runs in CI is named exactly."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED_ACTION = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def requirements(path: str) -> dict[str, str]:
    """The text of each requirement of a file, by the name of the package."""
    lines = (ROOT / path).read_text("utf-8").replace("\\\n", " ").splitlines()
    found = [line for line in lines if line and not line.startswith("#")]
    return {re.split(r"[=<>!~ ;\[]", line)[0]: line for line in found}


def test_actions_are_named_by_their_commit() -> None:
    used = [
        line.partition("uses:")[2].strip()
        for path in WORKFLOWS
        for line in path.read_text("utf-8").splitlines()
        if "uses:" in line
    ]
    assert used
    assert not [action for action in used if not PINNED_ACTION.fullmatch(action)]


def test_workflows_may_only_read_unless_they_say_otherwise() -> None:
    for path in WORKFLOWS:
        assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {"contents": "read"}


def test_every_constraint_is_one_version_and_the_loaders_have_hashes() -> None:
    for path in ("constraints.txt", "packages/target-bigquery-strict/constraints.txt"):
        assert not [line for line in requirements(path).values() if "==" not in line]
    loader = requirements("packages/target-bigquery-strict/constraints.txt")
    assert not [line for line in loader.values() if "--hash=sha256:" not in line]


def test_no_cryptography_with_known_weaknesses_is_installed() -> None:
    for path in ("constraints.txt", "packages/target-bigquery-strict/constraints.txt"):
        version = re.search(r"==(\d+)", requirements(path)["cryptography"])
        assert version
        assert int(version[1]) >= 46


def test_updates_are_proposed_for_everything_that_is_installed() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text("utf-8"))["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"github-actions", "pip"}
    (pip,) = (update for update in updates if update["package-ecosystem"] == "pip")
    folders = {
        "/" + str(path.parent.relative_to(ROOT)).removeprefix(".")
        for name in ("pyproject.toml", "constraints.txt")
        for folder in ("", "packages/*/", "reports/")
        for path in ROOT.glob(f"{folder}{name}")
    }
    assert folders <= set(pip["directories"])
