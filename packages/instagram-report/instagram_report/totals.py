"""Totals over several days or stories. A number that is missing is left out, and never a zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from instagram_report.views import Row

KINDS = {
    "Images": "views_posts",
    "Carousels": "views_carousels",
    "Reels": "views_reels",
    "Stories": "views_stories",
    "Ads": "views_ads",
    "Other": "views_other",
}
"""The kinds of content, and the column with the views of each."""
STEPS = {
    "Views": "views",
    "Taps forward": "taps_forward",
    "Taps back": "taps_back",
    "To the next account": "swipes_forward",
    "Exits": "exits",
    "Replies": "replies",
}
"""What people do with a story, and the column of each."""


def known_sums(rows: Sequence[Row], columns: Mapping[str, str]) -> dict[str, int]:
    """Return the sum of each column over the rows that have it; none for a column without numbers.

    Args:
        rows: The rows.
        columns: The columns, by the name that the sum gets.
    """
    known = {
        name: [row[column] for row in rows if row[column] is not None]
        for name, column in columns.items()
    }
    return {name: sum(numbers) for name, numbers in known.items() if numbers}


def days_known(rows: Sequence[Row], columns: Mapping[str, str]) -> int:
    """Return how many rows have a number in any of the columns."""
    return sum(any(row[column] is not None for column in columns.values()) for row in rows)


def exit_share(stories: Sequence[Row]) -> float | None:
    """Return exits by views, over the stories that have both; None if there are none."""
    known = [story for story in stories if story["exits"] is not None and story["views"]]
    views = sum(story["views"] for story in known)
    return sum(story["exits"] for story in known) / views if views else None
