"""Which insight exists, for which media, at which grain: data, one row a metric.

Graph API reference: IG User insights, IG Media insights. What is asked, the columns and their
descriptions, and the documentation all follow from these rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from tap_instagram_business.fields import BOTH, FACEBOOK

FEED_IMAGE = "FEED IMAGE"
FEED_CAROUSEL = "FEED CAROUSEL_ALBUM"
FEED_VIDEO = "FEED VIDEO"
"""A video posted to the feed before all videos became reels."""
REELS = "REELS VIDEO"
STORY = "STORY"

PHOTOS = frozenset({FEED_IMAGE, FEED_CAROUSEL})
FEED = PHOTOS | {FEED_VIDEO}
POSTS = FEED | {REELS}
ALL = POSTS | {STORY}


@dataclass(frozen=True)
class MediaMetric:
    """A lifetime insight of a media.

    Attributes:
        name: Meta's name, and the column's.
        description: what it counts, with its unit.
        kinds: the kinds of media that have it.
        per_object: the kinds of which only some media have it: a refusal is about one media.
        logins: the logins that can read it.
        type: `integer` or `number`.
    """

    name: str
    description: str
    kinds: frozenset[str]
    per_object: frozenset[str] = frozenset()
    logins: frozenset[str] = BOTH
    type: str = "integer"


_VIDEO = frozenset({FEED_VIDEO})
_REELS = frozenset({REELS})
_STORY = frozenset({STORY})
_WITH_ADS = "in total: organic, from boosted posts and from Facebook crossposts"

MEDIA_METRICS = (
    MediaMetric(
        "reach",
        "Number of accounts that saw the media at least once. Meta estimates it; do not add it up "
        "over several media.",
        ALL,
    ),
    MediaMetric("views", "Number of times the media was played or shown.", ALL, _VIDEO),
    MediaMetric("likes", "Number of likes.", POSTS),
    MediaMetric("comments", "Number of comments.", POSTS),
    MediaMetric("saved", "Number of times the media was saved.", POSTS),
    MediaMetric("shares", "Number of times the media was shared.", ALL),
    MediaMetric("reposts", "Number of times the media was reposted.", ALL),
    MediaMetric(
        "total_interactions",
        "Sum of likes, saves, comments, shares and similar actions, minus those that were undone.",
        ALL,
    ),
    MediaMetric(
        "follows", "Number of accounts that started to follow from this media.", PHOTOS | _STORY
    ),
    MediaMetric(
        "profile_visits", "Number of visits to the profile from this media.", PHOTOS | _STORY
    ),
    MediaMetric(
        "replies",
        "Number of replies to the story. Meta gives 0 for accounts in the EU and in Japan.",
        _STORY,
    ),
    MediaMetric(
        "navigation",
        "Number of taps and swipes away from the story (forward, back or out), all kinds together.",
        _STORY,
    ),
    MediaMetric("link_clicks", "Number of taps on the link in the story.", _STORY, logins=FACEBOOK),
    MediaMetric(
        "ig_reels_avg_watch_time",
        "Average time that one play of the reel was watched, in milliseconds.",
        _REELS,
        type="number",
    ),
    MediaMetric(
        "ig_reels_video_view_total_time",
        "Total time that the reel was watched, in milliseconds.",
        _REELS,
        type="number",
    ),
    MediaMetric(
        "reels_skip_rate",
        "Share of views that were skipped within the first 3 seconds, in percent.",
        _REELS,
        type="number",
    ),
    MediaMetric("total_likes", f"Number of likes {_WITH_ADS}.", PHOTOS | _REELS, logins=FACEBOOK),
    MediaMetric(
        "total_comments", f"Number of comments {_WITH_ADS}.", PHOTOS | _REELS, logins=FACEBOOK
    ),
    MediaMetric(
        "total_views", f"Number of views {_WITH_ADS}.", PHOTOS | _REELS | _STORY, logins=FACEBOOK
    ),
    MediaMetric(
        "crossposted_views",
        "Number of views on Instagram and Facebook together, of a reel that was shared to both.",
        _REELS,
        _REELS,
        FACEBOOK,
    ),
    MediaMetric(
        "facebook_views",
        "Number of views on Facebook, of a reel that was shared to it. Posts and stories have it "
        "if setting `extra_metrics` names `media:facebook_views` or `story:facebook_views`: each "
        "one that is not shared costs a refused call.",
        _REELS,
        ALL,
        FACEBOOK,
    ),
)


def kind_of(media_product_type: str | None, media_type: str | None, permalink: str | None) -> str:
    """Return what decides which insights a media has; '' for ads, which have none.

    Args:
        media_product_type: Meta's word for where it is shown; None if Meta does not tell, which was
            seen with the Instagram login.
        media_type: Meta's word for what it is; None if Meta does not tell. A reel is a video.
        permalink: its address, which tells a reel; None if Meta does not tell.
    """
    product = (media_product_type or "").upper()
    if product == "AD":
        return ""
    if product == "STORY":
        return STORY
    if product == "REELS" or (not product and "/reel/" in (permalink or "")):
        return REELS
    return f"{product or 'FEED'} {(media_type or 'IMAGE').upper()}"


def media_metrics(kind: str, login: str, selected: frozenset[str]) -> tuple[MediaMetric, ...]:
    """List the metrics to ask of a kind of media; a kind not known is asked for what feeds have."""
    if not kind:
        return ()
    known = kind if kind in ALL else FEED_VIDEO
    return tuple(
        metric
        for metric in MEDIA_METRICS
        if known in metric.kinds and login in metric.logins and metric.name in selected
    )


def per_object_metrics(kind: str) -> frozenset[str]:
    """Return the metrics that only some media of a kind have."""
    known = kind if kind in ALL else FEED_VIDEO
    return frozenset(metric.name for metric in MEDIA_METRICS if known in metric.per_object)


@dataclass(frozen=True)
class DayMetric:
    """An insight of an account's day, one total a day.

    Attributes:
        name: Meta's name, and the column's.
        description: what it counts.
        breakdowns: the dimensions by which Meta splits it.
    """

    name: str
    description: str
    breakdowns: tuple[str, ...] = ()


_BY_PRODUCT = ("media_product_type",)

DAY_METRICS = (
    DayMetric(
        "reach",
        "Number of accounts that saw any content at least once, ads included. Meta estimates it; "
        "do not add it up over days.",
        ("follow_type", *_BY_PRODUCT),
    ),
    DayMetric(
        "views", "Number of times content was played or shown.", ("follow_type", *_BY_PRODUCT)
    ),
    DayMetric(
        "accounts_engaged",
        "Number of accounts that interacted with content. Meta estimates it; do not add it up over "
        "days.",
    ),
    DayMetric(
        "total_interactions", "Number of interactions with content, ads included.", _BY_PRODUCT
    ),
    DayMetric("likes", "Number of likes on posts, reels and videos.", _BY_PRODUCT),
    DayMetric(
        "comments", "Number of comments on posts, reels, videos and live videos.", _BY_PRODUCT
    ),
    DayMetric(
        "shares", "Number of shares of posts, stories, reels, videos and live videos.", _BY_PRODUCT
    ),
    DayMetric("saves", "Number of saves of posts, reels and videos.", _BY_PRODUCT),
    DayMetric("replies", "Number of replies to stories."),
    DayMetric("reposts", "Number of reposts of posts, stories, reels and videos."),
    DayMetric(
        "profile_links_taps",
        "Number of taps on the contact buttons of the profile.",
        ("contact_button_type",),
    ),
    DayMetric("profile_views", "Number of visits to the profile."),
    DayMetric("website_clicks", "Number of taps on the link in the profile."),
)

FOLLOWS_AND_UNFOLLOWS = DayMetric(
    "follows_and_unfollows", "Follows and unfollows.", ("follow_type",)
)
"""Comes only split: the FOLLOWER bucket are follows, NON_FOLLOWER are unfollows."""

FOLLOW_COLUMNS = {
    "follows": ("FOLLOWER", "Number of accounts that started to follow."),
    "unfollows": ("NON_FOLLOWER", "Number of accounts that stopped following or left Instagram."),
}

MIN_FOLLOWERS = 100
"""With fewer followers, Meta gives an account no insights about followers."""

BREAKDOWNS = ("follow_type", "media_product_type", "contact_button_type")
"""The dimensions of account insights; each takes a request of its own."""

FOLLOWER_COUNT = DayMetric(
    "follower_count",
    "New followers gained that day, before unfollows are subtracted (gross). Meta keeps it for 30 "
    "days.",
)
"""Comes only as a series, for accounts with 100 followers or more."""

ROLLING_METRIC = "reach"
"""Counted over several days at once: an account that is reached on two days counts once."""
ROLLING_PERIODS = {"week": 7, "days_28": 28}
"""Meta's names of the periods, and their days."""

