"""Insights that this version does not know, asked for by setting `extra_metrics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import ACCOUNT_ID, column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.values import Number


class ExtraInsights(InstagramStream):
    """One value of a metric in setting `extra_metrics`, of an account and day or of a media.

    The values are requested together with those of `account_insights` and `media_insights`.
    """

    name = "extra_insights"
    primary_keys = ("account_id", "media_id", "date", "metric")
    replication_key = "date"
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column("media_id", "string", "Id of the media; '' for a metric of the account.", key=True),
        column(
            "date",
            "date",
            "For an account the US Pacific day; for a media the UTC date of the reading.",
            key=True,
        ),
        column("metric", "string", "Meta's name of the metric.", key=True),
        column("value", "number", "The value of the metric."),
    ).to_dict()

    @override
    def _write_schema_message(self) -> None:
        """Leave the table out where nothing is asked for."""
        if self.config.get("extra_metrics"):
            super()._write_schema_message()

    @override
    def rows(self) -> Iterable[Record]:
        """Fetch nothing: `account_insights` and `media_insights` write the rows."""
        return ()

    def names(self, grain: str) -> tuple[str, ...]:
        """Return the metrics to ask for besides: of `account` or of `media`."""
        if not self.selected:
            return ()
        asked = (entry.partition(":") for entry in self.config.get("extra_metrics") or ())
        return tuple(metric for of, _, metric in asked if of == grain)

    def write_known(
        self, account: Account, date: str, values: Mapping[str, Number], *, media_id: str = ""
    ) -> None:
        """Write those figures of an answer that are asked for by the setting."""
        for metric in self.names("media" if media_id else "account"):
            if metric in values:
                self.write(
                    {
                        "account_id": account.id,
                        "media_id": media_id,
                        "date": date,
                        "metric": metric,
                        "value": values[metric],
                    }
                )
