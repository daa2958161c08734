"""What other people posted: personal data, and so read only where it is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.fields import COLLABORATIVE_FIELDS, FACEBOOK, TAGGED_FIELDS, requested
from tap_instagram_business.graph.calls import ListCall
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import ACCOUNT_ID, column, columns
from tap_instagram_business.streams.nodes import read_fields, read_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.fields import Field

MEDIA_PER_PAGE = "25"
"""Meta refuses larger pages with the request to reduce the amount of data."""


class MediaOfOthers(InstagramStream):
    """A list of media of other accounts, which each run reads to its end."""

    primary_keys = ("id", "account_id")
    replication_key = "timestamp"
    selected_by_default = False
    edge: ClassVar[str]
    """The list, by Meta's name."""
    fields: ClassVar[tuple[Field, ...]]
    """The fields to ask of each media."""

    @override
    def rows(self) -> Iterator[Record]:
        accounts = {account.id: account for account in self._run.accounts}
        names = requested(self.fields, self.config["login"], self.wanted_columns)
        params = {"fields": ",".join(names), "limit": MEDIA_PER_PAGE}
        lists = (ListCall(item.id, self.edge, params, item.token) for item in accounts.values())
        for pages in self.graph.pages(lists, go_on=lambda _: True):
            for page in pages:
                account = accounts[page.answer.call.node]
                if page.answer.error:
                    self.leave_out(account, page.answer.error)
                for node in read_list(self, account, page.answer):
                    values = read_fields(self, account, self.fields, node, media_id=node["id"])
                    yield {"id": node["id"], "account_id": account.id, **values}


class TaggedMedia(MediaOfOthers):
    """One media in which the account is tagged (Graph API: IG User tags).

    The table is off unless you select it, because these are posts of other people.
    """

    name = "tagged_media"
    edge = "tags"
    fields = TAGGED_FIELDS
    schema = th.PropertiesList(
        column("id", "string", "Id of the media.", key=True),
        ACCOUNT_ID,
        *columns(TAGGED_FIELDS),
    ).to_dict()


class CollaborativeMedia(MediaOfOthers):
    """One media of another account on which the account collaborates.

    Meta leaves these media out of `media` (Graph API: IG User collaborative_media; Facebook login
    only). The table is off unless you select it, because these are posts of other people.
    """

    name = "collaborative_media"
    edge = "collaborative_media"
    fields = COLLABORATIVE_FIELDS
    schema = th.PropertiesList(
        column("id", "string", "Id of the media.", key=True),
        ACCOUNT_ID,
        *columns(COLLABORATIVE_FIELDS),
    ).to_dict()

    @override
    def rows(self) -> Iterator[Record]:
        if self.config["login"] in FACEBOOK:
            yield from super().rows()
