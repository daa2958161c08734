"""Media insights: the matrix of types and metrics, and its refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.world.posts import Media

    from .client import Client
    from .conftest import Serve

POST = "views,reach,saved,likes,comments,shares,total_interactions,reposts"
FEED = f"{POST},follows,profile_visits,profile_activity,total_likes,total_comments,total_views"
REELS = f"{POST},ig_reels_avg_watch_time,ig_reels_video_view_total_time,reels_skip_rate"
STORY = (
    "views,reach,replies,shares,reposts,total_interactions,profile_visits,follows,link_clicks,"
    "navigation,profile_activity,total_views"
)


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


def test_every_media_gives_just_what_the_truth_says(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    for account in world.account_ids:
        for post in world.posts_of(account, now)[::11]:
            truth = world.media_insights(post.id, now)
            if truth:
                found = shared.get(f"{post.id}/insights", metric=",".join(truth))
                assert values(found) == truth


@pytest.mark.parametrize("kind", ["FEED IMAGE", "FEED CAROUSEL_ALBUM", "REELS VIDEO", "STORY"])
def test_views_on_facebook_are_for_what_is_shared_there(serve: Serve, kind: str) -> None:
    client = serve(accounts=1, posts=150, stories_per_day=12, converted_days_ago=None)
    world, now = client.server.world, client.server.clock.now()
    account, hour = world.account_ids[0], timedelta(hours=1)
    ids = [item["id"] for item in (*world.media(account, now), *world.stories(account, now))]
    found = [world.media_by_id(each) for each in ids]
    media = [
        each
        for each in found
        if kind in {each.product, f"{each.product} {each.media_type}"}
        and each.published < now - hour
        and world.media_insights_refusal(each.id, now) is None
    ]
    shown = {}
    for each in media:
        body = client.get(f"{each.id}/insights", metric="facebook_views")
        if "error" in body:
            assert "does not support the facebook_views metric" in body["error"]["message"]
        else:
            shown[each.id] = values(body)["facebook_views"]
    assert set(shown) == {each.id for each in media if each.crossposted}
    assert 0 < len(shown) < len(media)
    assert any(shown.values())


def test_views_fail_for_some_old_videos_only(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    old = [post for post in world.posts_of(world.account_ids[0], now) if post.legacy_video]
    codes = {
        "error" in shared.get(f"{post.id}/insights", metric="reach,saved,views") for post in old
    }
    assert codes == {True, False}


def test_the_shape_of_an_insight(shared: Client) -> None:
    media = one(shared, "REELS", "VIDEO")
    insight = shared.get(f"{media.id}/insights", metric="reels_skip_rate")["data"][0]
    assert insight["id"] == f"{media.id}/insights/reels_skip_rate/lifetime"
    assert insight["period"] == "lifetime"
    assert isinstance(insight["values"][0]["value"], float)
    assert insight.keys() == {"name", "period", "values", "title", "description", "id"}


def test_an_unknown_metric_gets_the_list_of_those_there_are(shared: Client) -> None:
    media = one(shared, "FEED", "IMAGE")
    error = shared.error(f"{media.id}/insights", metric="reach,impressions")
    assert error["message"].startswith("(#100) metric[1] must be one of the following values: ")
    assert shared.error(f"{media.id}/insights")["code"] == 100


def test_a_metric_is_retired_while_we_look(serve: Serve) -> None:
    client = serve(posts=20)
    media = one(client, "FEED", "IMAGE")
    assert values(client.get(f"{media.id}/insights", metric="saved,reach"))
    client.server.world.retired_metrics.add("saved")
    message = client.error(f"{media.id}/insights", metric="saved,reach")["message"]
    assert message.startswith("(#100) metric[0] must be one of the following values: views, reach,")
    assert "saved" not in client.server.world.media_insights(media.id, client.server.clock.now())


def test_the_instagram_login_lacks_some_metrics(serve: Serve) -> None:
    client = serve(login="instagram", posts=20)
    media = one(client, "FEED", "IMAGE")
    assert "must be one of" in client.error(f"{media.id}/insights", metric="total_views")["message"]


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


def test_stories(serve: Serve) -> None:
    client = serve(accounts=4, posts=1, stories_per_day=5)
    world, now = client.server.world, client.server.clock.now()
    refusals = []
    for account in world.account_ids:
        for story in world.stories(account, now):
            refusal = world.media_insights_refusal(story["id"], now)
            refusals.append(refusal)
            body = client.get(f"{story['id']}/insights", metric=STORY)
            if refusal is None and not world.media_insights(story["id"], now):
                assert body == {"data": []}
            elif refusal is None:
                truth = world.media_insights(story["id"], now)
                assert values(body) == {name: truth[name] for name in STORY.split(",")}
                split = client.get(
                    f"{story['id']}/insights",
                    metric="navigation",
                    breakdown="story_navigation_action_type",
                )
                keys = split["data"][0]["total_value"]["breakdowns"][0]["dimension_keys"]
                assert keys == ["story_navigation_action_type"]
            else:
                assert body["error"]["code"] == 10
                assert "Not enough viewers" in body["error"]["message"]
    assert set(refusals) == {None, "too_few_viewers"}


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_media_from_before_the_conversion(serve: Serve, login: str) -> None:
    client = serve(login=login, converted_days_ago=100)
    world, now = client.server.world, client.server.clock.now()
    posts = world.posts_of(world.account_ids[0], now)
    refused = [world.media_insights_refusal(post.id, now) for post in posts]
    first = refused.index("before_conversion")
    assert set(refused[first:]) == {"before_conversion"}
    error = client.error(f"{posts[first].id}/insights", metric="reach")
    assert (error["code"], error["error_subcode"]) == (100, 2108006)
    text = error["message"] if login == "instagram" else error["error_user_msg"]
    assert "converted" in text
    assert client.get(f"{posts[first - 1].id}/insights", metric="reach")["data"]


def test_nothing_is_computed_in_the_first_half_hour(serve: Serve) -> None:
    client = serve(posts=100, days=10)
    world, clock = client.server.world, client.server.clock
    post = world.posts_of(world.account_ids[0], clock.now())[0]
    clock.set(post.published + timedelta(minutes=5))
    assert client.get(f"{post.id}/insights", metric="reach") == {"data": []}
    assert world.media_insights(post.id, clock.now()) == {}
    clock.advance(timedelta(hours=1))
    assert client.get(f"{post.id}/insights", metric="reach")["data"]


def test_nested_insights_are_all_or_nothing(shared: Client) -> None:
    world, now = shared.server.world, shared.server.clock.now()
    account = world.account_ids[0]
    nested = "id,insights.metric(reach,saved){name,values}"
    media = shared.get(f"{account}/media", fields=nested, limit=50)["data"]
    for item in media:
        truth = world.media_insights(item["id"], now)
        expected = {name: truth[name] for name in ("reach", "saved")} if truth else {}
        assert values(item["insights"]) == expected
    broken = shared.error(f"{account}/media", fields="id,insights.metric(follows)", limit=50)
    assert "does not support the follows metric" in broken["message"]
    too_much = shared.error(f"{account}/media", fields=nested, limit=100)
    assert "reduce the amount of data" in too_much["message"]
