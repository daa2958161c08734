"""A number that is missing is no zero, whatever is added up on the page."""

from __future__ import annotations

from typing import Any

from instagram_report.totals import days_known, exit_share, known_sums

COLUMNS = {"Views": "views", "Exits": "exits", "Replies": "replies"}
STORIES: list[dict[str, Any]] = [
    {"views": 100, "exits": 20, "replies": None},
    {"views": 300, "exits": None, "replies": None},
    {"views": None, "exits": None, "replies": None},
]


def test_only_rows_with_a_number_count() -> None:
    assert known_sums(STORIES, COLUMNS) == {"Views": 400, "Exits": 20}
    assert days_known(STORIES, COLUMNS) == 2


def test_a_zero_is_a_number() -> None:
    assert known_sums([{"views": 0}], {"Views": "views"}) == {"Views": 0}


def test_the_share_of_exits_is_that_of_the_stories_that_have_exits() -> None:
    assert exit_share(STORIES) == 0.2
    assert exit_share(STORIES[1:]) is None
    assert exit_share([{"views": 0, "exits": 0}]) is None
