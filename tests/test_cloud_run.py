"""The files of deploy/cloud-run: what they start, what they know, and whether Google knows them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Template
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deploy" / "cloud-run"
README = (FOLDER / "README.md").read_text()
SCHEDULES = yaml.safe_load((ROOT / "meltano.yml").read_text())["schedules"]
NAMES = {
    "PROJECT": "my-project",
    "REGION": "europe-west1",
    "BUCKET": "my-bucket",
    "IMAGE": "europe-west1-docker.pkg.dev/my-project/instagram/instagram:latest",
    "CHANNEL": "projects/my-project/notificationChannels/1",
}
SECONDS_BETWEEN = {"daily": 24 * 3600, "stories": 4 * 3600}
MANIFESTS = {
    "job-daily.yaml": ("run.v1", "Job"),
    "job-stories.yaml": ("run.v1", "Job"),
    "scheduler-daily.json": ("cloudscheduler.v1", "Job"),
    "scheduler-stories.json": ("cloudscheduler.v1", "Job"),
    "alert.json": ("monitoring.v3", "AlertPolicy"),
}
"""The files, each with the API of Google that takes it and the name of its kind there."""


def read(name: str) -> dict[str, Any]:
    """Read a file as it is when `envsubst` has filled it in; every name must be known."""
    content: dict[str, Any] = yaml.safe_load(
        Template((FOLDER / name).read_text()).substitute(NAMES)
    )
    return content


def task_of(job: dict[str, Any]) -> dict[str, Any]:
    task: dict[str, Any] = job["spec"]["template"]["spec"]["template"]["spec"]
    return task


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule["name"])
def test_a_job_and_its_schedule_are_those_of_meltano(schedule: dict[str, Any]) -> None:
    job, scheduler = (
        read(f"job-{schedule['name']}.yaml"),
        read(f"scheduler-{schedule['name']}.json"),
    )
    task = task_of(job)
    (container,) = task["containers"]
    assert container["args"] == ["run", schedule["job"]]
    assert scheduler["schedule"] == schedule["interval"]
    assert scheduler["httpTarget"]["uri"].endswith(f"/jobs/{job['metadata']['name']}:run")
    tries = 1 + task["maxRetries"]
    assert int(task["timeoutSeconds"]) * tries < SECONDS_BETWEEN[schedule["name"]]


@pytest.mark.parametrize("name", [name for name in MANIFESTS if name.startswith("job")])
def test_a_secret_comes_from_secret_manager_and_is_made_before(name: str) -> None:
    task = task_of(read(name))
    (container,) = task["containers"]
    for variable in container["env"]:
        is_secret = re.search("TOKEN|SECRET|KEY|PASSWORD", variable["name"])
        assert ("valueFrom" in variable) == bool(is_secret)
        if is_secret:
            secret = variable["valueFrom"]["secretKeyRef"]["name"]
            assert f"gcloud secrets create {secret} " in README
    assert task["serviceAccountName"].startswith("instagram@")
    assert "gcloud iam service-accounts create instagram\n" in README


def test_the_commands_use_every_file() -> None:
    parts = {re.sub("-(daily|stories)", "-$name", name) for name in MANIFESTS}
    assert not [part for part in parts if f"deploy/cloud-run/{part}" not in README]


@pytest.mark.parametrize("name", MANIFESTS)
def test_google_knows_every_field(name: str) -> None:
    client = pytest.importorskip("googleapiclient", reason="pip install google-api-python-client")
    documents = Path(client.__file__).parent / "discovery_cache" / "documents"
    api, kind = MANIFESTS[name]
    schemas = json.loads((documents / f"{api}.json").read_text())["schemas"]
    for schema in schemas.values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    text = json.dumps({"$ref": f"#/$defs/{kind}", "$defs": schemas})
    # Descriptions of Google's APIs name a schema by itself, where JSON schema gives its place.
    strict = json.loads(re.sub(r'"\$ref": "([A-Za-z0-9]+)"', r'"$ref": "#/$defs/\1"', text))
    for schema in strict["$defs"].values():
        schema.pop("id", None)
    jsonschema.Draft7Validator(strict, format_checker=None).validate(read(name))
