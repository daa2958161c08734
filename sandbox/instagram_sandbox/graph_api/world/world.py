"""The world: the truth that the API shows, for the API to read and for tests to compare with."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.catalogue import MEDIA_FIELDS
from instagram_sandbox.graph_api.dice import Dice
from instagram_sandbox.graph_api.pacific import ONE_DAY, day_of
from instagram_sandbox.graph_api.settings import WorldSettings
from instagram_sandbox.graph_api.world.account_days import FOLLOWER_MOVES, AccountDays
from instagram_sandbox.graph_api.world.accounts import (
    Account,
    Business,
    Page,
    account_fields,
    draw_accounts,
    draw_business,
    draw_pages,
)
from instagram_sandbox.graph_api.world.audience import Audience
from instagram_sandbox.graph_api.world.conversation import (
    Comment,
    Conversation,
    TaggedMedia,
)
from instagram_sandbox.graph_api.world.ids import Ids, Key, Kind
from instagram_sandbox.graph_api.world.media_fields import MediaFields
from instagram_sandbox.graph_api.world.media_insights import MediaInsights
from instagram_sandbox.graph_api.world.posts import Media, Posts, Slide, slide_fields
from instagram_sandbox.graph_api.world.stories import Stories, lives

if TYPE_CHECKING:
    from datetime import date, datetime

Thing = Account | Page | Business | Media | Slide | Comment | TaggedMedia
MEDIA_EDGE_CEILING = 10_000
"""The media edge gives no more than the newest ten thousand. Graph API: IG User media."""


class World:
    """Accounts and all that happens to them, at any moment.

    Two worlds of equal settings agree on everything, in any process and in any order of asking.
    Methods take `now`, an aware datetime, and answer what the API answers at that moment.

    Attributes:
        settings: What the world is made from.
        retired_metrics: Insights the API no longer knows; may be changed at any time.
        lost_accounts: Ids of accounts that can be found but no longer read, with the reason:
            `permission` (code 10), `gone` (100/33), `unavailable` (9009) or `role` (190/492).
        deleted_media: Ids of media their owner has deleted or archived.
        business: The business portfolio that the token's owner belongs to.
        posts: The posts, carousels and reels.
        stories_of: The stories.
        figures: The media insights.
        days: The account insights by day.
        audience: Demographics and online followers.
        conversation: Comments and tagged media.
    """

    def __init__(self, settings: WorldSettings | None = None) -> None:
        self.settings = settings = settings or WorldSettings()
        dice, self._ids = Dice(settings.seed), Ids(settings.seed)
        self._accounts = draw_accounts(settings, dice)
        self._pages = draw_pages(self._accounts, settings, dice)
        self.business = draw_business(self._accounts, self._pages, settings)
        self._dice = dice
        self.posts = Posts(settings, dice, self._ids)
        self.stories_of = Stories(settings, dice, self._ids)
        self.figures = MediaInsights(settings, dice)
        self._fields = MediaFields(settings, dice, self.figures)
        self.days = AccountDays(settings, dice)
        self.audience = Audience(dice, self.days)
        self.conversation = Conversation(settings, dice, self._ids, self.figures)
        self.retired_metrics = set(settings.retired_metrics)
        lost = [self._accounts[index].id for index in settings.lost_accounts]
        self.lost_accounts = dict.fromkeys(lost, "permission")
        self.deleted_media: set[str] = set()
        self._by_id: dict[str, Thing] = {account.id: account for account in self._accounts}
        if settings.login == "instagram":
            self._by_id |= {account.app_scoped_id: account for account in self._accounts}
        else:
            self._by_id |= {page.id: page for page in self._pages}
            self._by_id[self.business.id] = self.business
        self._readings, self._lock = 0, Lock()

    # Accounts

    @property
    def account_ids(self) -> list[str]:
        """The ids of all accounts, `17841…`."""
        return [account.id for account in self._accounts]

    @property
    def pages(self) -> list[Page]:
        """The Pages: one for each account but the pageless, in order, and one that owns none."""
        return list(self._pages)

    def page_of(self, account: Account) -> Page | None:
        """Give the Page that owns an account, if one does."""
        return next((page for page in self._pages if page.account == account), None)

    def account(self, account_id: str) -> Account:
        """Give an account by its id."""
        found = self._by_id.get(account_id)
        if not isinstance(found, Account):
            raise KeyError(account_id)
        return found

    def account_at(self, index: int) -> Account:
        """Give an account by its place."""
        return self._accounts[index]

    def accounts(self, now: datetime) -> list[dict[str, Any]]:
        """Give the fields of all accounts, as `/{ig-user}` gives them; URLs come unsigned."""
        return [self.account_fields(account, now) for account in self._accounts]

    def account_fields(self, account: Account, now: datetime) -> dict[str, Any]:
        """Give the fields of one account."""
        miscounted = self._dice.between(0, 3, "media count", account.index)
        count = self.posts.count(account, now) + miscounted
        return account_fields(account, self.settings, now, count)

    # Media

    def media(self, account_id: str, now: datetime) -> list[dict[str, Any]]:
        """Give an account's media as its edge gives them, newest first.

        A carousel has its slides' fields in `children`, a plain list. URLs come unsigned: compare
        them up to the `?`. With many thousand media, read `posts_between` instead.
        """
        return [self.media_fields(post, now) for post in self.posts_of(account_id, now)]

    def posts_of(self, account_id: str, now: datetime) -> list[Media]:
        """Give an account's posts at a moment, newest first, without those deleted."""
        account = self.account(account_id)
        count = self.posts.count(account, now)
        oldest = max(0, count - MEDIA_EDGE_CEILING)
        posts = [self.posts.get(account, number) for number in range(count - 1, oldest - 1, -1)]
        return [post for post in posts if post.id not in self.deleted_media]

    def media_fields(self, media: Media, now: datetime, *, direct: bool = False) -> dict[str, Any]:
        """Give a media's fields, `children` included, as an edge or a `direct` reading gives them.

        Only a direct reading shows the like count of an owner who hides it.
        """
        fields = self._fields.read(media, now, indirectly=not direct)
        slides = [self.slide_fields(slide) for slide in self.posts.slides(media)]
        return {**fields, "children": slides} if slides else fields

    def slide_fields(self, slide: Slide) -> dict[str, Any]:
        """Give a carousel slide's fields, those that this world's login has."""
        known = MEDIA_FIELDS[self.settings.login]
        return {name: value for name, value in slide_fields(slide).items() if name in known}

    def simple_fields(self, media: Media, now: datetime, *, indirectly: bool) -> dict[str, Any]:
        """Give a media's fields without its children."""
        return self._fields.read(media, now, indirectly=indirectly)

    def is_broken_video(self, media: Media, now: datetime) -> bool:
        """Whether asking a video for copyright_check_information fails (code 9005)."""
        old = (now - media.published).days > 180
        lost = self._dice.chance(0.1, "broken video", media.account.index, media.number)
        return media.media_type == "VIDEO" and old and (media.legacy_video or lost)

    # Media insights

    def media_insights(self, media_id: str, now: datetime) -> dict[str, int | float]:
        """Give every insight that a media has, by Meta's name; {} where Meta refuses or has none.

        Retired metrics are not among them. See `media_insights_refusal` for why there is none.
        """
        media = self.media_by_id(media_id)
        if self.media_insights_refusal(media_id, now):
            return {}
        values = self.figures.values(media, now)
        return {name: value for name, value in values.items() if name not in self.retired_metrics}

    def media_insights_refusal(self, media_id: str, now: datetime) -> str | None:
        """Say why Meta refuses a media's insights, None if it does not.

        `before_conversion` (100/2108006), `too_few_viewers` (10) or `gone` (100/33).
        """
        media = self.media_by_id(media_id)
        if not self.exists(media, now):
            return "gone"
        return self.figures.refusal(media, now)

    def media_breakdown(self, media_id: str, metric: str, now: datetime) -> dict[str, int]:
        """Split a media's `navigation` or `profile_activity`; {} where there is none."""
        media = self.media_by_id(media_id)
        if self.media_insights_refusal(media_id, now) or metric not in self.figures.supported(
            media
        ):
            return {}
        return self.figures.breakdown(media, now, metric)

    def media_by_id(self, media_id: str) -> Media:
        """Give a post, reel or story by its id, living or not."""
        found = self.find(media_id)
        if not isinstance(found, Media):
            raise KeyError(media_id)
        return found

    # Stories

    def stories(self, account_id: str, now: datetime) -> list[dict[str, Any]]:
        """Give an account's living stories as its edge gives them, newest first."""
        alive = self.stories_of.alive(self.account(account_id), now)
        return [self.media_fields(story, now) for story in alive]

    def stories_between(self, account_id: str, since: datetime, until: datetime) -> list[Media]:
        """Give all stories published after `since` and up to `until`, newest first."""
        return self.stories_of.between(self.account(account_id), since, until)

    # Account insights

    def account_day(self, account_id: str, day: date, now: datetime) -> dict[str, int]:
        """Give an account's insights of a Pacific day, as one-day requests give them.

        By Meta's metric names, with `follows` and `unfollows` for the two buckets of
        follows_and_unfollows. `follower_count` is among them for the last 30 days only, without
        the current one. What Meta does not give is not there; an account under 100 followers has
        no follower figures.
        """
        figures = self.days.figures(self.account(account_id), day, now)
        today = day_of(now)
        if "follows" in figures and today - ONE_DAY * 30 <= day < today:
            figures["follower_count"] = figures["follows"]
        retired = set(self.retired_metrics)
        if "follows_and_unfollows" in retired:
            retired |= FOLLOWER_MOVES
        return {name: value for name, value in figures.items() if name not in retired}

    def account_day_breakdown(
        self, account_id: str, day: date, metric: str, breakdown: str, now: datetime
    ) -> dict[str, int]:
        """Split an account insight of a Pacific day, bucket by Meta's name; no zeros.

        `breakdown` is follow_type, media_product_type or contact_button_type.
        """
        return self.days.breakdown(self.account(account_id), day, now, metric, breakdown)

    def rolling_reach(self, account_id: str, last: date, days: int, now: datetime) -> int:
        """Give the reach of 7 (period=week) or 28 days up to and with `last`."""
        return self.days.rolling_reach(self.account(account_id), last, days, now)

    def online_followers(self, account_id: str, day: date, now: datetime) -> dict[str, int] | None:
        """Count followers online by hour of a Pacific day, "0" to "23"; may be {}; None if none."""
        return self.audience.online(self.account(account_id), day, now)

    def demographics(
        self,
        account_id: str,
        metric: str,
        breakdown: str,
        now: datetime,
        timeframe: str = "this_month",
    ) -> dict[tuple[str, ...], int]:
        """Split followers or those engaged, by `age`, `gender`, `city`, `country` or `age,gender`.

        `metric` is follower_demographics or engaged_audience_demographics; only the latter heeds
        the time frame. {} where Meta withholds it: under 100 followers or engagements.
        """
        account = self.account(account_id)
        people = self.account_fields(account, now)["followers_count"]
        if metric == "engaged_audience_demographics":
            people = self.audience.engaged(account, timeframe, now)
        if account.small or not people:
            return {}
        return self.audience.demographics(account, metric, tuple(breakdown.split(",")), people)

    # What other people do

    def comments(self, media_id: str, now: datetime) -> list[dict[str, Any]]:
        """Give the comments and replies on a media, newest first; a reply has a `parent_id`."""
        talk = self.conversation
        comments = talk.comments(self.media_by_id(media_id), now)
        return [talk.comment_fields(comment) for comment in comments]

    def tags(self, account_id: str, now: datetime) -> list[dict[str, Any]]:
        """Give the media in which an account is tagged, newest first."""
        talk = self.conversation
        return [talk.tagged_fields(media) for media in talk.tagged(self.account(account_id), now)]

    # Finding

    def find(self, identifier: str) -> Thing | None:
        """Give what an id stands for, whether or not it exists at present."""
        known = self._by_id.get(identifier)
        if known is not None:
            return known
        key = self._ids.decode(identifier)
        if key is None or key.account >= len(self._accounts):
            return None
        try:
            return self._thing(key, self._accounts[key.account])
        except OverflowError:  # a number so high that its moment is past the end of time
            return None

    def exists(self, thing: Thing, now: datetime) -> bool:
        """Whether something is there at a moment: published, not deleted, not expired."""
        if isinstance(thing, Slide):
            return self.exists(thing.album, now) and thing.position < thing.album.slides
        if isinstance(thing, Comment):
            comments = self.figures.figures(thing.media, now)["comments"]
            return self.exists(thing.media, now) and 1 <= thing.number <= comments
        if isinstance(thing, TaggedMedia):
            return thing.published <= now
        if not isinstance(thing, Media):
            return True
        if thing.product == "STORY" and not lives(thing, now):
            return False
        return thing.published <= now and thing.id not in self.deleted_media

    def next_reading(self) -> int:
        """Count readings, for what differs at each: signed URLs."""
        with self._lock:
            self._readings += 1
            return self._readings

    def _thing(self, key: Key, account: Account) -> Thing:
        if key.kind is Kind.STORY:
            return self.stories_of.get(account, key.number)
        if key.kind is Kind.TAGGED:
            return self.conversation.tagged_media(account, key.number)
        post = self.posts.get(account, key.number)
        if key.kind is Kind.COMMENT:
            return self.conversation.comment(post, key.part)
        return self.posts.slide(post, key.part) if key.kind is Kind.SLIDE else post
