"""The manifests for Airflow, Cloud Run and Kubernetes, checked without any of these services."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.meltano_project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DEPLOY = ROOT / "deploy"
CLOUD_RUN = [DEPLOY / "cloud-run" / f"{name}.json" for name in ("prepare", "shards", "finish")]
KUBERNETES = DEPLOY / "kubernetes" / "fleet.yaml"
DAG = DEPLOY / "airflow" / "instagram_fleet.py"
KUBERNETES_DELAY, KUBERNETES_LONGEST_DELAY = 10, 360
"""How many seconds Kubernetes waits before a pod's first and last new start."""
HEARTBEAT_VALID_SECONDS = 300
"""So long after its last sign of life Meltano takes a killed run for one that is under way."""
TASKS = ["health", "merge", "refresh-tokens", "reports", "reshard-state", "shards", "sync"]
SHOW_DAG = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1], bundle_name="fleet")
assert not bag.import_errors, bag.import_errors
dag = bag.dags["instagram_fleet"]
print(json.dumps({
    "tasks": sorted(dag.task_ids),
    "after": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
    "runs": dag.max_active_runs,
    "catchup": dag.catchup,
}))
"""


@pytest.mark.parametrize("path", [DAG, KUBERNETES, *CLOUD_RUN], ids=lambda path: path.name)
def test_every_program_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"deploy/([a-z-]+)\b(?!/)", path.read_text("utf-8")))
    programs = named - {"airflow", "cloud-run", "kubernetes"}
    assert programs
    assert not [name for name in programs if not os.access(DEPLOY / name, os.X_OK)]


def test_cloud_run_and_kubernetes_have_as_many_tasks_as_shards() -> None:
    (job,) = (json.loads(path.read_text()) for path in CLOUD_RUN if path.stem == "shards")
    (prepare,) = (json.loads(path.read_text()) for path in CLOUD_RUN if path.stem == "prepare")
    (container,) = prepare["template"]["template"]["containers"]
    number = {entry["name"]: entry.get("value") for entry in container["env"]}["SHARDS"]
    assert job["template"]["taskCount"] == job["template"]["parallelism"] == int(number)
    jobs = [
        document["spec"]["jobTemplate"]["spec"]
        for document in yaml.safe_load_all(KUBERNETES.read_text())
    ]
    numbers = {
        entry["value"]
        for job in jobs
        for container in job["template"]["spec"]["containers"]
        for entry in container.get("env", ())
        if entry["name"] == "SHARDS"
    }
    assert numbers == {str(job["completions"]) for job in jobs if "completions" in job}


def test_a_killed_shard_is_tried_again_for_longer_than_meltano_refuses_it() -> None:
    (limit,) = (
        document["spec"]["jobTemplate"]["spec"]["backoffLimitPerIndex"]
        for document in yaml.safe_load_all(KUBERNETES.read_text())
        if document["metadata"]["name"] == "instagram-shards"
    )
    delays = [min(KUBERNETES_DELAY * 2**tries, KUBERNETES_LONGEST_DELAY) for tries in range(limit)]
    assert sum(delays) > HEARTBEAT_VALID_SECONDS


# With packages from the index, each in a folder of its own


def installed(folder: Path, *packages: str) -> dict[str, str]:
    """Return an environment in which packages can be imported."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--target",
        str(folder),
        *packages,
    ]
    subprocess.run(command, check=True, capture_output=True)
    return {**os.environ, "PYTHONPATH": str(folder)}


@pytest.mark.long
def test_kubernetes_accepts_the_manifest(tmp_path: Path) -> None:
    env = installed(tmp_path, "kubernetes-validate", "setuptools")
    command = [sys.executable, "-m", "kubernetes_validate", "--strict", str(KUBERNETES)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_cloud_run_accepts_the_jobs(tmp_path: Path) -> None:
    env = installed(tmp_path, "google-cloud-run")
    program = (
        "import sys; from google.cloud.run_v2.types import Job\n"
        "for path in sys.argv[1:]: Job.from_json(open(path).read())"
    )
    command = [sys.executable, "-c", program, *map(str, CLOUD_RUN)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_airflow_reads_the_dag(tmp_path: Path) -> None:
    python = os.environ.get("AIRFLOW_PYTHON")
    if not python:
        pytest.skip("AIRFLOW_PYTHON names no Python with Airflow; see deploy/airflow/README.md.")
    env = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": ""}
    command = [python, "-c", SHOW_DAG, str(DAG)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    dag = json.loads(done.stdout.splitlines()[-1])
    assert dag["tasks"] == TASKS
    assert dag["after"] == {
        "refresh-tokens": ["shards"],
        "shards": ["sync"],
        "reshard-state": ["sync"],
        "sync": ["merge"],
        "merge": ["reports"],
        "reports": ["health"],
        "health": [],
    }
    assert (dag["runs"], dag["catchup"]) == (1, False)
