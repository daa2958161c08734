"""A new stream is one class and one line, source or derived; a mistake is one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business import streams
from tap_instagram_business.graph.calls import Call
from tap_instagram_business.streams.base import InstagramStream, NotConnected
from tap_instagram_business.streams.columns import ACCOUNT_ID, column
from tap_instagram_business.streams.media import Media
from tap_instagram_business.streams.media_base import DerivedFromMedia
from tap_instagram_business.streams.others import TaggedMedia
from tests.tap_run import run_tap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from instagram_sandbox.graph_api import GraphApiServer
    from tap_instagram_business.streams.media_base import ListedMedia

COLUMNS = th.PropertiesList(
    column("media_id", "string", "The media.", key=True),
    ACCOUNT_ID,
    column("shortcode", "string", "The last part of its address."),
).to_dict()


class Shortcodes(DerivedFromMedia):
    """A derived stream by the recipe."""

    name = "shortcodes"
    parent_stream_type = Media
    primary_keys = ("media_id",)
    replication_key = "timestamp"
    schema = COLUMNS

    @override
    def needs(self) -> Iterable[str]:
        return ("shortcode",)

    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        for item in media:
            if self.is_due(item):
                self.write(
                    {
                        "media_id": item.id,
                        "account_id": item.account.id,
                        "shortcode": item.node["shortcode"],
                    }
                )
            self.done_until(item)


class Usernames(InstagramStream):
    """A source stream by the recipe."""

    name = "usernames"
    bookmark_text = "none. Every run reads all accounts."
    primary_keys = ("account_id",)
    schema = th.PropertiesList(ACCOUNT_ID, column("username", "string", "Handle.")).to_dict()

    @override
    def rows(self) -> Iterator[dict[str, Any]]:
        params = {"fields": "username"}
        for answer in self.ask(
            Call(account.id, params=params, token=account.token) for account in self._run.accounts
        ):
            yield {"account_id": answer.call.node, "username": answer.data["username"]}


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[InstagramStream]], None]:
    def add_one(table: type[InstagramStream]) -> None:
        monkeypatch.setattr(streams, "STREAMS", (*streams.STREAMS, table))

    return add_one


def test_a_derived_stream_is_one_class_and_one_line(
    serve: Callable[..., GraphApiServer], add: Callable[[type[InstagramStream]], None]
) -> None:
    add(Shortcodes)
    server = serve()
    first = run_tap(server)
    assert {row["media_id"]: row["shortcode"] for row in first.records["shortcodes"]} == {
        row["id"]: row["shortcode"] for row in first.records["media"]
    }
    second = run_tap(server, state=first.state)
    assert 0 < len(second.records["shortcodes"]) < len(first.records["shortcodes"])


def test_a_source_stream_is_one_class_and_one_line(
    serve: Callable[..., GraphApiServer], add: Callable[[type[InstagramStream]], None]
) -> None:
    add(Usernames)
    run = run_tap(serve())
    assert {row["account_id"]: row["username"] for row in run.records["usernames"]} == {
        row["id"]: row["username"] for row in run.records["accounts"]
    }


class WithoutBookmark(Usernames):
    name = "without_bookmark"
    bookmark_text = ""


class WithoutContract(InstagramStream):
    name = "without_contract"
    bookmark_text = "none."
    parent_stream_type = Media
    schema = COLUMNS


class OfALonelyTable(InstagramStream):
    name = "of_a_lonely_table"
    bookmark_text = "none."
    parent_stream_type = TaggedMedia
    schema = COLUMNS


class OfAForgottenTable(DerivedFromMedia):
    name = "of_a_forgotten_table"
    parent_stream_type = Usernames
    schema = COLUMNS

    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        raise NotImplementedError


class WithoutRows(InstagramStream):
    name = "without_rows"
    bookmark_text = "none."
    schema = COLUMNS


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            WithoutContract,
            (
                "Table without_contract is derived from media, which calls its read(): let it "
                "inherit from DerivedFromMedia"
            ),
        ),
        (
            OfALonelyTable,
            "Table of_a_lonely_table is derived from tagged_media, which has no derived streams",
        ),
        (
            OfAForgottenTable,
            "Table of_a_forgotten_table is derived from Usernames: add that to STREAMS",
        ),
        (
            WithoutRows,
            "Table without_rows has no parent_stream_type: give it one, or a rows()",
        ),
        (WithoutBookmark, "Table without_bookmark has no bookmark_text: say what it keeps"),
    ],
)
def test_a_table_that_lacks_something_is_told_at_the_start(
    serve: Callable[..., GraphApiServer],
    add: Callable[[type[InstagramStream]], None],
    table: type[InstagramStream],
    sentence: str,
) -> None:
    add(table)
    with pytest.raises(NotConnected) as told:
        run_tap(serve())
    assert str(told.value) == sentence
