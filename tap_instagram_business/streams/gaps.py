"""The table of gaps: what Meta would not give, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.graph.error_table import Reason
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import ACCOUNT_ID, DOES_NOT_APPLY, column
from tap_instagram_business.streams.gap_writer import GapWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk.helpers.types import Record


class InsightGaps(InstagramStream):
    """One number that Meta did not give for a date, or for consecutive days, with the reason.

    A row stays when a later run gets the number. Rows of several runs may be about the same days.
    """

    name = "insight_gaps"
    bookmark_text = (
        "none. The rows come together with those of the table in which the number is missing."
    )
    primary_keys = ("account_id", "media_id", "metric", "reason", "date")
    replication_key = "date"
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column(
            "media_id",
            "string",
            f"Id of the media; `{DOES_NOT_APPLY}` for an insight of the account.",
            key=True,
        ),
        column(
            "metric",
            "string",
            "Meta's name of the metric, with its split if it has one, such as `reach by "
            f"follow_type`; `{DOES_NOT_APPLY}` if all insights are missing. For what is no "
            "insight, Meta's name of the field, or a slash and the name of the list, such as "
            "`/media`.",
            key=True,
        ),
        column(
            "reason",
            "string",
            "; ".join(f"`{reason.value}`: {reason.meaning}" for reason in Reason) + ".",
            key=True,
        ),
        column(
            "date",
            "date",
            "The first US Pacific day whose insight is missing; for other insights the UTC date of "
            "the request.",
            key=True,
        ),
        column("last_date", "date", "The last of these days; the same as `date` for one day."),
        column("code", "integer", "Meta's error code. NULL if Meta gave no error."),
        column("subcode", "integer", "Meta's error_subcode. NULL if there was none."),
        column("message", "string", "Meta's error message. NULL if Meta gave no error."),
    ).to_dict()

    @override
    def connect(self, tables: Mapping[type[Any], Any]) -> None:
        super().connect(tables)
        gaps = GapWriter(self._run, self.write)
        for table in tables.values():
            table.gaps = gaps

    @override
    def rows(self) -> Iterable[Record]:
        """Fetch nothing: the tables that ask Meta write the gaps."""
        return ()
