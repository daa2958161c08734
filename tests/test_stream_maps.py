"""The setting `stream_maps`: what is masked stays masked, and a wrong map is told in a sentence."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from singer_sdk.exceptions import ConfigValidationError

from instagram_sandbox.graph_api import WorldSettings
from tests.program import complaint
from tests.tap_run import catalog, run_tap
from tests.targets.user_project import blocks
from tests.tokens.command import command, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from instagram_sandbox.graph_api import GraphApiServer


@pytest.fixture
def server(serve: Callable[..., GraphApiServer]) -> GraphApiServer:
    return serve(WorldSettings(accounts=1, posts=20, days=10))


def test_batches_bypass_no_map(server: GraphApiServer, tmp_path: Path) -> None:
    """The tap does not offer batches: the setting for them has no effect."""
    batches = {
        "encoding": {"format": "jsonl", "compression": "none"},
        "storage": {"root": tmp_path.as_uri()},
    }
    run = run_tap(
        server,
        catalog=catalog("media"),
        batch_config=batches,
        stream_maps={"media": {"caption": None}},
    )
    assert {message["type"] for message in run.messages} == {"SCHEMA", "RECORD", "STATE"}
    assert not [*tmp_path.iterdir()]
    assert run.records["media"]
    assert not [row for row in run.records["media"] if "caption" in row]
    assert "caption" not in run.schemas["media"]["schema"]["properties"]


def test_a_map_for_every_table_fits_those_that_are_off_too(server: GraphApiServer) -> None:
    run = run_tap(server, stream_maps={"*": {"source": "'instagram'", "caption": None}})
    assert run.schemas.keys() >= {"media", "accounts", "account_insights"}
    for name, rows in run.records.items():
        assert {row["source"] for row in rows} == {"instagram"}
        assert "source" in run.schemas[name]["schema"]["properties"]
        assert not [row for row in rows if "caption" in row]


def test_a_map_removes_the_tables_that_it_does_not_name(server: GraphApiServer) -> None:
    run = run_tap(server, stream_maps={"media": {}, "__else__": None})
    assert list(run.schemas) == list(run.records) == ["media"]


def documented(block: str) -> dict[str, Any]:
    """The settings of a block in docs/targets.md."""
    found: dict[str, Any] = yaml.safe_load("".join(blocks(f"maps: {block}")))["config"]
    return found


def test_the_documented_mask_removes_and_hashes(server: GraphApiServer) -> None:
    every = run_tap(server, catalog=catalog("media")).table("media")
    settings = documented("mask")
    run = run_tap(server, catalog=catalog("media"), **settings)
    masked = {"caption", "alt_text", "hashtags", "mentions"}
    assert not masked & run.schemas["media"]["schema"]["properties"].keys()
    salt = settings["stream_map_config"]["salt"]
    for key, row in run.table("media").items():
        link = every[key]["permalink"]
        assert not masked & row.keys()
        assert row["permalink"] == (sha256(f"{salt}{link}".encode()).hexdigest() if link else None)


def test_the_documented_names_replace_those_of_table_and_column(server: GraphApiServer) -> None:
    every = run_tap(server, catalog=catalog("media")).table("media")
    run = run_tap(server, catalog=catalog("media"), **documented("rename"))
    assert list(run.schemas) == list(run.records) == ["posts"]
    links = {key: row["link"] for key, row in run.table("posts").items()}
    assert links == {key: row["permalink"] for key, row in every.items()}
    assert not [row for row in run.records["posts"] if "permalink" in row]


def test_the_documented_filter_meets_null(server: GraphApiServer) -> None:
    every = run_tap(server, catalog=catalog("media")).table("media")
    expected = {key for key, row in every.items() if (row["like_count"] or 0) >= 1200}
    assert [row for row in every.values() if row["like_count"] is None]
    assert 0 < len(expected) < len(every)
    run = run_tap(server, catalog=catalog("media"), **documented("filter"))
    assert run.table("media").keys() == expected


def test_of_several_maps_the_last_one_counts(server: GraphApiServer) -> None:
    maps = {"*": {"caption": None}, "media": {"permalink": None}}
    (row, *_) = run_tap(server, catalog=catalog("media"), stream_maps=maps).records["media"]
    assert "caption" in row
    assert "permalink" not in row


NULL = "also where a column is NULL"
WRONG = {
    "a filter that meets NULL": (
        {"media": {"__filter__": "like_count > 1200"}},
        f"`media`.*{NULL}",
    ),
    "a column that meets NULL": ({"media": {"alt_text": "alt_text.upper()"}}, f"`media`.*{NULL}"),
    "an unknown name": ({"media": {"caption": "captoin"}}, "'captoin' is not defined"),
    "an unknown function": ({"media": {"caption": "fake.name()"}}, "'fake' is not defined"),
    "half an expression": ({"media": {"caption": "md5("}}, r"Failed to parse expression md5\("),
    "half a filter": ({"media": {"__filter__": "1 +"}}, r"Failed to parse expression 1 \+"),
    "a removed key": ({"*": {"id": None}}, "Removing key property 'id'"),
    "a misspelt table": (
        {"medai": {"caption": None}},
        "`medai.caption` fits no table: did you mean `media`",
    ),
    "a misspelt source": (
        {"posts": {"__source__": "medai"}},
        "`medai` fits no table: did you mean `media`",
    ),
    "a misspelt column": (
        {"media": {"captoin": None}},
        "`media.captoin` fits no column: did you mean `caption`",
    ),
    "a number for a column": ({"media": {"caption": 5}}, "must name tables, and for each"),
    "a list": ([], "must name tables, and for each"),
    "a word for a table": ({"media": "off"}, "must name tables, and for each"),
    "another word for the rest": ({"__else__": "off"}, "must name tables, and for each"),
    "an unknown option": ({"__all__": {}}, "Option '__all__"),
    "a list without brackets": ("media", "must name tables, and for each"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_map_is_told_in_a_sentence(server: GraphApiServer, name: str) -> None:
    maps, sentence = WRONG[name]
    with pytest.raises(ConfigValidationError, match=f"^Setting `stream_maps`.*{sentence}") as told:
        run_tap(server, catalog=catalog("media", "accounts"), stream_maps=maps)
    assert str(told.value).endswith((".", "?"))


@pytest.mark.parametrize("name", ["a filter that meets NULL", "a misspelt table", "a list"])
def test_the_sentence_about_a_map_comes_alone_with_the_exit_code_of_settings(
    server: GraphApiServer, name: str
) -> None:
    maps, _ = WRONG[name]
    given = environment(
        server, ACCESS_TOKEN="sandbox-token", STREAM_MAPS=json.dumps(maps), MAX_CALLS="500"
    )
    run = command("--config=ENV", env=given)
    assert complaint(run).startswith("Setting `stream_maps`")
    assert "ERROR" not in run.stderr
