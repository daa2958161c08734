"""Accounts: as they are now, and their counters day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.client import ACCOUNT_ID, InstagramStream, column, columns
from tap_instagram_business.graph.fields import ACCOUNT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record

COUNTERS = ("username", "followers_count", "follows_count", "media_count")


class Accounts(InstagramStream):
    """One account as it is now (Graph API: IG User)."""

    name = "accounts"
    primary_keys = ("id",)
    schema = th.PropertiesList(
        column("id", "string", "Id of the account (`17841…`).", key=True),
        ACCOUNT_ID,
        *columns(ACCOUNT_FIELDS),
        column(
            "page_id",
            "string",
            "Id of the account's Facebook Page. NULL if the account was found in another way.",
        ),
        column("page_name", "string", "Name of that Page."),
    ).to_dict()

    @override
    def rows(self) -> Iterator[Record]:
        history = self._tap.streams["account_history"]
        today = self._tap.graph.now().date().isoformat()
        self.costs = self._tap.discovery_costs if self._tap.accounts else self.costs
        for account in self._tap.accounts:
            node: dict[str, Any] = {
                field.name: field.read(account.node) for field in ACCOUNT_FIELDS
            }
            if isinstance(history, AccountHistory):
                counters = {name: node[name] for name in COUNTERS}
                history.write({"account_id": account.id, "date": today, **counters})
                history.advance(account, date=today)
            yield {
                "id": account.id,
                "account_id": account.id,
                **node,
                "ig_id": None if node["ig_id"] is None else str(node["ig_id"]),
                "page_id": account.page.get("id"),
                "page_name": account.page.get("name"),
            }


class AccountHistory(InstagramStream):
    """The counters of one account on one day, from the same answer as `accounts`."""

    name = "account_history"
    parent_stream_type = Accounts
    primary_keys = ("account_id", "date")
    replication_key = "date"
    schema = th.PropertiesList(
        ACCOUNT_ID,
        column(
            "date",
            "date",
            "UTC date of the reading. A later reading on the same date replaces the row.",
            key=True,
        ),
        *columns(field for field in ACCOUNT_FIELDS if field.name in COUNTERS),
    ).to_dict()
