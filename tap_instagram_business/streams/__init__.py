"""The tables, one class each, one file an area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_instagram_business.client import InstagramStream
from tap_instagram_business.graph.fields import ACCOUNT_FIELDS, requested
from tap_instagram_business.streams.account import AccountHistory, Accounts
from tap_instagram_business.streams.account_insights import (
    AccountInsights,
    AccountInsightsBreakdowns,
)
from tap_instagram_business.streams.account_reach import AccountReach
from tap_instagram_business.streams.audience import AudienceDemographics, OnlineFollowers
from tap_instagram_business.streams.comments import Comments, TaggedMedia
from tap_instagram_business.streams.extra import ExtraInsights
from tap_instagram_business.streams.gaps import InsightGaps
from tap_instagram_business.streams.media import Media, MediaChildren
from tap_instagram_business.streams.media_insights import (
    MediaInsights,
    MediaInsightsBreakdowns,
    MediaInsightsHistory,
)
from tap_instagram_business.streams.stories import Stories, StoryInsights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk import Stream

STREAMS: tuple[type[InstagramStream], ...] = (
    Accounts,
    AccountHistory,
    AccountInsights,
    AccountInsightsBreakdowns,
    AccountReach,
    AudienceDemographics,
    OnlineFollowers,
    Media,
    MediaChildren,
    MediaInsights,
    MediaInsightsHistory,
    Stories,
    StoryInsights,
    MediaInsightsBreakdowns,
    Comments,
    TaggedMedia,
    ExtraInsights,
    InsightGaps,
)

ALSO_FOLLOWS = {Stories: MediaInsightsBreakdowns}
"""Tables that are filled by a second lead, beside their `parent_stream_type`."""

ALWAYS_NEEDED = frozenset({"username", "followers_count"})
"""Account fields that messages and reasons of gaps rest on."""


def account_fields(streams: Mapping[str, Stream], login: str) -> list[str]:
    """List the fields to ask of each account for the tables and columns that are selected."""
    tables = (streams[cls.name] for cls in (Accounts, AccountHistory))
    wanted = ALWAYS_NEEDED.union(
        *(table.wanted_columns for table in tables if isinstance(table, InstagramStream))
    )
    return requested(ACCOUNT_FIELDS, login, wanted)