ONLINE_FOLLOWERS = "online_followers"
"""Comes as a series of `lifetime` values, each with 24 figures by hour of the day."""


def metrics_split_by(breakdown: str) -> tuple[str, ...]:
    """Return the metrics of an account's day that Meta splits by a dimension, as one request."""
    metrics = (*DAY_METRICS, FOLLOWS_AND_UNFOLLOWS)
    return tuple(metric.name for metric in metrics if breakdown in metric.breakdowns)


DEMOGRAPHIC_METRICS = {
    "follower_demographics": {"lifetime": "this_month"},
    "engaged_audience_demographics": {"this_week": "this_week", "this_month": "this_month"},
}
"""Splits of people by who they are, as it stands at the time of reading.

Of each metric the timeframes to ask for, by what they are called in the table.
"""
FOLLOWER_METRICS = frozenset(
    {FOLLOWER_COUNT.name, FOLLOWS_AND_UNFOLLOWS.name, ONLINE_FOLLOWERS, *DEMOGRAPHIC_METRICS}
)
"""The insights that need MIN_FOLLOWERS followers."""
DEMOGRAPHIC_BREAKDOWNS = ("age,gender", "city", "country")
"""Age and gender stay a cross: each alone is its sum."""

NAVIGATION_COLUMNS = {
    "taps_forward": ("TAP_FORWARD", "Number of taps to the next photo or video."),
    "taps_back": ("TAP_BACK", "Number of taps back to the previous photo or video."),
    "exits": ("TAP_EXIT", "Number of taps that left the story."),
    "swipes_forward": ("SWIPE_FORWARD", "Number of swipes to the story of the next account."),
}


@dataclass(frozen=True)
class MediaBreakdown:
    """An insight of a media in parts; it takes a request of its own.

    Attributes:
        name: Meta's name.
        breakdown: the dimension.
        kinds: the kinds of media that have it.
    """

    name: str
    breakdown: str
    kinds: frozenset[str]


PROFILE_ACTIVITY = MediaBreakdown("profile_activity", "action_type", PHOTOS | _STORY)
NAVIGATION = MediaBreakdown("navigation", "story_navigation_action_type", _STORY)
MEDIA_BREAKDOWNS = (PROFILE_ACTIVITY, NAVIGATION)

WHOLE_METRICS = (
    frozenset(metric.name for metric in MEDIA_METRICS if metric.type == "integer")
    | {metric.name for metric in (*DAY_METRICS, FOLLOWS_AND_UNFOLLOWS, FOLLOWER_COUNT)}
    | {metric.name for metric in MEDIA_BREAKDOWNS}
    | {ONLINE_FOLLOWERS, *DEMOGRAPHIC_METRICS}
)
"""The metrics whose figures are whole numbers; a metric of setting `extra_metrics` need not be."""
