"""What the posts, reels and stories of an account gain in a span of time."""

from __future__ import annotations

from dataclasses import dataclass
from operator import add
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.world.final_figures import Counts, share_at
from instagram_sandbox.graph_api.world.growth import POST_GROWTH, STORY_GROWTH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from instagram_sandbox.graph_api.world.accounts import Account
    from instagram_sandbox.graph_api.world.final_figures import MediaDraw
    from instagram_sandbox.graph_api.world.posts import Media, Posts
    from instagram_sandbox.graph_api.world.stories import Stories

NOTHING = Counts._make([0] * len(Counts._fields))


@dataclass(frozen=True)
class Gains:
    """What the media of an account gain in a span of time.

    Attributes:
        by_product: The sums over all media, by Meta's names of the parts of media_product_type.
        total: The sums over all products.
        most_people: The highest reach that one media gains.
        most_likes: The highest number of likes that one media gains.
    """

    by_product: dict[str, Counts]
    total: Counts
    most_people: int
    most_likes: int


class MediaGains:
    """The gains of the media of all accounts.

    Args:
        posts: The posts, carousels and reels.
        stories: The stories.
        draw: The final numbers of media.
    """

    def __init__(self, posts: Posts, stories: Stories, draw: MediaDraw) -> None:
        self._posts, self._stories, self._draw = posts, stories, draw

    def between(self, account: Account, since: datetime, until: datetime) -> Gains:
        """Add up what an account's media gain between two moments.

        The gain of a media is the difference of its insights at the two moments. Media count that
        have been deleted, and stories that have expired.
        """
        sums: dict[str, list[int]] = {}
        people = likes = 0
        for media in self._growing(account, since, until):
            before, after = share_at(media, since), share_at(media, until)
            final = self._draw.final_figures(media).counts
            gained = [int(count * after) - int(count * before) for count in final]
            people, likes = max(people, gained[0]), max(likes, gained[2])
            product = _product(media)
            earlier = sums.get(product)
            sums[product] = list(map(add, earlier, gained)) if earlier else gained
        by_product = {product: Counts._make(values) for product, values in sums.items()}
        total = Counts._make(map(sum, zip(NOTHING, *by_product.values(), strict=True)))
        return Gains(by_product, total, people, likes)

    def most_people(self, account: Account, since: datetime, until: datetime) -> int:
        """Return the highest reach that one media gains between two moments."""
        most = 0
        for media in self._growing(account, since, until):
            reach = self._draw.final_figures(media).counts.reach
            if reach > most:
                before, after = share_at(media, since), share_at(media, until)
                most = max(most, int(reach * after) - int(reach * before))
        return most

    def _growing(self, account: Account, since: datetime, until: datetime) -> Iterator[Media]:
        """Find the media that were published before `until` and not final at `since`."""
        first = self._posts.count(account, since - POST_GROWTH.life)
        for number in range(first, self._posts.count(account, until)):
            yield self._posts.get(account, number)
        yield from self._stories.between(account, since - STORY_GROWTH.life, until)


def _product(media: Media) -> str:
    if media.media_type == "CAROUSEL_ALBUM":
        return "CAROUSEL_CONTAINER"
    return {"FEED": "POST", "REELS": "REEL", "STORY": "STORY"}[media.product]
