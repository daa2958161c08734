"""What tables about media have in common: which media are listed, and which are due."""

from __future__ import annotations

import datetime as dt
import functools
from abc import abstractmethod
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_instagram_business.metrics import STORY, kind_of
from tap_instagram_business.refresh import LastRefresh, Tiers, is_due
from tap_instagram_business.streams.base import InstagramStream
from tap_instagram_business.values import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk import Tap

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.insights_call import InsightsCall
    from tap_instagram_business.graph.paging import Page
    from tap_instagram_business.run import Run

KIND_FIELDS = frozenset({"timestamp", "media_type", "media_product_type", "permalink"})
"""Fields that decide which insights a media has, and when they are due."""


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
        is_story: whether it stands in the list of stories.
    """

    account: Account
    node: dict[str, Any] = field(repr=False)
    posted: dt.datetime | None
    is_story: bool = False

    @property
    def id(self) -> str:
        """The media's id."""
        return str(self.node["id"])

    @property
    def kind(self) -> str:
        """The kind of media, which decides which insights it has."""
        if self.is_story:
            return STORY
        names = ("media_product_type", "media_type", "permalink")
        return kind_of(*(read_text(self.node.get(name)) for name in names))


class RefreshedStream(InstagramStream):
    """A table whose rows are written again when their media is due."""

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
        now, last = self._run.graph.now(), self._last_refresh(media.account)
        return is_due(media.id, media.posted, last=last, now=now, tiers=self.tiers)

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
            until = media.posted.isoformat()
            self.advance(media.account, partial_date=self.today, partial_until=until)

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
            snapshot_date=self.today,
            since=since.isoformat() if since else None,
            again=sorted(self._again.get(account.id, ())) or None,
            partial_date=None,
            partial_until=None,
        )


class MediaFollower(RefreshedStream):
    """A table that is filled while a lead lists the media, or the stories, of the accounts."""

    def needs(self) -> Iterable[str]:
        """Return fields of the list that this table needs, as the Graph API spells them."""
        return ()

    def prepare(self) -> None:
        """Prepare, before the first page is listed."""

    def end(self, account: Account, since: dt.datetime | None) -> None:
        """Move the bookmark of an account whose list was read to its end.

        Args:
            account: the account.
            since: media that were posted before this moment were not listed; None for no limit.
        """
        self.done(account, since)


class ListingFollower(MediaFollower):
    """A table that is filled from the list, or asks Meta at the moment when it writes its rows."""

    @abstractmethod
    def read(self, media: Sequence[ListedMedia]) -> None:
        """Write the rows of some media, newest first; called for each page of a list.

        The media may belong to several accounts. Those that are not due are among them.
        """


class AskingFollower(MediaFollower):
    """A table that asks Meta about listed media, before it is told to write their rows."""

    @abstractmethod
    def ask_about(self, media: Sequence[ListedMedia]) -> Iterator[Answer]:
        """Begin to ask Meta about some media, newest first; return where the answers will be.

        The media may belong to several accounts. Those that are not due are among them.
        """

    @abstractmethod
    def read(self, media: Sequence[ListedMedia], answers: Iterable[Answer]) -> None:
        """Write the rows of some media.

        Args:
            media: the media that were asked about.
            answers: the answers.
        """

    @abstractmethod
    def has_given_insights(self, account: Account) -> bool:
        """Return whether Meta has given insights of an account's media, in this run or before."""


class MediaReading:
    """The reading of some listed media into the tables that follow the list.

    The first table that asks Meta does so at once, and so do the others if Meta has given insights
    of all these accounts. Otherwise they ask one after the other, because each learns from the
    answers to the one before.
    """

    def __init__(self, media: Sequence[ListedMedia], followers: Sequence[MediaFollower]) -> None:
        """Begin to ask Meta.

        Args:
            media: the media.
            followers: the tables.
        """
        self._media = media
        self._listing = [table for table in followers if isinstance(table, ListingFollower)]
        self._to_ask = deque(table for table in followers if isinstance(table, AskingFollower))
        self._asked: deque[tuple[AskingFollower, Iterator[Answer]]] = deque()
        while self._to_ask and (not self._asked or self._are_known()):
            self._ask_next()

    @property
    def tables_left(self) -> int:
        """How many tables that ask Meta are still to be written."""
        return len(self._asked) + len(self._to_ask)

    @property
    def is_done(self) -> bool:
        """Whether all rows are written."""
        return not (self._listing or self._asked)

    def step(self) -> None:
        """Write the rows of one more table that asks Meta, and let the next one ask."""
        for table in self._listing:
            table.isolated(table.read, self._media)
        self._listing = []
        if self._asked:
            asked, answers = self._asked.popleft()
            asked.isolated(asked.read, self._media, answers)
        if self._to_ask and not self._asked:
            self._ask_next()

    def finish(self) -> None:
        """Write all rows that are not written yet."""
        while not self.is_done:
            self.step()

    def _are_known(self) -> bool:
        first, _ = self._asked[0]
        accounts = {item.account.id: item.account for item in self._media}
        return all(map(first.has_given_insights, accounts.values()))

    def _ask_next(self) -> None:
        table = self._to_ask.popleft()
        self._asked.append((table, table.isolated(table.ask_about, self._media) or iter(())))


@dataclass(frozen=True)
class Listing:
    """Pages of media, and the reading of what is on them."""

    pages: Sequence[Page]
    media: Sequence[ListedMedia]
    reading: MediaReading

    @property
    def going_on(self) -> list[Page]:
        """The pages after which their list goes on."""
        return [page for page in self.pages if not page.is_last]


class BreakdownFollower(InstagramStream):
    """A table that wants insights of media in parts, which another table asks for with its own."""

    @abstractmethod
    def calls(self, media: ListedMedia) -> Iterator[InsightsCall]:
        """Yield the calls that this table needs about a media; none where it is deselected."""

    @abstractmethod
    def write_parts(self, answer: Answer) -> None:
        """Write the rows of an answer to one of those calls."""
