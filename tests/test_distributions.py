"""What is built for the package index: the tap and the loader, in the version of the git tag."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import zipfile
from email import message_from_string
from typing import TYPE_CHECKING

import pytest

from tests.project_copy import ROOT, UV, copy_to, files_of_git, git

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

pytestmark = pytest.mark.long
"""CI runs these tests before a release, and when a pull request changes what is built."""

REPOSITORY = "https://github.com/OWNER/tap-instagram-business"
LOADER = "packages/target-bigquery-strict"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_to(tmp_path_factory.mktemp("clone"))


def build(project: Path, output: Path) -> Path:
    """Build a source distribution, and a wheel from that; the folder of both."""
    run = subprocess.run(
        [UV, "build", "--quiet", "--out-dir", str(output), str(project)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return output


@pytest.fixture(scope="module")
def release(folder: Path) -> Path:
    """Both distributions of a tag, as the release builds them."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=x")
    git(folder, "tag", "v1.2.3")
    output = folder.parent / "dist"
    build(folder, output)
    return build(folder / LOADER, output)


def wheel(release: Path, name: str) -> zipfile.ZipFile:
    (path,) = release.glob(f"{name}-1.2.3-*-none-any.whl")
    return zipfile.ZipFile(path)


def metadata(release: Path, name: str) -> Message:
    return message_from_string(
        wheel(release, name).read(f"{name}-1.2.3.dist-info/METADATA").decode("utf-8")
    )


def source_files(release: Path, name: str) -> set[str]:
    with tarfile.open(release / f"{name}-1.2.3.tar.gz") as archive:
        return {path.removeprefix(f"{name}-1.2.3/") for path in archive.getnames()}


def test_the_wheel_of_the_tap_holds_its_package_and_nothing_else(release: Path) -> None:
    held = set(wheel(release, "tap_instagram_business").namelist())
    package = {path for path in files_of_git() if path.startswith("tap_instagram_business/")}
    about = {name for name in held if ".dist-info/" in name}
    assert held - about == package
    assert "tap_instagram_business/py.typed" in held
    assert any(name.endswith("licenses/LICENSE") for name in about)


def test_the_source_distribution_holds_what_is_needed_to_build(release: Path) -> None:
    held = source_files(release, "tap_instagram_business")
    folders = {path.partition("/")[0] for path in held if "/" in path}
    assert folders == {"tap_instagram_business"}
    needed = {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO"}
    assert held >= {*needed, "CHANGELOG.md", "SECURITY.md", "catalog.example.json"}


def test_the_wheel_of_the_loader_holds_its_code_and_nothing_else(release: Path) -> None:
    name = "target_bigquery_strict"
    held = wheel(release, name).namelist()
    code = {
        path.partition("/")[0].removesuffix(".py") for path in held if ".dist-info/" not in path
    }
    assert code == {name}
    assert any(path.startswith(name) for path in source_files(release, name))


@pytest.mark.parametrize("name", ["tap_instagram_business", "target_bigquery_strict"])
def test_a_distribution_has_its_command_and_the_version_of_the_tag(
    release: Path, name: str
) -> None:
    command = name.replace("_", "-")
    entries = wheel(release, name).read(f"{name}-1.2.3.dist-info/entry_points.txt").decode()
    assert f"{command} = {name}" in entries
    assert metadata(release, name)["Name"] == command
    assert metadata(release, name)["Version"] == "1.2.3"


def test_all_links_of_the_page_on_the_index_lead_somewhere(release: Path) -> None:
    text = str(metadata(release, "tap_instagram_business").get_payload())
    assert metadata(release, "tap_instagram_business")["Description-Content-Type"] == (
        "text/markdown"
    )
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert not [link for link in links if not link.startswith(("https://", "#"))]
    own = [link for link in links if link.startswith(REPOSITORY)]
    assert len(own) > 5
    for link in own:
        version, _, path = re.sub(r".*/(blob|raw)/", "", link).partition("/")
        assert version == "v1.2.3"
        assert (ROOT / path.partition("#")[0]).exists(), link


def test_a_folder_without_git_can_be_built(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "folder"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".git"))
    built = build(copy, tmp_path / "dist")
    assert sorted(path.suffix for path in built.iterdir() if path.name[0] != ".") == [
        ".gz",
        ".whl",
    ]
