"""`target-bigquery-strict` is installed from the index, without a clone of this repository."""

from __future__ import annotations

import email
import re
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.meltano_project import ROOT
from tests.targets import packages

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SOURCE = ROOT / "packages" / "target-bigquery-strict"
MODULE = "target_bigquery_strict"
PROJECT = (SOURCE / "pyproject.toml").read_text("utf-8")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    packages.build(SOURCE, directory)
    return directory


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


def test_the_wheel_holds_the_module_its_types_and_its_license(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if name.startswith(f"{MODULE}/")} == {
        f"{MODULE}/__init__.py",
        f"{MODULE}/py.typed",
    }
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_source_distribution_holds_what_the_wheel_is_built_from(dist: Path) -> None:
    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"{MODULE}/__init__.py", f"{MODULE}/py.typed"} <= names
    assert {"LICENSE", "README.md", "pyproject.toml"} <= names
    assert (SOURCE / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_metadata_is_complete_and_the_page_has_no_relative_links(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    metadata = email.message_from_string(archive.read(name).decode())
    assert metadata["Name"] == "target-bigquery-strict"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata["Requires-Python"] == ">=3.10"
    page = str(metadata.get_payload())
    links = re.findall(r"\]\(\s*([^)]+)\)", page)
    assert links
    assert not [link for link in links if not link.startswith("https://")]


def test_it_is_checked_as_the_index_checks_it(dist: Path, tmp_path: Path) -> None:
    twine = packages.install(tmp_path / "twine", "twine") / "twine"
    files = [str(path) for path in dist.iterdir() if path.suffix in {".whl", ".gz"}]
    assert len(files) == 2
    subprocess.run([twine, "check", "--strict", *files], check=True)


def test_it_runs_without_anything_else(wheel: Path, tmp_path: Path) -> None:
    overrides = ROOT / "packages" / "target-bigquery-strict" / "overrides.txt"
    options = ["--overrides", str(overrides)]
    programs = packages.install(tmp_path / "venv", str(wheel), *options)
    result = subprocess.run(
        [programs / "target-bigquery-strict", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    version = re.search(r'^version = "(.+)"', PROJECT, re.MULTILINE)
    assert version
    assert result.stdout.startswith(f"target-bigquery v{version[1]}, ")
