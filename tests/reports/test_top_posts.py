"""The table of the best posts: which posts are in it, and what it says of them."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from typing import Any

import pytest

from tests.meltano_project import plugin_python

pytestmark = pytest.mark.e2e

NEWEST = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
TOP_POSTS = """
import datetime as dt, json, sys
from instagram_report.account import _top_posts
posts = json.load(sys.stdin)
for post in posts:
    post["posted_at"] = post["posted_at"] and dt.datetime.fromisoformat(post["posted_at"])
json.dump(_top_posts(posts), sys.stdout)
"""


def top_posts(*posts: dict[str, Any]) -> list[dict[str, str]]:
    """Return the rows of the table, made by the page's own Python."""
    run = subprocess.run(
        [str(plugin_python("utility", "instagram-report")), "-c", TOP_POSTS],
        input=json.dumps(posts),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    found: list[dict[str, str]] = json.loads(run.stdout)
    return found


def post(views: int | None, days: float | None = 0, **more: Any) -> dict[str, Any]:
    """A row of the view of posts, of a post that is some days older than the newest."""
    names = ("content_type", "caption", "permalink", "reach", "total_interactions")
    return {
        **dict.fromkeys((*names, "engagement_rate", "views_vs_usual", "is_listed")),
        "views": views,
        "posted_at": None if days is None else (NEWEST - dt.timedelta(days=days)).isoformat(),
        **more,
    }


def test_which_posts_are_the_best_and_what_is_said_of_them() -> None:
    found = top_posts(
        post(None, -1),
        post(9_000, None),
        post(8_000, 90.01),
        post(7_000, 90, is_listed=False, permalink="javascript:alert(1)"),
        post(6_000, is_listed=True, permalink="https://www.instagram.com/p/a/"),
        post(5_000, is_listed=None),
        *(post(views) for views in range(9)),
    )
    assert [row["views"] for row in found] == [
        *("7,000", "6,000", "5,000"),
        *("8", "7", "6", "5", "4", "3", "2"),
    ]
    # Where nobody knows whether a post is still listed, nothing is said.
    assert [row["note"] for row in found[:3]] == ["no longer listed", "", ""]
    assert [row["link"] for row in found[:3]] == ["", "https://www.instagram.com/p/a/", ""]
    assert top_posts(post(None)) == []
