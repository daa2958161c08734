"""The image: everything it copies is there, no secret gets in, and nothing needs root."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deploy" / "container"
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
IGNORED = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
ROOTS_OWN = "0"


def test_all_that_is_copied_is_there_and_let_in() -> None:
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    copied = {name for line in lines for name in line.split()}
    assert copied == {line.removeprefix("!") for line in IGNORED if line.startswith("!")}
    assert not [name for name in copied if not (ROOT / name).exists()]


def test_no_secret_gets_into_the_image() -> None:
    assert "*" in IGNORED
    let_in = [line.removeprefix("!") for line in IGNORED if line.startswith("!")]
    secrets = [".env", ".sandbox", ".meltano", "vault.json", "instagram.key", ".git"]
    assert not [(name, path) for name in secrets for path in let_in if fnmatch(name, path)]
    assert not re.search(r"TOKEN|SECRET|KEY|PASSWORD", DOCKERFILE)


def test_it_runs_as_a_user_without_rights_and_runs_a_job() -> None:
    last_stage = DOCKERFILE.split("\nFROM ")[-1]
    (user,) = re.findall(r"^USER (\d+):\d+$", last_stage, re.MULTILINE)
    assert user != ROOTS_OWN
    (job,) = re.findall(r'^CMD \["run", "(.+)"\]$', last_stage, re.MULTILINE)
    jobs = yaml.safe_load((ROOT / "meltano.yml").read_text())["jobs"]
    assert job in {each["name"] for each in jobs}
    assert "MELTANO_PROJECT_READONLY=1" in last_stage


def test_what_meltano_writes_is_moved_to_the_folder_for_temporary_files(tmp_path: Path) -> None:
    for name in ("run", "logs"):
        (tmp_path / ".meltano" / name).mkdir(parents=True)
        (tmp_path / ".meltano" / name / "file").touch()
    subprocess.run([FOLDER / "start", "--prepare"], cwd=tmp_path, check=True, timeout=60)
    for name in ("run", "dbt", "logs"):
        assert (tmp_path / ".meltano" / name).readlink() == Path("/tmp/meltano") / name
