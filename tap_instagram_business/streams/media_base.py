"""What tables about media have in common: which media are listed, and which are due."""

from __future__ import annotations

import datetime as dt
import functools
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from tap_instagram_business.fields import requested
from tap_instagram_business.graph.calls import ListCall
from tap_instagram_business.graph.client import PAGES_TOGETHER
from tap_instagram_business.metrics import STORY, kind_of
from tap_instagram_business.refresh import LastRefresh, Tiers, is_due
from tap_instagram_business.stream_threads import Pipeline
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.streams.columns import reading
from tap_instagram_business.streams.nodes import read_fields, read_list
from tap_instagram_business.values import read_text, read_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_instagram_business.fields import Field
    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Result
    from tap_instagram_business.graph.errors import CallError
    from tap_instagram_business.run import Run

KIND_FIELDS = frozenset({"timestamp", "media_type", "media_product_type", "permalink"})
"""Fields that decide which insights a media has, and when they are due."""

MEDIA_UNDER_WAY = 5_000
"""So many listed media may wait for the tables that read them further."""


def _date(kept: str | None) -> dt.date | None:
    return dt.date.fromisoformat(kept) if kept else None


def _moment(kept: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(kept) if kept else None


@dataclass(frozen=True)
class ListedMedia:
    """A media of an account, as Meta listed it.

    Attributes:
        account: the account.
        node: its fields, as Meta gave them.
        posted: when it was posted; None if Meta does not tell, so that it is read in every run.
        moment: when the run began to read the list of the account (UTC).
        is_story: whether it stands in the list of stories.
    """

    account: Account
    node: dict[str, Any] = field(repr=False)
    posted: dt.datetime | None
    moment: dt.datetime
    is_story: bool = False

    @property
    def id(self) -> str:
        """The media's id."""
        return str(self.node["id"])

    @property
    def reading(self) -> Record:
        """The columns that say which reading of which media a row is."""
        return {"media_id": self.id, "account_id": self.account.id, **reading(self.moment)}

    @property
    def kind(self) -> str:
        """The kind of media, which decides which insights it has."""
        if self.is_story:
            return STORY
        names = ("media_product_type", "media_type", "permalink")
        return kind_of(*(read_text(self.node.get(name)) for name in names))


class DerivedFromMedia(InstagramStream):
    """A stream derived from the list of media, or of stories, of the accounts."""

    bookmark_text = (
        "`snapshot_date`. The date of the last complete reading. The next run reads the media "
        "whose numbers are due again (setting `media_refresh`)."
    )

    def __init__(self, tap: Tap, run: Run) -> None:
        super().__init__(tap, run)
        self._last_refreshes: dict[str, LastRefresh] = {}
        self._again: dict[str, set[str]] = {}

    @functools.cached_property
    def tiers(self) -> Tiers:
        """How often a media is read."""
        return Tiers.parse(self.config["media_refresh"])

    def is_due(self, media: ListedMedia) -> bool:
        """Return whether this table wants a media in this run."""
        if not self.selected or media.posted is None:
            return self.selected
        last = self._last_refresh(media.account)
        return is_due(media.id, media.posted, last=last, now=media.moment, tiers=self.tiers)

    def _last_refresh(self, account: Account) -> LastRefresh:
        """Return what the bookmark said before this run, whatever this run adds to it."""
        if account.id not in self._last_refreshes:
            kept = self.bookmark(account)
            self._last_refreshes[account.id] = LastRefresh(
                date=_date(kept.get("snapshot_date")),
                since=_moment(kept.get("since")),
                partial_date=_date(kept.get("partial_date")),
                partial_until=_moment(kept.get("partial_until")),
                again=frozenset(kept.get("again") or ()),
            )
        return self._last_refreshes[account.id]

    def done_until(self, media: ListedMedia) -> None:
        """Remember that this media and all newer ones of its account are done."""
        if media.posted is not None:
            until, today = media.posted.isoformat(), media.moment.date().isoformat()
            self.advance(media.account, partial_date=today, partial_until=until)

    def ask_again(self, media: ListedMedia) -> None:
        """Remember that Meta failed at a media, so that the next run asks for it, due or not."""
        failed = self._again.setdefault(media.account.id, set())
        failed.add(media.id)
        self.advance(media.account, again=sorted(failed | self._last_refresh(media.account).again))

    def done(self, account: Account, since: dt.datetime | None) -> None:
        """Remember that all due media of an account are done.

        Args:
            account: the account.
            since: media that were posted before this moment were not listed; None for no limit.
        """
        self.advance(
            account,
            snapshot_date=self.moment(account).date().isoformat(),
            since=since.isoformat() if since else None,
            again=sorted(self._again.get(account.id, ())) or None,
            partial_date=None,
            partial_until=None,
        )

    def needs(self) -> Iterable[str]:
        """Return fields of the list that this table needs, as the Graph API spells them."""
        return ()

    def read_listings(self, listings: Sequence[Listing]) -> None:
        """Read the media of listings, and end the accounts whose lists are complete."""
        self.isolated(self.read, [media for listing in listings for media in listing.media])
        for listing in listings:
            for account in listing.complete:
                self.isolated(self.end, account, listing.since)

    @abstractmethod
    @override
    def read(self, media: Sequence[ListedMedia]) -> None:
        """Write the rows of some media, newest first.

        The media may belong to several accounts. Those that are not due are among them.
        """

    def end(self, account: Account, since: dt.datetime | None) -> None:
        """Move the bookmark of an account whose list was read to its end.

        Args:
            account: the account.
            since: media that were posted before this moment were not listed; None for no limit.
        """
        self.done(account, since)


@dataclass(frozen=True)
class Listing:
    """Media that were listed together.

    Attributes:
        media: the media, newest first; they may belong to several accounts.
        complete: the accounts whose lists end with these media.
        since: media that were posted before this moment were not listed; None for no limit.
    """

    media: Sequence[ListedMedia]
    complete: Sequence[Account]
    since: dt.datetime | None = None


class ListingStream(InstagramStream):
    """A table of listed media, which other tables may read further."""

    edge: ClassVar[str]
    """The list, by Meta's name."""
    fields: ClassVar[tuple[Field, ...]]
    """The fields to ask of each media."""
    needed: ClassVar[frozenset[str]] = KIND_FIELDS
    """The fields to ask for, whatever the catalog selects."""
    media_per_page: ClassVar[str] = "100"
    lists_together: ClassVar[int] = PAGES_TOGETHER
    """How many lists are paged through at the same time."""
    lists_stories: ClassVar[bool] = False

    @override
    def rows(self) -> Iterator[Record]:
        derived, number = self.derived(DerivedFromMedia), len(self._run.accounts)
        steps = {stream.name: stream.read_listings for stream in derived}
        lists = map(self._list, self.accounts_in_turn())
        listed = complete_lists = 0
        with Pipeline(
            self._run.threads, steps, size=lambda one: len(one.media), room=MEDIA_UNDER_WAY
        ) as pipeline:
            for pages in self.graph.pages(lists, go_on=self.goes_on, together=self.lists_together):
                media = [item for page in pages for item in self.listed(page.result)]
                self.complete(media)
                ended = [page.result for page in pages if page.is_last]
                listed, complete_lists = listed + len(media), complete_lists + len(ended)
                self.log_progress("account %d of %d, media %d", complete_lists, number, listed)
                complete = [self._accounts[one.call.node] for one in ended if not one.error]
                # Handed on first, so that a fault in a row costs this table only.
                pipeline.put(Listing(media, complete, self.since))
                yield from map(self.row, media)
                for result in ended:
                    self.end(self._accounts[result.call.node], result.error)

    @property
    def since(self) -> dt.datetime | None:
        """The moment from which media are read; None for all."""
        return None

    @functools.cached_property
    def _accounts(self) -> dict[str, Account]:
        return {account.id: account for account in self._run.accounts}

    def _list(self, account: Account) -> ListCall:
        self.moment(account)
        fields = [
            *requested(self.fields, self.config["login"], self.wanted_columns | self.needed),
            *(name for stream in self.derived(DerivedFromMedia) for name in stream.needs()),
        ]
        params = {"fields": ",".join(dict.fromkeys(fields)), "limit": self.media_per_page}
        return ListCall(account.id, self.edge, params, account.token)

    def goes_on(self, _: Result) -> bool:
        """Return whether to read the page after this one."""
        return True

    def listed(self, result: Result) -> Iterator[ListedMedia]:
        """Yield the media of a page; derived tables request those again that were refused."""
        account = self._accounts[result.call.node]
        moment = self.moment(account)
        for media_id in result.refused_nodes:
            for stream in self.derived(DerivedFromMedia):
                stream.ask_again(ListedMedia(account, {"id": media_id}, None, moment))
        for node in read_list(self, account, result):
            posted = read_time(node.get("timestamp"))
            if self.since is None or posted is None or posted >= self.since:
                yield ListedMedia(account, node, posted, moment, self.lists_stories)

    def complete(self, media: Sequence[ListedMedia]) -> None:
        """Request what is missing of listed media."""

    def row(self, media: ListedMedia) -> Record:
        """Return the row of a media."""
        values = read_fields(self, media.account, self.fields, media.node, media_id=media.id)
        return {"id": media.id, "account_id": media.account.id, **values}

    def end(self, account: Account, error: CallError | None) -> None:
        """End the list of an account; after an error no bookmark moves, so the next run repeats."""
        if error:
            self.skip_account(account, error)
