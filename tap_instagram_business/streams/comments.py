"""What other people wrote and posted: personal data, and so read only where it is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th
from typing_extensions import override

from tap_instagram_business.client import ACCOUNT_ID, InstagramStream, column, columns
from tap_instagram_business.graph.calls import Answer, ListCall
from tap_instagram_business.graph.errors import Action
from tap_instagram_business.graph.fields import COMMENT_FIELDS, TAGGED_FIELDS, requested
from tap_instagram_business.graph.insights import read_time
from tap_instagram_business.graph.paging import turn_over
from tap_instagram_business.streams.media import Media
from tap_instagram_business.streams.posted import PostedMedia, RefreshedStream

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.tap import TapInstagramBusiness

COMMENTS_A_PAGE = "50"
TAGGED_A_PAGE = "25"
"""Meta asks for less where more is asked for."""


class Comments(RefreshedStream):
    """One comment or reply (Graph API: IG Comment).

    The table is off unless you select it, because comments are personal data of other people. The
    comments on a media are read when the media is due. Meta leaves out comments on ads and on
    age-gated media.
    """

    name = "comments"
    parent_stream_type = Media
    primary_keys = ("id",)
    replication_key = "timestamp"
    selected_by_default = False
    schema = th.PropertiesList(
        column("id", "string", "Id of the comment.", key=True),
        ACCOUNT_ID,
        column("media_id", "string", "Id of the media that the comment is on."),
        column(
            "parent_id",
            "string",
            "Id of the comment that this one replies to. NULL if it is not a reply.",
        ),
        *columns(COMMENT_FIELDS),
    ).to_dict()

    def __init__(self, tap: TapInstagramBusiness) -> None:
        super().__init__(tap)
        self._failed: set[str] = set()

    def read(self, media: Iterable[PostedMedia]) -> None:
        """Read and write the comments on those media that are due and have any."""
        due = {item.id: item for item in media if self._wants(item)}
        lists = (self._list(item, item.id, "comments") for item in due.values())
        for pages in self._tap.graph.pages(lists, self.costs, go_on=lambda _: True):
            for page in pages:
                self._take(page.answer)

    def end(self, account: Account, since: dt.datetime | None) -> None:
        """Close an account whose list was read to its end."""
        if account.id not in self._failed:
            self.complete(account, since)

    def _wants(self, media: PostedMedia) -> bool:
        has_comments = media.node.get("comments_count") != 0
        return has_comments and media.account.id not in self._failed and self.is_due(media)

    def _list(self, media: PostedMedia, node: str, edge: str) -> ListCall:
        fields = ",".join(requested(COMMENT_FIELDS, self.config["login"], self.wanted_columns))
        replies = "" if edge == "replies" else f",replies.limit({COMMENTS_A_PAGE}){{{fields}}}"
        params = {"fields": f"{fields}{replies}", "limit": COMMENTS_A_PAGE}
        return ListCall(node, edge, params, media.account.token, media, media.account.id)

    def _take(self, answer: Answer) -> None:
        media: PostedMedia = answer.call.subject
        self._note_error(answer)
        for node in answer.data["data"]:
            self.write(self._row(media, node, None))
            self._take_replies(media, node)

    def _take_replies(self, media: PostedMedia, comment: Mapping[str, Any]) -> None:
        replies = comment.get("replies") or {}
        for node in replies.get("data", ()):
            self.write(self._row(media, node, str(comment["id"])))
        first, more = turn_over(Answer(self._list(media, str(comment["id"]), "replies"), replies))
        self._note_error(first)
        for pages in self._tap.graph.pages(
            [more] if more else [], self.costs, go_on=lambda _: True
        ):
            for page in pages:
                self._note_error(page.answer)
                for node in page.answer.data["data"]:
                    self.write(self._row(media, node, str(comment["id"])))

    def _note_error(self, answer: Answer) -> None:
        """Give up on an account, unless it is only that what was asked about is gone."""
        account, error = answer.call.subject.account, answer.error
        if error and error.rule.action is not Action.GONE and account.id not in self._failed:
            self._failed.add(account.id)
            self.fail(account, error)

    @staticmethod
    def _row(media: PostedMedia, node: Mapping[str, Any], parent_id: str | None) -> Record:
        posted = node.get("timestamp")
        return {
            "id": str(node["id"]),
            "account_id": media.account.id,
            "media_id": media.id,
            "parent_id": parent_id,
            **{field.name: field.read(node) for field in COMMENT_FIELDS},
            "timestamp": read_time(posted).isoformat() if posted else None,
        }


class TaggedMedia(InstagramStream):
    """One media in which the account is tagged (Graph API: IG User tags).

    The table is off unless you select it, because these are posts of other people.
    """

    name = "tagged_media"
    primary_keys = ("id", "account_id")
    replication_key = "timestamp"
    selected_by_default = False
    schema = th.PropertiesList(
        column("id", "string", "Id of the media.", key=True),
        ACCOUNT_ID,
        *columns(TAGGED_FIELDS),
    ).to_dict()

    @override
    def rows(self) -> Iterator[Record]:
        accounts = {account.id: account for account in self._tap.accounts}
        fields = requested(TAGGED_FIELDS, self.config["login"], self.wanted_columns)
        params = {"fields": ",".join(fields), "limit": TAGGED_A_PAGE}
        lists = (ListCall(item.id, "tags", params, item.token) for item in accounts.values())
        for pages in self._tap.graph.pages(lists, self.costs, go_on=lambda _: True):
            for page in pages:
                account = accounts[page.answer.call.node]
                if page.answer.error:
                    self.fail(account, page.answer.error)
                for node in page.answer.data["data"]:
                    posted = node.get("timestamp")
                    yield {
                        "id": str(node["id"]),
                        "account_id": account.id,
                        **{field.name: field.read(node) for field in TAGGED_FIELDS},
                        "timestamp": read_time(posted).isoformat() if posted else None,
                    }
