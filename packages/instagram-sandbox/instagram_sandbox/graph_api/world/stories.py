"""Stories: media that are visible for 24 hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.world.ids import Ids, Key, Kind
from instagram_sandbox.graph_api.world.posts import Media, Timeline

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.settings import WorldSettings
    from instagram_sandbox.graph_api.world.accounts import Account

LIFETIME = timedelta(hours=24)


class Stories:
    """The stories of all accounts. The first ones come two days before the first post.

    Args:
        settings: Settings of the world.
        dice: Random numbers.
        ids: The ids of the world.
    """

    def __init__(self, settings: WorldSettings, dice: Dice, ids: Ids) -> None:
        self._dice, self._ids = dice, ids
        self._per_day = settings.stories_per_day
        interval = timedelta(days=1) / self._per_day if self._per_day else timedelta.max
        origin = settings.start - timedelta(days=settings.days + 2)
        self._timeline = Timeline(origin, interval, dice, "story time")
        self._cache: dict[tuple[int, int], Media] = {}

    def get(self, account: Account, number: int) -> Media:
        """Return a story by its number; the oldest has the number 0."""
        place = (account.index, number)
        story = self._cache.get(place)
        if story is None:
            story = self._cache[place] = self._draw(account, number)
        return story

    def between(self, account: Account, since: datetime, until: datetime) -> list[Media]:
        """Return the stories published after `since` and not later than `until`, newest first."""
        if not self._per_day:
            return []
        first = self._timeline.count(account.index, since)
        last = self._timeline.count(account.index, until)
        return [self.get(account, number) for number in reversed(range(first, last))]

    def visible(self, account: Account, now: datetime) -> list[Media]:
        """Return the stories that are visible at a moment, newest first."""
        return self.between(account, now - LIFETIME, now)

    def _draw(self, account: Account, number: int) -> Media:
        video = self._dice.chance(0.4, "story", account.index, number, "type")
        return Media(
            id=self._ids.encode(Key(Kind.STORY, account.index, number)),
            account=account,
            number=number,
            published=self._timeline.moment(account.index, number),
            product="STORY",
            media_type="VIDEO" if video else "IMAGE",
            has_url=not (video and self._dice.chance(0.08, "story", account.index, number, "url")),
            crossposted=self._dice.chance(0.3, "story", account.index, number, "crossposted"),
        )


def is_visible(story: Media, now: datetime) -> bool:
    """Return whether a story is visible at a moment."""
    return story.published <= now < story.published + LIFETIME
