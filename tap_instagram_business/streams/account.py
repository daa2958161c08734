"""Accounts: as they are now, and their counters day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.fields import ACCOUNT_FIELDS, PAGE_FIELDS
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import (
    ACCOUNT_ID,
    READ_AT,
    READING,
    READING_KEYS,
    column,
    columns,
    read_at,
    reading,
)
from tap_instagram_business.streams.nodes import read_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account

COUNTERS = tuple(
    field
    for field in ACCOUNT_FIELDS
    if field.name in {"username", "followers_count", "follows_count", "media_count"}
)


class Accounts(InstagramStream):
    """One account as it is now (Graph API: IG User)."""

    name = "accounts"
    bookmark_text = "none. Every run reads all accounts."
    derived_type = InstagramStream
    primary_keys = ("id",)
    schema = th.PropertiesList(
        column("id", "string", "Id of the account (`17841…`).", key=True),
        ACCOUNT_ID,
        *columns(ACCOUNT_FIELDS),
        *columns(PAGE_FIELDS),
        READ_AT,
    ).to_dict()

    @override
    def rows(self) -> Iterator[Record]:
        accounts = self._run.accounts
        self.costs = self._run.discovery_costs
        for account in accounts:
            self.hand_on(account)
            yield {
                "id": account.id,
                "account_id": account.id,
                **read_fields(self, account, ACCOUNT_FIELDS, account.node),
                **read_fields(self, account, PAGE_FIELDS, {"page": account.page}),
                "read_at": read_at(self.moment(account)),
            }


class AccountHistory(InstagramStream):
    """The counters of one account at one reading, from the same answer as `accounts`."""

    name = "account_history"
    bookmark_text = "`snapshot_date`. The date of the last reading. Every run reads all accounts."
    parent_stream_type = Accounts
    primary_keys = ("account_id", *READING_KEYS)
    replication_key = "snapshot_date"
    schema = th.PropertiesList(
        ACCOUNT_ID,
        *READING,
        *columns(COUNTERS),
    ).to_dict()

    @override
    def read(self, account: Account) -> None:
        counters = {field.name: field.read(account.node) for field in COUNTERS}
        self.write({"account_id": account.id, **reading(self.moment(account)), **counters})
        self.advance(account, snapshot_date=self.moment(account).date().isoformat())
