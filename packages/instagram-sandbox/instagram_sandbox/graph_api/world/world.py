"""The world that the API shows, and that tests compare the answers with."""

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
from instagram_sandbox.graph_api.world.conversation import Comment, Conversation, TaggedMedia
from instagram_sandbox.graph_api.world.day_gains import MediaGains
from instagram_sandbox.graph_api.world.final_figures import MediaDraw
from instagram_sandbox.graph_api.world.followers import Followers
from instagram_sandbox.graph_api.world.ids import Ids, Key, Kind
from instagram_sandbox.graph_api.world.media_fields import MediaFields
from instagram_sandbox.graph_api.world.media_insights import MediaInsights
from instagram_sandbox.graph_api.world.posts import Media, Posts, Slide, slide_fields
from instagram_sandbox.graph_api.world.stories import Stories, is_visible

if TYPE_CHECKING:
    from datetime import date, datetime

WorldObject = Account | Page | Business | Media | Slide | Comment | TaggedMedia
MEDIA_EDGE_CEILING = 10_000
"""The media edge lists only the newest ten thousand media. Graph API: IG User media."""


class World:
    """The accounts, and all that they and other people publish, at any moment.

    Two worlds with equal settings are equal in all respects, in any process and in any order of
    reading. Most methods take `now`, a datetime with a time zone, and return what the API answers
    at that moment.

    Args:
        settings: Settings of the world.

    Attributes:
        settings: Settings of the world.
        retired_metrics: Insights that the API no longer knows. It may be changed at any time.
        lost_accounts: Ids of accounts that can be found but no longer be read, with the reason:
            `permission` (code 10), `gone` (100/33), `unavailable` (9009) or `role` (190/492).
        deleted_media: Ids of media that their owner has deleted or archived.
        business: The business portfolio that the owner of the access token belongs to.
        posts: The posts, carousels and reels.
        stories_of: The stories.
        followers: The numbers of followers.
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
        self._page_by_account = {page.account.id: page for page in self._pages if page.account}
        self.business = draw_business(self._accounts, self._pages, settings)
        self._dice = dice
        self.posts = Posts(settings, dice, self._ids)
        self.stories_of = Stories(settings, dice, self._ids)
        self.followers = Followers(settings, dice)
        self._draw = MediaDraw(dice, self.followers)
        self.figures = MediaInsights(settings, self._draw)
        self._fields = MediaFields(settings, dice, self.figures)
        gains = MediaGains(self.posts, self.stories_of, self._draw)
        self.days = AccountDays(settings, dice, gains, self.followers)
        self.audience = Audience(dice, self.days, self.followers)
        self.conversation = Conversation(settings, dice, self._ids, self._draw)
        self.retired_metrics = set(settings.retired_metrics)
        lost = [self._accounts[index].id for index in settings.lost_accounts]
        self.lost_accounts = dict.fromkeys(lost, "permission")
        self.deleted_media: set[str] = set()
        self._by_id: dict[str, WorldObject] = {account.id: account for account in self._accounts}
        if settings.login == "instagram":
            self._by_id |= {account.app_scoped_id: account for account in self._accounts}
        else:
            self._by_id |= {page.id: page for page in self._pages}
            self._by_id[self.business.id] = self.business
        self._answers, self._lock = 0, Lock()

    # Accounts

    @property
    def account_ids(self) -> list[str]:
        """The ids of all accounts, `17841…`."""
        return [account.id for account in self._accounts]

    @property
    def pages(self) -> list[Page]:
        """The Pages: one for each account that has one, in order, and one without an account."""
        return list(self._pages)

    def page_of(self, account: Account) -> Page | None:
        """Return the Page of an account, or None."""
        return self._page_by_account.get(account.id)

    def account(self, account_id: str) -> Account:
        """Return an account by its id.

        Raises:
            KeyError: If there is no such account.
        """
        found = self._by_id.get(account_id)
        if not isinstance(found, Account):
            raise KeyError(account_id)
        return found

    def account_with_older_id(self, identifier: str) -> Account | None:
        """Return the account that had an id in the past, or None."""
        return next((each for each in self._accounts if each.legacy_user_id == identifier), None)

    def account_at(self, index: int) -> Account:
        """Return an account by its index."""
        return self._accounts[index]

    def accounts(self, now: datetime) -> list[dict[str, Any]]:
        """Return the fields of all accounts as `/{ig-user}` does, with URLs that are not signed."""
        return [self.account_fields(account, now) for account in self._accounts]

    def account_fields(self, account: Account, now: datetime) -> dict[str, Any]:
        """Return the fields of an account."""
        # Meta counts media that it does not list.
        not_listed = self._dice.between(0, 3, "media count", account.index)
        count = self.posts.count(account, now) + not_listed
        return account_fields(account, self.settings, self.followers.at(account, now), count)

    # Media

    def media(self, account_id: str, now: datetime) -> list[dict[str, Any]]:
        """Return the fields of an account's media as its edge does, newest first.

        The list `children` holds the fields of a carousel's slides. URLs are not signed: compare
        them up to the `?`.
        """
        return [self.media_fields(post, now) for post in self.posts_of(account_id, now)]

    def posts_of(self, account_id: str, now: datetime) -> list[Media]:
        """Return the posts on an account's media edge at a moment, newest first."""
        account = self.account(account_id)
        count = self.posts.count(account, now)
        oldest = max(0, count - MEDIA_EDGE_CEILING)
        posts = [self.posts.get(account, number) for number in range(count - 1, oldest - 1, -1)]
        return [post for post in posts if post.id not in self.deleted_media]

    def collaborations(self, account_id: str, now: datetime) -> list[Media]:
        """Return the posts of the next account on which an account collaborates, newest first."""
        index = self.account(account_id).index
        partner = self._accounts[(index + 1) % len(self._accounts)]
        if partner.index == index:
            return []
        return [
            post
            for post in self.posts_of(partner.id, now)
            if self._dice.chance(0.05, "collaboration", index, post.number)
        ]

    def media_fields(self, media: Media, now: datetime, *, direct: bool = False) -> dict[str, Any]:
        """Return the fields of a media, with the fields of its slides in `children`.

        Args:
            media: The media.
            now: Moment of the call.
            direct: Whether the media is read by its id and not through an edge. Only then the like
                count is visible although its owner hides it.
        """
        fields = self._fields.read(media, now, indirectly=not direct)
        slides = [self.slide_fields(slide) for slide in self.posts.slides(media)]
        return {**fields, "children": slides} if slides else fields

    def slide_fields(self, slide: Slide) -> dict[str, Any]:
        """Return the fields of a slide that the login of the world has."""
        known = MEDIA_FIELDS[self.settings.login]
        return {name: value for name, value in slide_fields(slide).items() if name in known}

    def fields_without_children(
        self, media: Media, now: datetime, *, indirectly: bool
    ) -> dict[str, Any]:
        """Return the fields of a media without its slides."""
        return self._fields.read(media, now, indirectly=indirectly)

    def is_broken_video(self, media: Media, now: datetime) -> bool:
        """Return whether a request for copyright_check_information fails with code 9005."""
        old = (now - media.published).days > 180
        lost = self._dice.chance(0.1, "broken video", media.account.index, media.number)
        return media.media_type == "VIDEO" and old and (media.legacy_video or lost)

    # Media insights

    def media_insights(self, media_id: str, now: datetime) -> dict[str, int | float]:
        """Return the insights of a media by Meta's names, without retired metrics.

        They are empty if Meta refuses them, for which `media_insights_refusal` tells the reason, or
        has computed none yet.
        """
        media = self.media_by_id(media_id)
        if self.media_insights_refusal(media_id, now):
            return {}
        values = self.figures.values(media, now)
        return {name: value for name, value in values.items() if name not in self.retired_metrics}

    def media_insights_refusal(self, media_id: str, now: datetime) -> str | None:
        """Return the reason why Meta refuses the insights of a media, or None.

        Returns:
            `before_conversion` (100/2108006), `too_few_viewers` (10), `gone` (100/33) or None.
        """
        media = self.media_by_id(media_id)
        if not self.exists(media, now):
            return "gone"
        return self.figures.refusal(media, now)

    def media_breakdown(self, media_id: str, metric: str, now: datetime) -> dict[str, int]:
        """Split `navigation` or `profile_activity` of a media; empty if the media has none."""
        media = self.media_by_id(media_id)
        if self.media_insights_refusal(media_id, now) or metric not in self.figures.supported(
            media
        ):
            return {}
        return self.figures.breakdown(media, now, metric)

    def media_by_id(self, media_id: str) -> Media:
        """Return a post, reel or story by its id, whether or not it exists at present.

        Raises:
            KeyError: If the id is not that of a media.
        """
        found = self.find(media_id)
        if not isinstance(found, Media):
            raise KeyError(media_id)
        return found

    # Stories

    def stories(self, account_id: str, now: datetime) -> list[dict[str, Any]]:
        """Return the fields of an account's visible stories as its edge does, newest first."""
        stories = self.stories_of.visible(self.account(account_id), now)
        return [self.media_fields(story, now) for story in stories]

    # Account insights

    def account_day(self, account_id: str, day: date, now: datetime) -> dict[str, int]:
        """Return the insights of an account and a Pacific day, as requests for one day do.

        The keys are Meta's metrics, and `follows` and `unfollows` for the two parts of
        follows_and_unfollows. There is `follower_count` for the last 30 days only, not counting the
        current day. Numbers that Meta does not give are left out, such as the follower numbers of
        an account with fewer than 100 followers.
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
        """Split an insight of an account and a Pacific day, without parts of zero.

        Args:
            account_id: Id of the account.
            day: The Pacific day.
            metric: Name of the insight.
            breakdown: follow_type, media_product_type or contact_button_type.
            now: Moment of the call.

        Returns:
            The parts by Meta's names.
        """
        return self.days.breakdown(self.account(account_id), day, now, metric, breakdown)

    def rolling_reach(self, account_id: str, last: date, days: int, now: datetime) -> int:
        """Return the reach of 7 days (period=week) or 28 days, of which `last` is the last."""
        if last > day_of(now):
            return 0
        period = [last - ONE_DAY * back for back in range(days)]
        return self.days.people_reached(self.account(account_id), period, now)

    def online_followers(self, account_id: str, day: date, now: datetime) -> dict[str, int] | None:
        """Return the number of followers online by hour of a Pacific day, from "0" to "23".

        Returns:
            The numbers, which may be empty, or None if Meta has no value for the day.
        """
        return self.audience.online(self.account(account_id), day, now)

    def demographics(
        self,
        account_id: str,
        metric: str,
        breakdown: str,
        now: datetime,
        timeframe: str = "this_month",
    ) -> dict[tuple[str, ...], int]:
        """Split the followers or the engaged people of an account.

        Args:
            account_id: Id of the account.
            metric: follower_demographics or engaged_audience_demographics.
            breakdown: `age`, `gender`, `city`, `country` or `age,gender`.
            now: Moment of the call.
            timeframe: `this_week` or `this_month`; only for engaged people.

        Returns:
            The number of people by the values of the breakdown. It is empty if there are fewer than
            100 followers or engaged people.
        """
        account = self.account(account_id)
        people = self.account_fields(account, now)["followers_count"]
        if metric == "engaged_audience_demographics":
            people = self.audience.engaged(account, timeframe, now)
        if account.small or not people:
            return {}
        return self.audience.demographics(account, metric, tuple(breakdown.split(",")), people)

    # Comments and tagged media

    def comments(self, media_id: str, now: datetime) -> list[dict[str, Any]]:
        """Return the comments and replies on a media, newest first; replies have a `parent_id`."""
        comments = self.conversation.comments(self.media_by_id(media_id), now)
        return [self.conversation.comment_fields(comment) for comment in comments]

    def tags(self, account_id: str, now: datetime) -> list[dict[str, Any]]:
        """Return the media in which an account is tagged, newest first."""
        tagged = self.conversation.tagged(self.account(account_id), now)
        return [self.conversation.tagged_fields(media) for media in tagged]

    # All objects

    def find(self, identifier: str) -> WorldObject | None:
        """Return the object with an id, whether or not it exists at present, or None."""
        known = self._by_id.get(identifier)
        if known is not None:
            return known
        key = self._ids.decode(identifier)
        if key is None or key.account >= len(self._accounts):
            return None
        try:
            return self._object(key, self._accounts[key.account])
        except OverflowError:  # The number is so high that no datetime can be its moment.
            return None

    def exists(self, item: WorldObject, now: datetime) -> bool:
        """Return whether an object exists at a moment: published, not deleted, not expired."""
        if isinstance(item, Slide):
            return self.exists(item.album, now) and item.position < item.album.slides
        if isinstance(item, Comment):
            comments = self._draw.counts(item.media, now).comments
            return self.exists(item.media, now) and 1 <= item.number <= comments
        if isinstance(item, TaggedMedia):
            return item.published <= now
        if not isinstance(item, Media):
            return True
        if item.product == "STORY" and not is_visible(item, now):
            return False
        return item.published <= now and item.id not in self.deleted_media

    def next_answer_number(self) -> int:
        """Return the number of the next answer, which makes its signed URLs different."""
        with self._lock:
            self._answers += 1
            return self._answers

    def _object(self, key: Key, account: Account) -> WorldObject:
        if key.kind is Kind.STORY:
            return self.stories_of.get(account, key.number)
        if key.kind is Kind.TAGGED:
            return self.conversation.tagged_media(account, key.number)
        post = self.posts.get(account, key.number)
        if key.kind is Kind.COMMENT:
            return self.conversation.comment(post, key.part)
        return self.posts.slide(post, key.part) if key.kind is Kind.SLIDE else post
