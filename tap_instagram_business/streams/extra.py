"""Insights that this version does not know, asked for by setting `extra_metrics`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import (
    ACCOUNT_ID,
    DOES_NOT_APPLY,
    READ_AT,
    column,
    read_at,
)
from tap_instagram_business.streams.nodes import part_rows

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.insights import Parts
    from tap_instagram_business.values import Number


@dataclass(frozen=True)
class Reading:
    """What an answer is about, and when it was read.

    Attributes:
        grain: `account`, `media` or `story`.
        account: the account.
        moment: when it was read (UTC).
        day: the day of an account; None for a media or story.
        media_id: id of the media or story; '' for an account.
    """

    grain: str
    account: Account
    moment: dt.datetime
    day: dt.date | None = None
    media_id: str = ""

    @property
    def row(self) -> Record:
        """The columns that say what a row is about."""
        return {
            "account_id": self.account.id,
            "media_id": self.media_id or DOES_NOT_APPLY,
            "date": (self.day or self.moment.date()).isoformat(),
            "hour": 0 if self.day else self.moment.hour,
            "read_at": read_at(self.moment),
        }


class ExtraInsights(InstagramStream):
    """One value of a metric in setting `extra_metrics`, of an account and day, a media or a story.

    The values are requested together with those of `account_insights`, `media_insights` and
    `story_insights`; those of a metric in parts take requests of their own.
    """

    name = "extra_insights"
    bookmark_text = (
        "none. The rows come together with those of `account_insights` and `media_insights`."
    )
    primary_keys = (
        *("account_id", "media_id", "date", "hour", "metric", "breakdown", "breakdown_value"),
    )
    replication_key = "date"
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column(
            "media_id",
            "string",
            f"Id of the media or story; `{DOES_NOT_APPLY}` for a metric of the account.",
            key=True,
        ),
        column(
            "date",
            "date",
            "For an account the US Pacific day; for a media or story the UTC date of the reading.",
            key=True,
        ),
        column(
            "hour",
            "integer",
            "For a media or story the UTC hour of the reading, 0 to 23; always 0 for an account, "
            "which has one row a day.",
            key=True,
        ),
        column("metric", "string", "Meta's name of the metric.", key=True),
        column(
            "breakdown",
            "string",
            "Property of the split, or period of the series (`day`, `week`, `days_28`), by Meta's "
            f"name; `{DOES_NOT_APPLY}` for none.",
            key=True,
        ),
        column(
            "breakdown_value",
            "string",
            f"The part, in capital letters; `{DOES_NOT_APPLY}` for the whole.",
            key=True,
        ),
        column("value", "number", "The value of the metric, or of this part of it."),
        READ_AT,
    ).to_dict()

    @override
    def _write_schema_message(self) -> None:
        """Leave the table out where nothing is asked for."""
        if self.config.get("extra_metrics"):
            super()._write_schema_message()

    @override
    def rows(self) -> Iterable[Record]:
        """Fetch nothing: the tables that ask for insights write the rows."""
        return ()

    def asked(self, grain: str) -> dict[str, tuple[str, ...]]:
        """Return the metrics to ask for besides, by dimension or period of a series; '' for none.

        Args:
            grain: what they are of: `account`, `media` or `story`.
        """
        found: dict[str, tuple[str, ...]] = {}
        for entry in (self.config.get("extra_metrics") or ()) if self.selected else ():
            of, metric, *breakdown = entry.split(":")
            if of == grain:
                split = "".join(breakdown)
                found[split] = tuple(dict.fromkeys((*found.get(split, ()), metric)))
        return found

    def add(self, what: Reading, figures: Mapping[str, Parts], breakdown: str = "") -> None:
        """Write those figures of an answer that the setting asks for.

        Args:
            what: what the answer is about.
            figures: the figures of each metric, by their values of the dimensions; none for the
                figure of the whole.
            breakdown: the dimension or the period of the series; '' for none.
        """
        for part in part_rows(figures, self.asked(what.grain).get(breakdown, ()), breakdown):
            self.write({**what.row, **part})


def whole(values: Mapping[str, Number]) -> dict[str, Parts]:
    """Return the figures of metrics that are not split, as if each were the only part."""
    return {name: {(): value} for name, value in values.items()}
