"""Tables, columns and jobs say what they are."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_instagram_business.tap import TapInstagramBusiness
from tests.loader.messages import Message, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loader.conftest import Loader

pytestmark = pytest.mark.e2e


SHOW_JOBS = """
import json, sys
from google.cloud.bigquery import Client
def shown(submit):
    def submitted(client, what, *arguments, job_config, **options):
        query = what if isinstance(what, str) else ""
        job = {"query": query, "labels": job_config.labels}
        sys.stderr.write(f"JOB {json.dumps(job)}\\n")
        return submit(client, what, *arguments, job_config=job_config, **options)
    return submitted
Client.query = shown(Client.query)
Client.load_table_from_file = shown(Client.load_table_from_file)
"""


def sent(stderr: str) -> list[dict[str, Any]]:
    """Return the statements and labels of the jobs that a loader has submitted."""
    lines = [line.partition("JOB ") for line in stderr.splitlines()]
    return [json.loads(job) for start, found, job in lines if found and not start]


def fields(columns: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for column in columns:
        yield column
        yield from fields(column.get("fields", []))


def test_each_table_and_column_of_the_tap_is_described(loader: Loader) -> None:
    tap = TapInstagramBusiness(config={"include_others": True}, validate_config=False)
    streams = tap.streams
    messages = [
        message.to_dict()
        for stream in streams.values()
        for message in stream._generate_schema_messages()
    ]
    assert len(messages) == len(streams)

    assert loader.run([*messages, state(1)]).returncode == 0

    assert loader.tables() == sorted(streams)
    for name, stream in streams.items():
        table = loader.table(name)
        assert table["description"] == stream.schema["description"]
        properties = stream.schema["properties"]
        for column in fields(table["schema"]["fields"]):
            expected = properties.get(column["name"], {}).get("description")
            assert column["description"] == (expected or column["description"])
        dates = [key for key in stream.primary_keys if properties[key].get("format") == "date"]
        partitioning = table.get("timePartitioning")
        assert ([partitioning["field"]] if partitioning else []) == dates


def test_new_columns_come_with_their_descriptions_in_one_statement(loader: Loader) -> None:
    loader.run([schema(), record(1, 1), state(1)])
    quotes = 'A "quoted" name, \\ and it\'s whole.'
    new: dict[str, Message] = {
        "name": {"type": ["string", "null"], "description": quotes},
        "tags": {"type": ["array", "null"], "items": {"type": ["string"]}, "description": "Tags."},
        "rate": {"type": ["number", "null"]},
    }
    result = loader.run(
        [schema(**new), record(1, 2, name="n", tags=["a"], rate=0.5), state(2)], set_up=SHOW_JOBS
    )

    assert result.returncode == 0, result.stderr
    statements = [job["query"] for job in sent(result.stderr) if job["query"]]
    (alter,) = [statement for statement in statements if statement.startswith("ALTER")]
    assert alter.count("ADD COLUMN IF NOT EXISTS") == 3
    found = {column["name"]: column for column in loader.table("media")["schema"]["fields"]}
    assert found["name"]["description"] == quotes
    assert found["tags"]["description"] == "Tags."
    assert "description" not in found["rate"]


def test_jobs_are_labelled_with_their_table_and_run(loader: Loader) -> None:
    of_meltano = replace(loader, environment={"MELTANO_RUN_ID": "0C4F-run"})
    result = of_meltano.run([schema(), record(1, 1), state(1)], set_up=SHOW_JOBS)
    assert result.returncode == 0
    check, load, merge = sent(result.stderr)
    assert check["labels"] == {"table": "dml_check", "run": "0c4f-run"}
    assert load["labels"] == merge["labels"] == {"table": "media", "run": "0c4f-run"}
    assert merge["query"].startswith("MERGE")
