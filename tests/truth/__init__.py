"""The tables that a world ought to give, told from the world alone: no code of the tap is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.truth.captions import hashtags, mentions
from tests.truth.comparison import (
    DOES_NOT_APPLY,
    Table,
    comparable,
    days_to,
    last_complete_day,
    moment,
    rfc3339,
    tables_equal,
)
from tests.truth.of_accounts import (
    DAY_COLUMNS,
    account_history,
    account_insights,
    account_insights_breakdowns,
    account_reach,
    accounts,
    audience_demographics,
    online_followers,
)
from tests.truth.of_gaps import FOLLOWS, day_gaps, media_gaps, story_gaps, unfolded
from tests.truth.of_media import (
    INSIGHT_COLUMNS,
    ages,
    collaborative_media,
    comments,
    media,
    media_children,
    media_history,
    media_insights,
    media_insights_breakdowns,
    stories,
    story_insights,
    tagged_media,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from instagram_sandbox.graph_api import World

__all__ = [
    "DAY_COLUMNS",
    "DOES_NOT_APPLY",
    "FOLLOWS",
    "INSIGHT_COLUMNS",
    "Table",
    "account_history",
    "account_insights",
    "account_insights_breakdowns",
    "account_reach",
    "accounts",
    "ages",
    "audience_demographics",
    "collaborative_media",
    "comments",
    "comparable",
    "day_gaps",
    "days_to",
    "every_table",
    "hashtags",
    "last_complete_day",
    "media",
    "media_children",
    "media_gaps",
    "media_history",
    "media_insights",
    "media_insights_breakdowns",
    "mentions",
    "moment",
    "online_followers",
    "rfc3339",
    "stories",
    "story_gaps",
    "story_insights",
    "tables_equal",
    "tagged_media",
    "unfolded",
]


def every_table(world: World, now: dt.datetime, days: Iterable[dt.date]) -> dict[str, Table]:
    """All tables that are selected by default, but for gaps."""
    days = list(days)
    return {
        "accounts": accounts(world, now),
        "account_history": account_history(world, now),
        "account_insights": account_insights(world, now, days),
        "account_insights_breakdowns": account_insights_breakdowns(world, now, days),
        "account_reach": account_reach(world, now, days),
        "audience_demographics": audience_demographics(world, now),
        "online_followers": online_followers(world, now, days),
        "media": media(world, now),
        "media_children": media_children(world, now),
        "media_history": media_history(world, now),
        "media_insights": media_insights(world, now),
        "stories": stories(world, now),
        "story_insights": story_insights(world, now),
        "media_insights_breakdowns": media_insights_breakdowns(world, now),
    }
