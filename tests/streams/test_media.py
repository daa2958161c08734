"""How far media are listed, and what is read out of their captions."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import Fault, WorldSettings
from tests import truth
from tests.tap_run import catalog, run_tap
from tests.test_selection import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from instagram_sandbox.graph_api import GraphApiServer
    from tests.tap_run import Row

PAGE = 100


def test_a_list_is_read_no_further_than_the_start_date(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=5 * PAGE, days=500, stories_per_day=0))
    posted = sorted(
        (row["timestamp"] for row in truth.media(server.world, server.clock.now()).values()),
        reverse=True,
    )
    # The start lies on the second page, of five.
    start = posted[PAGE + 20][:10]
    run = run_tap(server, catalog=catalog("media"), start_date=start)
    assert len(run.records["media"]) == sum(timestamp >= start for timestamp in posted)
    asked = [line for line in lines(server) if "/media?" in line]
    assert len(asked) == 2


def listed(*media: dict[str, Any]) -> Fault:
    """Let each account have these media."""
    body = json.dumps({"data": media})
    return Fault("raw", status=200, body=body, match=r"/media\?", times=None)


def test_a_media_that_was_posted_in_the_second_of_the_start_date_is_read(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=0, stories_per_day=0))
    moments = ("2026-11-01T00:00:00+0000", "2026-10-31T23:59:59+0000")
    server.faults.add(
        listed(*({"id": str(10**16 + n), "timestamp": at} for n, at in enumerate(moments)))
    )
    run = run_tap(server, catalog=catalog("media"), start_date="2026-11-01")
    assert [row["id"] for row in run.records["media"]] == [str(10**16)]


def test_slides_that_meta_refuses_are_a_gap_and_the_others_are_written(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=0, stories_per_day=0))
    (account,) = server.world.account_ids
    carousel, slide = str(10**16), str(10**16 + 1)
    paging = {"next": "https://graph/children?after=A", "cursors": {"after": "A"}}
    children = {"data": [{"id": slide, "media_type": "IMAGE"}], "paging": paging}
    posted = "2026-11-01T12:00:00+0000"
    server.faults.add(
        Fault("permission", match=rf"{carousel}/children", times=None),
        listed({"id": carousel, "timestamp": posted, "children": children}),
    )
    run = run_tap(server, catalog=catalog("media", "media_children", "insight_gaps"))
    assert [row["id"] for row in run.records["media_children"]] == [slide]
    gap = run.table("insight_gaps")[
        account, carousel, "/children", "permission", server.clock.now().date().isoformat()
    ]
    assert gap["code"] == 10


def test_a_listed_media_that_meta_refuses_is_a_gap_and_the_others_are_written(
    serve: Callable[..., GraphApiServer],
) -> None:
    server = serve(WorldSettings(accounts=1, posts=3, days=20, stories_per_day=0))
    (account,), now = server.world.account_ids, server.clock.now()
    expected = truth.media(server.world, now)
    victim = min(expected)[0]
    error: dict[str, Any] = {"code": 9005, "message": "(#9005) Not found", "times": None}
    server.faults.add(
        Fault("error", match=r"/media\?.*caption", **error),
        Fault("error", match=rf"/{victim}\?", **error),
    )
    run = run_tap(server, catalog=catalog("media", "insight_gaps"))
    del expected[victim,]
    truth.tables_equal(run.table("media"), expected)
    gaps = {key[:3]: row["code"] for key, row in run.table("insight_gaps").items()}
    assert gaps == {(account, victim, "/media"): 9005}


def read(serve: Callable[..., GraphApiServer], captions: Sequence[str]) -> list[Row]:
    """The rows of media with these captions."""
    server = serve(WorldSettings(accounts=1, posts=0, stories_per_day=0))
    posted = "2026-11-01T12:00:00+0000"
    media = [
        {"id": str(10**16 + number), "timestamp": posted, "caption": caption}
        for number, caption in enumerate(captions)
    ]
    server.faults.add(listed(*media))
    rows = run_tap(server, catalog=catalog("media")).records["media"]
    assert [row["caption"] for row in rows] == list(captions)
    return rows


def test_hashtags_and_mentions_of_every_caption_of_a_few_characters(
    serve: Callable[..., GraphApiServer],
) -> None:
    captions = ["".join(drawn) for drawn in product("#@a_. 🎉", repeat=4)]
    for row in read(serve, captions):
        found = row["hashtags"], row["mentions"]
        expected = truth.hashtags(row["caption"]), truth.mentions(row["caption"])
        assert found == expected, row["caption"]


@pytest.mark.parametrize(
    ("caption", "hashtags", "mentions"),
    [
        ("New #shop, #new_in and #2026!", ["shop", "new_in", "2026"], []),
        ("#one#two #One #one", ["one", "One", "one"], []),
        ("no. 5#6, C# and # alone", [], []),
        ("Dial #️⃣", [], []),
        ("#café #распродажа #セール #مقهى", ["café", "распродажа", "セール", "مقهى"], []),
        ("With @ann.lee, @_bob_ and @c3.", [], ["ann.lee", "_bob_", "c3"]),
        ("Ask info@acme.example or .@hidden", [], []),
        ("(@ann)/@bob\n@carl...", [], ["ann", "bob", "carl"]),
        ("@ann's and @@bob", [], ["ann", "bob"]),
        ("@... and @ alone", [], []),
        ("#@ann and @#tag", ["tag"], ["ann"]),
        ("-#one\n#two", ["one", "two"], []),
        ("#हिन्दी", ["हिन्दी"], []),
        ("#cafe\u0301 au lait", ["cafe\u0301"], []),
        ("@acmeの新作", [], ["acme"]),
    ],
)
def test_hashtags_and_mentions(
    serve: Callable[..., GraphApiServer], caption: str, hashtags: list[str], mentions: list[str]
) -> None:
    assert (truth.hashtags(caption), truth.mentions(caption)) == (hashtags, mentions)
    (row,) = read(serve, [caption])
    assert (row["hashtags"], row["mentions"]) == (hashtags, mentions)
