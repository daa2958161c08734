"""A loader that may not use BigQuery says so in one sentence, before anything is read."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.loader.messages import record, schema, state

if TYPE_CHECKING:
    from tests.loader.conftest import Loader

pytestmark = pytest.mark.e2e

KEY = "-----BEGIN PRIVATE KEY-----\ncanarykey\n-----END PRIVATE KEY-----\n"
CUT_OFF = {"client_email": "x@example", "token_uri": "http://127.0.0.1:9", "private_key": KEY}
QUIET = {"TARGET_BIGQUERY_LOGLEVEL": "WARNING"}
CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"
EMULATOR = "BIGQUERY_EMULATOR_HOST"
ANSWERS = {
    404: "Not found: Project sandbox",
    403: "Access Denied: Dataset x\n",
    400: "Invalid dataset ID",
}
"""What a BigQuery answers that refuses, by the HTTP status, which is the name of the dataset."""
EXAMINATION = """
import http.server, json, os, sys, threading
from target_bigquery_strict import access

class Refuses(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        code = int(self.path.split("/")[-1].split("?")[0])
        error = {"code": code, "message": cases["answers"][str(code)]}
        body = json.dumps({"error": error}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass

cases = json.load(sys.stdin)
server = http.server.HTTPServer(("127.0.0.1", 0), Refuses)
threading.Thread(target=server.serve_forever, daemon=True).start()
access.RETRY_SECONDS = 0.1
own = dict(os.environ)
for name, (config, environment) in cases["mistakes"].items():
    os.environ.clear()
    os.environ.update({**own, **environment})
    if os.environ["BIGQUERY_EMULATOR_HOST"] == "refuses":
        os.environ["BIGQUERY_EMULATOR_HOST"] = "http://127.0.0.1:%d" % server.server_port
    try:
        access.open_dataset({"project": "sandbox", "dataset": "d", **config})
    except access.Unusable as error:
        print(json.dumps([name, error.message]))
"""
NO_GOOGLE = {CREDENTIALS: "", "NO_GCE_CHECK": "true", "HOME": "/nonexistent"}
MISTAKES: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "no credentials": (
        {},
        NO_GOOGLE,
        "There are no credentials of Google: run `gcloud auth application-default login`, or set",
    ),
    "a path of the environment that is not there": (
        {},
        {**NO_GOOGLE, CREDENTIALS: "/no.json"},
        f"The file /no.json, which {CREDENTIALS} names, is not there or holds no credentials",
    ),
    "a file of the environment that is something else": (
        {},
        {**NO_GOOGLE, CREDENTIALS: "/etc/passwd"},
        f"The file /etc/passwd, which {CREDENTIALS} names, is not there or holds no credentials",
    ),
    "a key file that is not there": (
        {"credentials_path": "/no.json"},
        {},
        "The key file /no.json cannot be read (No such file or directory): check TARGET_BIGQUERY",
    ),
    "a key file of another kind": (
        {"credentials_path": "/etc/passwd"},
        {},
        "The file /etc/passwd holds no key of a service account: make a new key at Google",
    ),
    "a key that is no JSON": (
        {"credentials_json": KEY},
        {},
        "The setting `credentials_json` holds no key of a service account: make a new key",
    ),
    "a key that is cut off": (
        {"credentials_json": json.dumps(CUT_OFF)},
        {},
        "The setting `credentials_json` holds no key of a service account: make a new key",
    ),
    "a project that is not there": (
        {"dataset": "404"},
        {EMULATOR: "refuses"},
        "There is no Google Cloud project sandbox, or these credentials cannot see it: check",
    ),
    "a project of somebody else": (
        {"dataset": "403"},
        {EMULATOR: "refuses"},
        (
            "Google does not let these credentials use the dataset 403 of project sandbox (Access "
            "Denied: Dataset x): grant them the roles BigQuery Data Editor and BigQuery Job User"
        ),
    ),
    "a name that no dataset may have": (
        {"dataset": "400"},
        {EMULATOR: "refuses"},
        "BigQuery refuses the dataset (Invalid dataset ID): check TARGET_BIGQUERY_DATASET",
    ),
    "no network": (
        {},
        {EMULATOR: "http://127.0.0.1:9"},
        "Google cannot be reached: check the network",
    ),
}


def test_each_is_told_in_one_sentence(loader: Loader) -> None:
    mistakes = {name: (config, given) for name, (config, given, _) in MISTAKES.items()}
    run = subprocess.run(
        [str(loader.python), "-c", EXAMINATION],
        env=loader.variables(),
        input=json.dumps({"answers": ANSWERS, "mistakes": mistakes}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = dict(json.loads(line) for line in run.stdout.splitlines())
    assert told.keys() == MISTAKES.keys()
    for name, (_, _, sentence) in MISTAKES.items():
        assert told[name].startswith(sentence), name
        assert "\n" not in told[name]
        assert "canarykey" not in told[name]


@pytest.mark.long
def test_under_meltano_the_sentence_comes_once_after_the_input(loader: Loader) -> None:
    under = {**QUIET, "MELTANO_PROJECT_ROOT": "/nonexistent"}
    wrong = replace(loader, options={"credentials_path": "/no.json"}, environment=under)
    result = wrong.run([schema(), *(record(key, key) for key in range(5_000)), state(1)])
    assert result.returncode == 1
    assert result.stdout == ""
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("Error: The key file /no.json cannot be read")


@pytest.mark.long
def test_no_project_is_told_in_one_sentence(loader: Loader) -> None:
    result = replace(loader, options={"project": ""}, environment=QUIET).run([schema()])
    assert result.returncode == 1
    assert result.stderr == "Error: Name the Google Cloud project in TARGET_BIGQUERY_PROJECT.\n"
