"""Reads the views of the dbt package `instagram_reports` from BigQuery."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from instagram_report.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]
Rows = dict[str, list[Row]]
LOCAL_HOSTS = {"127.0.0.1", "localhost"}

QUERIES = {
    "accounts": """
        SELECT account_id, username, name, followers, timezone
        FROM {dataset}.instagram_accounts""",
    "days": """
        SELECT account_id, date, reach, reach_7d, reach_28d, views, views_posts, views_carousels,
            views_reels, views_stories, views_ads, views_other, follows, unfollows
        FROM {dataset}.instagram_account_daily
        WHERE date >= DATE_SUB(CURRENT_DATE(), INTERVAL {days} DAY)
        ORDER BY date""",
    "weeks": """
        SELECT account_id, week, is_whole, followers, followers_change, reach, reach_change, views,
            views_change, total_interactions, total_interactions_change, profile_views,
            profile_views_change, posts, posts_change, stories
        FROM {dataset}.instagram_account_weekly
        WHERE week >= DATE_SUB(CURRENT_DATE(), INTERVAL {days} DAY)
        ORDER BY week""",
    "followers": """
        SELECT account_id, date, followers, followers_source
        FROM {dataset}.instagram_follower_growth
        WHERE date >= DATE_SUB(CURRENT_DATE(), INTERVAL {days} DAY) AND followers IS NOT NULL
        ORDER BY date""",
    "posts": """
        SELECT account_id, media_id, content_type, permalink, caption, posted_at, weekday, hour,
            reach, views, total_interactions, engagement_rate, usual_views, views_vs_usual,
            is_listed
        FROM {dataset}.instagram_posts
        ORDER BY posted_at DESC""",
    "readings": """
        SELECT account_id, media_id, content_type, hours_since_posted / 24 AS days, views
        FROM {dataset}.instagram_post_hourly
        WHERE posted_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 45 DAY)
            AND views IS NOT NULL
        UNION ALL
        SELECT account_id, media_id, content_type, age_days AS days, views
        FROM {dataset}.instagram_post_daily
        WHERE posted_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 45 DAY)
            AND views IS NOT NULL
            AND age_days > 7
        ORDER BY days""",
    "hours": """
        SELECT account_id, weekday, weekday_name, hour, followers_online
        FROM {dataset}.instagram_best_time
        ORDER BY weekday, hour""",
    "stories": """
        SELECT account_id, posted_at, reach, views, taps_forward, taps_back, swipes_forward, exits,
            replies
        FROM {dataset}.instagram_stories
        WHERE posted_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 28 DAY)
        ORDER BY posted_at""",
    "audience": """
        SELECT account_id, snapshot_date, dimension, part, age, gender, country, value, share
        FROM {dataset}.instagram_audience
        WHERE is_latest AND audience = 'followers' AND dimension != 'city'
        ORDER BY value DESC""",
    "health": """
        SELECT *
        FROM {dataset}.instagram_sync_health""",
}
"""What the page reads, by name. Each query names its columns, so that no other is billed."""


def client(project: str) -> bigquery.Client:
    """Return a client for BigQuery, or for the emulator that BIGQUERY_EMULATOR_HOST names.

    Args:
        project: The Google Cloud project that pays for the queries.

    Raises:
        ReportError: If there are no credentials.
    """
    address = os.environ.get("BIGQUERY_EMULATOR_HOST", "")
    try:
        if urlsplit(address).hostname in LOCAL_HOSTS:
            return bigquery.Client(
                project=project,
                credentials=AnonymousCredentials(),
                client_options=ClientOptions(api_endpoint=address),
            )
        return bigquery.Client(project=project)
    except GoogleAuthError as error:
        message = f"BigQuery cannot be reached: {error}"
        raise ReportError(message) from None


def read_views(
    bigquery_client: bigquery.Client, dataset: str, days: int
) -> Mapping[str, dict[str, list[Row]]]:
    """Read everything that the page shows.

    Args:
        bigquery_client: The client.
        dataset: The dataset of the views.
        days: Number of days that the page goes back.

    Returns:
        The rows of each query in `QUERIES`, by account id.

    Raises:
        ReportError: If a view cannot be read.
    """
    found: dict[str, dict[str, list[Row]]] = {}
    for name, sql in QUERIES.items():
        by_account: dict[str, list[Row]] = defaultdict(list)
        try:
            rows = bigquery_client.query(sql.format(dataset=f"`{dataset}`", days=days)).result()
        except GoogleAPICallError as error:
            first_line = str(error.message).strip().splitlines()[0]
            message = f"The views of the dataset {dataset} cannot be read: {first_line}"
            raise ReportError(message) from None
        for row in rows:
            by_account[row["account_id"]].append(dict(row))
        found[name] = by_account
    return found
