"""A media that Meta has listed, and what tables about it have in common."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from tap_instagram_business.client import InstagramStream
from tap_instagram_business.graph.calls import InsightsCall
from tap_instagram_business.graph.errors import Action
from tap_instagram_business.metrics import kind_of, unsure_metrics
from tap_instagram_business.refresh import LastReading, Tiers, is_due
from tap_instagram_business.streams.gaps import BEFORE_CONVERSION, FAILED, GONE, Gap

if TYPE_CHECKING:
    from collections.abc import Container

    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Answer
    from tap_instagram_business.graph.errors import GraphError
    from tap_instagram_business.tap import TapInstagramBusiness

ALWAYS_NEEDED = frozenset({"timestamp", "media_type", "media_product_type"})
"""Fields that decide which insights a media has, and when they are due."""
DATED = frozenset({"id", "timestamp"})
"""What Meta gives of every media and story, and nothing can be done without."""
MOST_TO_ASK_AGAIN = 200
"""At how many media of an account Meta may fail, each to be asked again; then it is left out."""


def _date(kept: str | None) -> dt.date | None:
    return dt.date.fromisoformat(kept) if kept else None


def _moment(kept: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(kept) if kept else None


@dataclass(frozen=True)
class PostedMedia:
    """A media of an account, as Meta listed it."""

    account: Account
    node: dict[str, Any] = field(repr=False)
    posted: dt.datetime

    @property
    def id(self) -> str:
        """The media's id."""
        return str(self.node["id"])

    @property
    def kind(self) -> str:
        """What decides which insights it has."""
        return kind_of(self.node.get("media_product_type"), self.node.get("media_type"))


class RefreshedStream(InstagramStream):
    """A table whose rows are written again when their media is due."""

    def __init__(self, tap: TapInstagramBusiness) -> None:
        super().__init__(tap)
        self._last_readings: dict[str, LastReading] = {}
        self._again: dict[str, set[str]] = {}

    @functools.cached_property
    def tiers(self) -> Tiers:
        """How often a media is read."""
        return Tiers.parse(self.config["media_refresh"])

    def is_due(self, media: PostedMedia) -> bool:
        """Say whether this table wants a media in this run."""
        if not self.selected:
            return False
        now, last = self._tap.graph.now(), self._last_reading(media.account)
        return is_due(media.id, media.posted, last=last, now=now, tiers=self.tiers)

    def _last_reading(self, account: Account) -> LastReading:
        """Return what was kept before this run, which its own progress must not change."""
        if account.id not in self._last_readings:
            kept = self.bookmark(account)
            self._last_readings[account.id] = LastReading(
                date=_date(kept.get("snapshot_date")),
                since=_moment(kept.get("since")),
                partial_date=_date(kept.get("partial_date")),
                partial_until=_moment(kept.get("partial_until")),
                again=frozenset(kept.get("again") or ()),
            )
        return self._last_readings[account.id]

    def done_until(self, media: PostedMedia) -> None:
        """Keep that a media and all newer ones of its account have been seen to."""
        self.advance(
            media.account,
            partial_date=self._tap.graph.now().date().isoformat(),
            partial_until=media.posted.isoformat(),
        )

    def ask_again(self, media: PostedMedia) -> None:
        """Keep that Meta did not give a media, so that the next run asks for it, due or not."""
        failed = self._again.setdefault(media.account.id, set())
        failed.add(media.id)
        self.advance(media.account, again=sorted(failed | self._last_reading(media.account).again))

    def complete(self, account: Account, since: dt.datetime | None) -> None:
        """Keep that all of an account's due media have been seen to."""
        self.advance(
            account,
            snapshot_date=self._tap.graph.now().date().isoformat(),
            since=since.isoformat() if since else None,
            again=sorted(self._again.get(account.id, ())) or None,
            partial_date=None,
            partial_until=None,
        )


class InsightsStream(RefreshedStream):
    """A table of insights of media: what Meta refuses is an account's end, or a gap."""

    def __init__(self, tap: TapInstagramBusiness) -> None:
        super().__init__(tap)
        self._failed: set[str] = set()

    @property
    def today(self) -> str:
        """The UTC date of reading."""
        return self._tap.graph.now().date().isoformat()

    def has_failed(self, account: Account) -> bool:
        """Say whether Meta refuses all insights of an account's media."""
        return account.id in self._failed

    def insights_call(
        self, media: PostedMedia, metrics: tuple[str, ...], breakdown: str = ""
    ) -> InsightsCall:
        """Return the call for some insights of a media."""
        split = {"breakdown": breakdown} if breakdown else {}
        return InsightsCall(
            node=media.id,
            params={"metric": ",".join(metrics), **split},
            token=media.account.token,
            subject=media,
            account_id=media.account.id,
            metrics=metrics,
            kind=f"{media.kind} by {breakdown}" if breakdown else media.kind,
            lone=unsure_metrics(media.kind),
            refusals=self._tap.refusals,
        )

    def is_error(self, answer: Answer) -> bool:
        """Say whether an answer is an error, and note what it means."""
        media: PostedMedia = answer.call.subject
        error = answer.error
        if error is None:
            return False
        if error.rule.action is Action.SKIP_ACCOUNT or self._fails_too_often(media, error):
            if not self.has_failed(media.account):
                self._failed.add(media.account.id)
                self.fail(media.account, error)
                self.gaps.add_account(media.account, self.today, error)
            return True
        if error.reason == BEFORE_CONVERSION:
            newest = self._tap.newest_refused.get(media.account.id, media.posted)
            self._tap.newest_refused[media.account.id] = max(newest, media.posted)
        breakdown = answer.call.params.get("breakdown")
        metric = f"{answer.call.params['metric']} by {breakdown}" if breakdown else ""
        self.add_gap(media, error.reason, metric=metric, error=error)
        return True

    def _fails_too_often(self, media: PostedMedia, error: GraphError) -> bool:
        """Note what may be given the next time, and say whether Meta fails at too much.

        What is gone but was listed is one or the other in error: it is asked for as long as listed.
        """
        if error.reason not in {FAILED, GONE}:
            return False
        has_room = len(self._again.get(media.account.id, ())) < MOST_TO_ASK_AGAIN
        if has_room:
            self.ask_again(media)
        return error.reason == FAILED and not has_room

    def is_before_conversion(self, media: PostedMedia) -> bool:
        """Say whether Meta need not be asked, as it has refused a newer media of the account.

        What was posted before the account turned professional has no insights, for good.
        """
        newest = self._tap.newest_refused.get(media.account.id)
        return newest is not None and media.posted <= newest

    def add_gap(
        self, media: PostedMedia, reason: str, *, metric: str = "", error: GraphError | None = None
    ) -> None:
        """Write what Meta did not give of a media."""
        self.gaps.add(media.account, Gap(self.today, metric, reason, error, media.id))

    def add_missing(self, answer: Answer, given: Container[str], suffix: str = "") -> None:
        """Write a gap for each metric that was refused, or asked for and not given.

        Args:
            answer: what came back.
            given: the metrics that it held.
            suffix: what to add to a metric's name.
        """
        media: PostedMedia = answer.call.subject
        call = cast("InsightsCall", answer.call)
        for metric, error in call.refused.items():
            self.add_gap(media, error.reason, metric=metric + suffix, error=error)
        missing = [metric for metric in call.metrics if metric not in given]
        if missing and missing == list(call.metrics) and not suffix:
            missing = [""]
        for metric in missing:
            self.add_gap(media, "empty", metric=metric + suffix)
