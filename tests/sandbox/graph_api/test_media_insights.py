"""Media insights: the matrix of types and metrics, and its refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.world.posts import Media

    from .client import Client

POST = "views,reach,saved,likes,comments,shares,total_interactions,reposts"
FEED = f"{POST},follows,profile_visits,profile_activity,total_likes,total_comments,total_views"
REELS = f"{POST},ig_reels_avg_watch_time,ig_reels_video_view_total_time,reels_skip_rate"


def values(body: dict[str, Any]) -> dict[str, Any]:
    return {insight["name"]: insight["values"][0]["value"] for insight in body["data"]}


def one(client: Client, product: str, media_type: str) -> Media:
    world, now = client.server.world, client.server.clock.now()
    return next(
        post
        for post in world.posts_of(world.account_ids[0], now - timedelta(days=1))
        if (post.product, post.media_type) == (product, media_type)
    )


@pytest.mark.parametrize(
    ("product", "media_type", "metrics", "refused"),
    [
        ("FEED", "IMAGE", FEED, "navigation"),
        ("FEED", "IMAGE", FEED, "ig_reels_avg_watch_time"),
        ("FEED", "CAROUSEL_ALBUM", FEED, "replies"),
        ("FEED", "VIDEO", "reach,saved", "likes"),
        ("REELS", "VIDEO", REELS, "follows"),
        ("REELS", "VIDEO", REELS, "profile_activity"),
    ],
)
def test_each_type_has_its_own_metrics(
    shared: Client, product: str, media_type: str, metrics: str, refused: str
) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    media = one(shared, product, media_type)
    found = values(shared.get(f"{media.id}/insights", metric=metrics))
    truth = world.media_insights(media.id, now)
    assert found == {name: truth[name] for name in metrics.split(",")}
    error = shared.error(f"{media.id}/insights", metric=f"{metrics},{refused}")
    assert error["code"] == 100
    assert "error_subcode" not in error
    assert f"does not support the {refused} metric" in error["message"]


def test_an_unknown_metric_gets_the_list_of_those_there_are(shared: Client) -> None:
    media = one(shared, "FEED", "IMAGE")
    error = shared.error(f"{media.id}/insights", metric="reach,impressions")
    assert error["message"].startswith("(#100) metric[1] must be one of the following values: ")
    assert shared.error(f"{media.id}/insights")["code"] == 100


def test_a_breakdown_must_be_asked_for_alone(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    media = one(shared, "FEED", "IMAGE")
    path = f"{media.id}/insights"
    found = shared.get(path, metric="profile_activity", breakdown="action_type")["data"][0]
    results = found["total_value"]["breakdowns"][0]["results"]
    parts = {part["dimension_values"][0].upper(): part["value"] for part in results}
    assert parts == world.media_breakdown(media.id, "profile_activity", now)
    assert sum(parts.values()) == found["total_value"]["value"] == found["values"][0]["value"]
    wrong = shared.error(path, metric="profile_activity,reach", breakdown="action_type")
    assert "Incompatible breakdowns (action_type) for metric (reach)" in wrong["message"]
    assert "must be one of" in shared.error(path, metric="reach", breakdown="age")["message"]
