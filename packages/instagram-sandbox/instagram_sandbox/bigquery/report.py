"""The report on the tables that a pipeline has filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instagram_sandbox.bigquery.warehouse import DATASET
from instagram_sandbox.errors import SandboxError
from instagram_sandbox.tables import heading, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instagram_sandbox.bigquery.warehouse import Warehouse


@dataclass(frozen=True)
class Section:
    """A query and the heading of its result."""

    heading: str
    sql: str


SECTIONS = (
    Section(
        "Posts with the highest reach",
        f"""
        SELECT media.username, media.media_product_type AS type, insights.reach,
            insights.views, insights.likes, insights.saved,
            SUBSTR(media.caption, 1, 40) AS caption
        FROM {DATASET}.media_insights AS insights
        JOIN {DATASET}.media AS media ON media.id = insights.media_id
        WHERE TRUE
        QUALIFY ROW_NUMBER() OVER (
            PARTITION BY insights.media_id ORDER BY insights.read_at DESC) = 1
        ORDER BY insights.reach DESC, media.id LIMIT 5
        """,  # noqa: S608
    ),
    Section(
        "Followers",
        f"""
        SELECT snapshot_date, hour, username, followers_count AS followers
        FROM {DATASET}.account_history
        WHERE snapshot_date > DATE_SUB(
            (SELECT MAX(snapshot_date) FROM {DATASET}.account_history), INTERVAL 7 DAY)
        ORDER BY username, snapshot_date, hour
        """,  # noqa: S608
    ),
    Section(
        "The last seven days (US Pacific time)",
        f"""
        SELECT days.date, accounts.username, days.follower_count AS new_followers,
            days.reach, days.views
        FROM {DATASET}.account_insights AS days
        JOIN {DATASET}.accounts AS accounts ON accounts.id = days.account_id
        WHERE days.date > DATE_SUB(
            (SELECT MAX(date) FROM {DATASET}.account_insights), INTERVAL 7 DAY)
        ORDER BY accounts.username, days.date
        """,  # noqa: S608
    ),
)


def report(warehouse: Warehouse) -> Iterator[str]:
    """Show the number of rows of each table and some of the numbers in them.

    Args:
        warehouse: The local BigQuery.

    Yields:
        The lines of the report; one item may hold several lines.
    """
    yield from _row_counts(warehouse)
    for section in SECTIONS:
        yield heading(section.heading)
        try:
            yield text_table(list(warehouse.rows(section.sql)), thousands=True)
        except SandboxError as error:
            yield f"This cannot be shown: {error}"


def _row_counts(warehouse: Warehouse) -> Iterator[str]:
    tables = warehouse.tables()
    if not tables:
        yield f"There is no table in the dataset {DATASET} yet: run the pipeline first."
        return
    counts = " UNION ALL ".join(
        f"SELECT '{table}' AS `table`, COUNT(*) AS `rows` FROM {DATASET}.`{table}`"  # noqa: S608
        for table in tables
    )
    yield heading(f"Tables of the dataset {DATASET}")
    yield text_table(sorted(warehouse.rows(counts), key=lambda row: row["table"]), thousands=True)
