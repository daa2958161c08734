"""The tables: one class each, one file for each area.

`base` is what all of them have in common, `daily` and `media_base` what those of an account's days
and of media have in common, `columns` how columns are declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_instagram_business.fields import ACCOUNT_FIELDS, requested
from tap_instagram_business.streams.account import AccountHistory, Accounts
from tap_instagram_business.streams.account_insights import (
    AccountInsights,
    AccountInsightsBreakdowns,
    AccountReach,
)
from tap_instagram_business.streams.audience import AudienceDemographics, OnlineFollowers
from tap_instagram_business.streams.extra import ExtraInsights
from tap_instagram_business.streams.gaps import InsightGaps
from tap_instagram_business.streams.media import Media, MediaChildren, MediaHistory
from tap_instagram_business.streams.media_breakdowns import MediaInsightsBreakdowns
from tap_instagram_business.streams.media_insights import MediaInsights
from tap_instagram_business.streams.others import CollaborativeMedia, Comments, TaggedMedia
from tap_instagram_business.streams.stories import Stories, StoryInsights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk import Stream

    from tap_instagram_business.streams.base import InstagramStream

STREAMS: tuple[type[InstagramStream], ...] = (
    Accounts,
    AccountHistory,
    Stories,
    StoryInsights,
    OnlineFollowers,
    AccountInsights,
    AccountInsightsBreakdowns,
    AccountReach,
    AudienceDemographics,
    Media,
    MediaChildren,
    MediaHistory,
    MediaInsights,
    MediaInsightsBreakdowns,
    Comments,
    TaggedMedia,
    CollaborativeMedia,
    ExtraInsights,
    InsightGaps,
)
"""The tables in the order in which they run.

What Meta keeps for the shortest time comes first, so that whatever ends a run early does not cost
it: stories end within a day, and `online_followers` is kept for 30 days.
Gaps come after all tables that write them.
"""

ALWAYS_NEEDED = frozenset({"username", "followers_count"})
"""Account fields that messages and the reasons of gaps need."""


def account_fields(tables: Mapping[str, Stream], login: str) -> list[str]:
    """Return the fields to ask of each account for the selected tables and columns."""
    wanted = ALWAYS_NEEDED.union(
        *(
            table.wanted_columns
            for table in tables.values()
            if isinstance(table, (Accounts, AccountHistory))
        )
    )
    return requested(ACCOUNT_FIELDS, login, wanted)
