"""Refusals of media insights that a client does not expect."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instagram_sandbox.graph_api import ApiSettings, Fault

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.world.posts import Media
    from tests.sandbox.graph_api.client import Client
    from tests.sandbox.graph_api.conftest import Serve


def posts(client: Client, product: str, account: int = 0) -> list[Media]:
    """The posts of a product that are old enough to have insights."""
    world, now = client.server.world, client.server.clock.now()
    found = world.posts_of(world.account_ids[account], now - timedelta(days=1))
    return [post for post in found if post.product == product]


def test_a_share_of_all_reels_and_the_code_can_be_chosen(serve: Serve) -> None:
    client = serve(posts=120)
    reels = posts(client, "REELS")
    order = Fault("not_crossposted", form="any", share=0.4, code=1, status=500)
    client.server.faults.add(order)
    unasked = Fault("not_crossposted", form="any", share=0.4, seed=2)
    chosen = {reel.id for reel in reels if order.chooses(reel.id)}
    fatal = {
        reel.id
        for reel in reels
        if client.get(f"{reel.id}/insights", metric="facebook_views").get("error", {}).get("code")
        == 1
    }
    assert fatal == chosen
    assert client.response.status_code in {200, 400, 500}
    assert 0 < len(chosen) < len(reels)
    assert chosen != {reel.id for reel in reels if unasked.chooses(reel.id)}


@pytest.mark.parametrize(
    ("form", "code", "text"),
    [
        ("one_of", 100, "(#100) metric[1] must be one of the following values: views, reach,"),
        ("v22", 100, "(#100) Starting from version v22.0 and above, the saved metric is no longer"),
        ("incompatible", 100, "(#100) The following metric (saved) is incompatible with the"),
        ("unknown_100", 100, "(#100) An unknown error has occurred."),
        ("unknown_1", 1, "An unknown error occurred"),
        ("foreign", 100, "(#100) Стартинг фром версион v22.0 анд абове, тхе saved метриц"),
        ("foreign_nameless", 100, "(#100) Тхис метриц ис но лонгер суппортед."),
    ],
)
def test_a_metric_retires_in_any_wording(serve: Serve, form: str, code: int, text: str) -> None:
    order = Fault("retired_metric", form=form, names=("saved",))
    client = serve(posts=20, server={"api_settings": ApiSettings(faults=(order,))})
    media = posts(client, "FEED")[0]
    error = client.error(f"{media.id}/insights", metric="reach,saved,views")
    assert error["code"] == code
    assert error["message"].startswith(text)
    assert client.get(f"{media.id}/insights", metric="reach,views")["data"]


def test_a_metric_retires_for_one_account_only(serve: Serve) -> None:
    client = serve(posts=20)
    own = Fault("retired_metric", form="unknown_1", names=("reach",), accounts=(1,), subcode=99)
    client.server.faults.add(own)
    first, second = (posts(client, "FEED", account)[0] for account in (0, 1))
    assert client.get(f"{first.id}/insights", metric="reach")["data"]
    assert client.error(f"{second.id}/insights", metric="reach")["error_subcode"] == 99


@pytest.mark.parametrize("form", ["foreign", "nameless", "reworded"])
def test_too_few_viewers_are_told_in_other_words(serve: Serve, form: str) -> None:
    client = serve(accounts=4, posts=1, stories_per_day=8)
    world, now = client.server.world, client.server.clock.now()
    client.server.faults.add(Fault("too_few_viewers", form=form))
    ids = [story["id"] for account in world.account_ids for story in world.stories(account, now)]
    few = [each for each in ids if world.media_insights_refusal(each, now) == "too_few_viewers"]
    error = client.error(f"{few[0]}/insights", metric="reach")
    assert error["code"] == 10
    assert "Not enough viewers" not in error["message"]
    enough = next(each for each in ids if each not in few)
    assert "data" in client.get(f"{enough}/insights", metric="reach")


def test_a_breakdown_that_a_metric_lacks_is_refused_without_a_name(serve: Serve) -> None:
    client = serve(posts=20)
    media = posts(client, "FEED")[0]
    asked: dict[str, Any] = {"metric": "reach,profile_activity", "breakdown": "action_type"}
    client.server.faults.add("refused_breakdown")
    assert client.error(f"{media.id}/insights", **asked)["message"] == (
        "(#100) An unknown error has occurred."
    )
    client.server.faults.clear()
    own = Fault("refused_breakdown", form="unknown_1", names=("profile_activity",))
    client.server.faults.add(own)
    error = client.error(f"{media.id}/insights", **{**asked, "metric": "profile_activity"})
    assert (error["code"], error["message"]) == (1, "An unknown error occurred")
    assert client.get(f"{media.id}/insights", metric="profile_activity")["data"]
