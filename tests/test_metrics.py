"""Which insights each kind of media is asked for."""

from __future__ import annotations

import pytest

from tap_instagram_business.metrics import (
    FEED_VIDEO,
    MEDIA_METRICS,
    REELS,
    STORY,
    kind_of,
    media_metrics,
)

REEL = "https://www.instagram.com/reel/abc/"
POST = "https://www.instagram.com/p/abc/"
ALL_NAMES = frozenset(metric.name for metric in MEDIA_METRICS)


@pytest.mark.parametrize(
    ("product", "media", "permalink", "kind"),
    [
        ("REELS", "VIDEO", REEL, REELS),
        ("REELS", None, REEL, REELS),
        ("REELS", None, None, REELS),
        (None, "VIDEO", REEL, REELS),
        (None, "VIDEO", POST, FEED_VIDEO),
        ("FEED", "IMAGE", REEL, "FEED IMAGE"),
        (None, None, None, "FEED IMAGE"),
        ("feed", "video", None, FEED_VIDEO),
        ("STORY", "VIDEO", None, STORY),
        ("STORY", None, None, STORY),
        ("AD", "IMAGE", POST, ""),
    ],
)
def test_the_kind_of_a_media(
    product: str | None, media: str | None, permalink: str | None, kind: str
) -> None:
    assert kind_of(product, media, permalink) == kind


def test_ads_are_asked_for_nothing_and_unknown_kinds_for_what_videos_have() -> None:
    assert media_metrics("", "facebook", ALL_NAMES) == ()
    unknown = media_metrics("GUIDE IMAGE", "facebook", ALL_NAMES)
    assert unknown == media_metrics(FEED_VIDEO, "facebook", ALL_NAMES) != ()


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_only_selected_metrics_of_the_login_are_asked_for(login: str) -> None:
    everything = media_metrics(REELS, login, ALL_NAMES)
    assert {login in metric.logins for metric in everything} == {True}
    assert media_metrics(REELS, login, frozenset({"reach", "navigation"})) == tuple(
        metric for metric in everything if metric.name == "reach"
    )
