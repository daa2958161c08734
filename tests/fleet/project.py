"""A copy of the project as a machine of a fleet has it, which reads the sandbox."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import yaml

from tests.meltano_project import CREDENTIALS, ROOT, MeltanoProject

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_sandbox import LocalSandbox

ENVIRONMENT = "fleet"


def make_project(directory: Path, sandbox: LocalSandbox) -> Path:
    """Fill an empty directory; only the address of BigQuery is another one than for users."""
    MeltanoProject.copy_to(directory, sandbox)
    shutil.copytree(ROOT / "deploy", directory / "deploy")
    path = directory / "meltano.yml"
    project = yaml.safe_load(path.read_text("utf-8"))
    (fleet,) = (each for each in project["environments"] if each["name"] == ENVIRONMENT)
    fleet["env"]["BIGQUERY_EMULATOR_HOST"] = sandbox.bigquery_url
    path.write_text(yaml.safe_dump(project, sort_keys=False), "utf-8")
    return directory


def variables(sandbox: LocalSandbox, dataset: str, **more: str) -> dict[str, str]:
    """Return the environment variables of everything that runs in such a project."""
    return MeltanoProject(ROOT, sandbox).environment(
        GOOGLE_APPLICATION_CREDENTIALS=str(CREDENTIALS),
        GOOGLE_CLOUD_PROJECT="sandbox",
        INSTAGRAM_REPORTS_DATASET=f"{dataset}_reports",
        NO_PROXY="127.0.0.1,localhost",
        TAP_INSTAGRAM_BUSINESS_ACCESS_TOKEN="sandbox-token",
        TAP_INSTAGRAM_BUSINESS_API_URL=sandbox.graph_url,
        TAP_INSTAGRAM_BUSINESS_START_DATE="2026-11-17",
        TARGET_BIGQUERY_DATASET=dataset,
        TARGET_BIGQUERY_PROJECT="sandbox",
        **more,
    )


def run_program(project: Path, program: str, *arguments: str, env: dict[str, str]) -> str:
    """Run a program of `deploy/` to a good end, and return its log."""
    done = subprocess.run(
        [project / "deploy" / program, *arguments],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr
