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
_WITH_ADS = "organic, boosted and Facebook crosspost together"

MEDIA_METRICS = (
    MediaMetric("reach", "Accounts that saw it at least once; an estimate.", ALL),
    MediaMetric("views", "Times it was played or shown.", ALL, _VIDEO),
    MediaMetric("likes", "Likes.", POSTS),
    MediaMetric("comments", "Comments.", POSTS),
    MediaMetric("saved", "Times it was saved.", POSTS),
    MediaMetric("shares", "Times it was shared.", ALL),
    MediaMetric("reposts", "Times it was reposted.", ALL),
    MediaMetric(
        "total_interactions",
        "Likes, saves, comments, shares and the like, less those taken back.",
        ALL,
    ),
    MediaMetric("follows", "Accounts that began to follow from it.", PHOTOS | _STORY),
    MediaMetric("profile_visits", "Visits of the profile from it.", PHOTOS | _STORY),
    MediaMetric("replies", "Replies to the story; 0 for accounts in the EU and Japan.", _STORY),
    MediaMetric("navigation", "Taps and swipes away from the story, all kinds together.", _STORY),
    MediaMetric("link_clicks", "Taps on the story's link.", _STORY, logins=FACEBOOK),
    MediaMetric(
        "ig_reels_avg_watch_time", "Average time a play was watched, in milliseconds.", _REELS
    ),
    MediaMetric(
        "ig_reels_video_view_total_time", "Time it was watched in all, in milliseconds.", _REELS
    ),
    MediaMetric(
        "reels_skip_rate",
        "Views skipped within the first 3 seconds, in percent.",
        _REELS,
        type="number",
    ),
    MediaMetric("total_likes", f"Likes, {_WITH_ADS}.", PHOTOS | _REELS, logins=FACEBOOK),
    MediaMetric("total_comments", f"Comments, {_WITH_ADS}.", PHOTOS | _REELS, logins=FACEBOOK),
    MediaMetric("total_views", f"Views, {_WITH_ADS}.", PHOTOS | _REELS | _STORY, logins=FACEBOOK),
    MediaMetric(
        "crossposted_views", "Views on Instagram and Facebook together.", _REELS, _REELS, FACEBOOK
    ),
    MediaMetric("facebook_views", "Views on Facebook.", _REELS, _REELS, FACEBOOK),
)


def kind_of(media_product_type: str | None, media_type: str | None) -> str:
    """Return what decides which insights a media has; '' for ads, which have none."""
    if media_product_type == "AD":
        return ""
    if media_product_type == "STORY":
        return STORY
    return f"{media_product_type or 'FEED'} {media_type or 'IMAGE'}"


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
        "Accounts that saw any content at least once; an estimate, not to be summed over days.",
        ("follow_type", *_BY_PRODUCT),
    ),
    DayMetric("views", "Times content was played or shown.", ("follow_type", *_BY_PRODUCT)),
    DayMetric("accounts_engaged", "Accounts that interacted; an estimate, not to be summed."),
    DayMetric("total_interactions", "Interactions with content, ads included.", _BY_PRODUCT),
    DayMetric("likes", "Likes of posts, reels and videos.", _BY_PRODUCT),
    DayMetric("comments", "Comments on posts, reels, videos and live videos.", _BY_PRODUCT),
    DayMetric("shares", "Shares of posts, stories, reels, videos and live videos.", _BY_PRODUCT),
    DayMetric("saves", "Saves of posts, reels and videos.", _BY_PRODUCT),
    DayMetric("replies", "Replies to stories."),
    DayMetric("reposts", "Reposts of posts, stories, reels and videos."),
    DayMetric(
        "profile_links_taps", "Taps on the profile's contact buttons.", ("contact_button_type",)
    ),
    DayMetric("profile_views", "Visits of the profile."),
    DayMetric("website_clicks", "Taps on the profile's link."),
)

FOLLOWS_AND_UNFOLLOWS = DayMetric(
    "follows_and_unfollows", "Follows and unfollows.", ("follow_type",)
)
"""Comes only split: the FOLLOWER bucket are follows, NON_FOLLOWER are unfollows."""

FOLLOW_COLUMNS = {
    "follows": ("FOLLOWER", "Accounts that began to follow."),
    "unfollows": ("NON_FOLLOWER", "Accounts that stopped following or left Instagram."),
}

MIN_FOLLOWERS = 100
"""With fewer followers, Meta gives an account no insights about followers."""

BREAKDOWNS = ("follow_type", "media_product_type", "contact_button_type")
"""The dimensions of account insights; each takes a request of its own."""

FOLLOWER_COUNT = DayMetric(
    "follower_count", "New followers of the day, not less those lost; kept by Meta for 30 days."
)
"""Comes only as a series, for accounts with 100 followers or more."""

SERIES_METRICS = ("reach", FOLLOWER_COUNT.name)
"""Asked for as one series. `reach` has a figure for nearly every day, and so shows how Meta labels
the days of `follower_count`."""

ROLLING_METRIC = "reach"
"""Counted over several days at once: an account that is reached on two days counts once."""
ROLLING_PERIODS = {"week": 7, "days_28": 28}
"""Meta's names of the periods, and their days."""

ONLINE_FOLLOWERS = "online_followers"
"""Comes as a series of `lifetime` values, each with 24 figures by hour of the day."""

FOLLOWER_METRICS = frozenset({FOLLOWER_COUNT.name, FOLLOWS_AND_UNFOLLOWS.name, ONLINE_FOLLOWERS})
"""The insights that need MIN_FOLLOWERS followers."""


def metrics_split_by(breakdown: str) -> tuple[str, ...]:
    """Return the metrics of an account's day that Meta splits by a dimension, as one request."""
    split = [metric.name for metric in DAY_METRICS if breakdown in metric.breakdowns]
    if breakdown in FOLLOWS_AND_UNFOLLOWS.breakdowns:
        split.append(FOLLOWS_AND_UNFOLLOWS.name)
    return tuple(split)


@dataclass(frozen=True)
class DemographicMetric:
    """A split of people by who they are, as it stands at the time of reading.

    Attributes:
        name: Meta's name.
        timeframes: what to ask for, by what it is called in the table.
    """

    name: str
    timeframes: tuple[tuple[str, str], ...]


DEMOGRAPHIC_METRICS = (
    DemographicMetric("follower_demographics", (("lifetime", "this_month"),)),
    DemographicMetric(
        "engaged_audience_demographics", (("this_week", "this_week"), ("this_month", "this_month"))
    ),
)
DEMOGRAPHIC_BREAKDOWNS = ("age,gender", "city", "country")
"""Age and gender stay a cross: each alone is its sum."""

NAVIGATION_COLUMNS = {
    "taps_forward": ("TAP_FORWARD", "Taps to the next photo or video."),
    "taps_back": ("TAP_BACK", "Taps back to the one before."),
    "exits": ("TAP_EXIT", "Taps that left the story."),
    "swipes_forward": ("SWIPE_FORWARD", "Swipes to the next account's story."),
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
