"""The SDK's own suite, and what it leaves out."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from singer_sdk.helpers._typing import conform_record_data_types
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib.encoding.simple import RecordMessage
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from instagram_sandbox.graph_api import GraphApiServer, WorldSettings
from tap_instagram_business.streams.columns import DOES_NOT_APPLY
from tap_instagram_business.tap import TapInstagramBusiness
from tests.tap_run import Run, catalog, new_tap, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
OFF_BY_DEFAULT = {"comments", "tagged_media", "collaborative_media"}
SUITE = GraphApiServer(WorldSettings(accounts=2, posts=60, days=60, start=START))


# Of the session, since a test process may come back to this module after another one.
@pytest.fixture(scope="session", autouse=True)
def _suite_server() -> Iterator[None]:
    with SUITE:
        yield


TestTapInstagramBusiness = get_tap_test_class(
    TapInstagramBusiness,
    config={"access_token": "sandbox-token", "api_url": SUITE.url, "include_others": True},
    suite_config=SuiteConfig(ignore_no_records_for_streams=["insight_gaps", "extra_insights"]),
    # Selected, or the SDK would compare their rows with a schema from which all is deselected.
    catalog=catalog(*TapInstagramBusiness(validate_config=False).streams),
)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with GraphApiServer(WorldSettings(accounts=3, posts=50, days=60, start=START)) as server:
        extra = ["account:reach:media_product_type", "media:profile_activity"]
        yield run_tap(server, extra_metrics=extra)


def test_rows_fit_their_schema(run: Run) -> None:
    for stream, rows in run.records.items():
        check = jsonschema.Draft202012Validator(run.schemas[stream]["schema"])
        for row in rows:
            check.validate(row)


def test_the_sdk_would_change_no_value_of_a_row() -> None:
    """The tap leaves the SDK's conversion of types out."""

    class Rows(Run):
        def write_message(self, message: Any) -> None:
            if isinstance(message, RecordMessage):
                schema = self.schemas[message.stream]["schema"]
                conformed = conform_record_data_types(
                    message.stream, message.record, schema, TypeConformanceLevel.RECURSIVE, logger
                )
                # Equal in JSON: 1 and True, or a date and its text, would be equal otherwise.
                assert json.dumps(message.record) == json.dumps(conformed)
            super().write_message(message)

    logger, rows = logging.getLogger("test"), Rows()
    selected = catalog(*TapInstagramBusiness(validate_config=False).streams)
    with GraphApiServer(WorldSettings(accounts=2, posts=40, days=60, start=START)) as server:
        new_tap(server, writer=rows, catalog=selected, extra_metrics=["media:saved"]).run()
    assert len(rows.records) > 18


def test_keys_are_never_null_and_never_twice(run: Run) -> None:
    for stream, rows in run.records.items():
        keys = [tuple(row[key] for key in run.schemas[stream]["key_properties"]) for row in rows]
        assert keys, stream
        assert all(part is not None for key in keys for part in key), stream
        assert len(set(keys)) == len(keys), stream


def test_keys_are_never_empty_which_some_loaders_read_as_null(run: Run) -> None:
    assert run.records.keys() == schemas().keys() - OFF_BY_DEFAULT
    for stream, rows in run.records.items():
        keys = run.schemas[stream]["key_properties"]
        empty = {(stream, name) for row in rows for name in keys if not str(row[name]).strip()}
        assert not empty


def test_the_word_for_what_does_not_apply_is_in_keys_only_and_described(run: Run) -> None:
    found = {
        (stream, name)
        for stream, rows in run.records.items()
        for row in rows
        for name, value in row.items()
        if value == DOES_NOT_APPLY
    }
    assert found == {
        *(("audience_demographics", name) for name in ("age", "gender", "city", "country")),
        *(("extra_insights", name) for name in ("media_id", "breakdown", "breakdown_value")),
        *(("insight_gaps", name) for name in ("media_id", "metric")),
    }
    for stream, name in found:
        assert name in run.schemas[stream]["key_properties"]
        description = run.schemas[stream]["schema"]["properties"][name]["description"]
        assert f"`{DOES_NOT_APPLY}`" in description, (stream, name)


def test_every_row_says_whose_it_is(run: Run) -> None:
    for rows in run.records.values():
        assert all(row["account_id"].startswith("17841") for row in rows)


def test_ids_are_strings_of_all_their_digits(run: Run) -> None:
    ids = [row["id"] for row in run.records["media"]]
    assert all(isinstance(media_id, str) and len(media_id) == 17 for media_id in ids)


def test_the_final_state_has_a_bookmark_for_each_account_and_nothing_unfinished(run: Run) -> None:
    assert "progress_markers" not in json.dumps(run.state)
    bookmarks = run.state["bookmarks"]
    accounts = {row["id"] for row in run.records["accounts"]}
    assert bookmarks["account_history"]["accounts"].keys() == accounts
    for stream in ("media", "media_children", "media_insights"):
        kept = bookmarks[stream]["accounts"]
        assert kept.keys() == accounts
        assert {entry["snapshot_date"] for entry in kept.values()} == {"2026-11-20"}
    kept = bookmarks["account_insights"]["accounts"]
    assert {account: entry["date"] for account, entry in kept.items()} == dict.fromkeys(
        accounts, "2026-11-19"
    )


def test_no_secret_is_in_messages_or_state(
    serve: Callable[..., GraphApiServer], capfd: pytest.CaptureFixture[str]
) -> None:
    run = run_tap(serve(), app_secret="sandbox-app-secret")
    written = json.dumps([run.records, run.states, run.schemas])
    captured = capfd.readouterr()
    for secret in ("sandbox-token", "sandbox-app-secret"):
        assert secret not in written + captured.out + captured.err


def schemas() -> dict[str, dict[str, Any]]:
    tap = TapInstagramBusiness(validate_config=False)
    return {name: stream.schema for name, stream in tap.streams.items()}


@pytest.mark.parametrize("stream", schemas())
def test_columns_are_what_the_loader_can_take(stream: str) -> None:
    table = schemas()[stream]
    keys = set(TapInstagramBusiness(validate_config=False).streams[stream].primary_keys)
    assert "account_id" in table["properties"]
    for name, column in table["properties"].items():
        assert column["description"].endswith("."), name
        assert "anyOf" not in column, name
        assert "object" not in column["type"], name
        assert ("null" not in column["type"]) == (name in keys | {"account_id"}), name


@pytest.mark.parametrize("stream", schemas())
def test_names_are_what_every_database_can_take(stream: str) -> None:
    columns = [*schemas()[stream]["properties"]]
    for name in (stream, *columns):
        assert re.fullmatch("[a-z][a-z0-9_]{0,62}", name), name


def test_a_table_is_announced_before_its_rows_with_all_that_a_row_has(run: Run) -> None:
    announced: dict[str, set[str]] = {}
    for message in run.messages:
        if message["type"] == "SCHEMA":
            columns = message["schema"]["properties"]
            assert set(message["key_properties"]) <= columns.keys()
            announced[message["stream"]] = set(columns)
        if message["type"] == "RECORD":
            assert message["record"].keys() <= announced[message["stream"]]
