"""Batches, and what Meta has closed to new apps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import Fault

if TYPE_CHECKING:
    from .client import Client
    from .conftest import Serve


def post_ids(client: Client, count: int = 50, account: int = 0) -> list[str]:
    world, now = client.server.world, client.server.clock.now()
    return [post.id for post in world.posts_of(world.account_ids[account], now)[:count]]


def reach(client: Client, media_id: str) -> Any:
    return client.server.world.media_insights(media_id, client.server.clock.now())["reach"]


def test_each_operation_fails_alone(shared: Client) -> None:
    good = post_ids(shared, 1)[0]
    answers = shared.batch(f"v25.0/{good}", "v25.0/17900000000000009", f"/{good}?fields=nonsense")
    assert [answer["code"] for answer in answers] == [200, 400, 400]
    assert json.loads(answers[1]["body"])["error"]["error_subcode"] == 33
    assert shared.response.status_code == 200


def test_headers_only_if_wanted(shared: Client) -> None:
    url = f"v25.0/{post_ids(shared, 1)[0]}"
    assert {"name": "Content-Type", "value": "application/json; charset=UTF-8"} in shared.batch(
        url
    )[0]["headers"]
    assert "headers" not in shared.batch(url, include_headers="false")[0]


def test_more_than_fifty_or_nonsense_is_refused_as_a_whole(shared: Client) -> None:
    assert shared.batch(*["v25.0/me"] * 51)["error"]["code"] == 100
    assert shared.response.status_code == 400
    assert shared.batch(batch="{}")["error"]["code"] == 100


def test_an_operation_may_bring_its_own_token(shared: Client) -> None:
    page = shared.server.world.pages[1]
    answer = shared.batch(f"v25.0/me?fields=id&access_token={page.access_token}")[0]
    assert json.loads(answer["body"]) == {"id": page.id}
    assert "access_token" not in str(list(shared.server.requests)[-1])
    bad = shared.batch("v25.0/me?access_token=nonsense", "v25.0/me")
    assert [answer["code"] for answer in bad] == [401, 200]


def test_the_batch_itself_needs_a_token(shared: Client) -> None:
    shared.session.headers["Authorization"] = "Bearer nonsense"
    try:
        assert shared.batch("v25.0/me")["error"]["code"] == 190
    finally:
        shared.session.headers["Authorization"] = "Bearer sandbox-token"


def test_the_instagram_login_has_no_batch(serve: Serve) -> None:
    client = serve(login="instagram", posts=1)
    assert client.batch("v25.0/me")["error"]["code"] == 100
    assert client.response.status_code == 400


def test_an_operation_may_time_out(serve: Serve) -> None:
    client = serve(posts=5)
    ids = post_ids(client, 3)
    client.server.faults.add(Fault("null_op", match=ids[1]))
    urls = [f"v25.0/{name}/insights?metric=reach" for name in ids]
    assert [answer and answer["code"] for answer in client.batch(*urls)] == [200, None, 200]
    assert [answer["code"] for answer in client.batch(*urls)] == [200, 200, 200]


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_what_meta_has_closed_is_refused(serve: Serve, login: str) -> None:
    client = serve(login=login, posts=3)
    ids = post_ids(client)
    for error in (
        client.error("", ids=",".join(ids)),
        client.error("insights", ids=",".join(ids), metric="reach"),
        client.error(ids[0], fields="media_type.as(kind)"),
    ):
        assert error["code"] == 3
