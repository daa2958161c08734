"""What a newcomer wants to see after a first run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instagram_sandbox.bigquery.warehouse import DATASET
from instagram_sandbox.failure import SandboxError
from instagram_sandbox.text_table import heading, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instagram_sandbox.bigquery.warehouse import Warehouse


@dataclass(frozen=True)
class Section:
    """A question to the tables and the heading of its answer."""

    heading: str
    sql: str


SECTIONS = (
    Section(
        "The posts that reached most",
        f"""
        SELECT media.username, media.media_product_type AS type, insights.reach,
            insights.views, insights.likes, insights.saved,
            SUBSTR(media.caption, 1, 40) AS caption
        FROM {DATASET}.media_insights AS insights
        JOIN {DATASET}.media AS media ON media.id = insights.media_id
        ORDER BY insights.reach DESC, media.id LIMIT 5
        """,  # noqa: S608
    ),
    Section(
        "Followers",
        f"""
        SELECT date, username, followers_count AS followers
        FROM {DATASET}.account_history
        WHERE date > DATE_SUB((SELECT MAX(date) FROM {DATASET}.account_history), INTERVAL 7 DAY)
        ORDER BY username, date
        """,  # noqa: S608
    ),
    Section(
        "The last seven days (Pacific time)",
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
    """Show what is in the tables.

    Args:
        warehouse: Where the tables are.

    Yields:
        The report's lines, or several at a time.
    """
    yield from _arrived(warehouse)
    for section in SECTIONS:
        yield heading(section.heading)
        try:
            yield text_table(list(warehouse.rows(section.sql)), thousands=True)
        except SandboxError as error:
            yield f"Not to be shown: {error}"


def _arrived(warehouse: Warehouse) -> Iterator[str]:
    tables = warehouse.tables()
    if not tables:
        yield f"Nothing arrived: there is no table in the dataset {DATASET}."
        return
    counts = " UNION ALL ".join(
        f"SELECT '{table}' AS `table`, COUNT(*) AS `rows` FROM {DATASET}.`{table}`"  # noqa: S608
        for table in tables
    )
    yield heading(f"What is in the dataset {DATASET}")
    yield text_table(sorted(warehouse.rows(counts), key=lambda row: row["table"]), thousands=True)
