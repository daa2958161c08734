"""What a sandbox can be told: the world it shows, and how its API answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any, Literal

Login = Literal["facebook", "instagram"]
TokenKind = Literal["user", "page", "system_user"]

FACEBOOK_SCOPES = (
    "instagram_basic",
    "instagram_manage_insights",
    "instagram_manage_comments",
    "pages_show_list",
    "pages_read_engagement",
)
INSTAGRAM_SCOPES = (
    "instagram_business_basic",
    "instagram_business_manage_insights",
    "instagram_business_manage_comments",
)


@dataclass(frozen=True)
class WorldSettings:
    """Everything a world is made from: equal settings make equal worlds, in any process.

    Attributes:
        accounts: How many Instagram professional accounts there are.
        posts: How many media each account has on its media edge at `start`.
        days: Over how many days before `start` they were published.
        seed: Another seed, another world.
        start: The moment the counts above hold; life goes on at the same pace after it.
        login: Which of Meta's two APIs shows the world.
        stories_per_day: How many stories each account publishes a day.
        end_labels: Whether `end_time` in a day series names the end of the day it counts; by
            default it names its beginning. Meta's documentation settles neither.
        tiny_accounts: How many accounts, counted from the last, have under 100 followers.
        converted_days_ago: How many days before `start` the accounts became professional; media
            posted before then have no insights, nor has the account.
        legacy_videos_days_ago: Videos older than this at `start` may be FEED videos, from before
            every video became a reel; None for no such video.
        hidden_likes_share: The share of media whose owner hides the like count.
        missing_url_share: The share of videos and slides without `media_url` (licensed audio).
        empty_day_share: The share of account insights, by metric and day, that were never
            computed, so that the API leaves them out.
        lost_accounts: Indexes of accounts that can be found but no longer read.
        retired_metrics: Insights the API no longer knows.
        pageless_accounts: Indexes of accounts that hang on no Page: the business portfolio has
            them, and they are assigned to the system user.
        client_pages: Indexes of accounts whose Page the portfolio has as a client's, so that
            /me/accounts does not list it.
        taskless_pages: Indexes of accounts on whose Page the token's owner lacks ANALYZE.
    """

    accounts: int = 2
    posts: int = 300
    days: int = 365
    seed: int = 1
    start: datetime = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
    login: Login = "facebook"
    stories_per_day: int = 2
    end_labels: bool = False
    tiny_accounts: int = 0
    converted_days_ago: int | None = None
    legacy_videos_days_ago: int | None = 300
    hidden_likes_share: float = 0.05
    missing_url_share: float = 0.08
    empty_day_share: float = 0.004
    lost_accounts: tuple[int, ...] = ()
    retired_metrics: tuple[str, ...] = ()
    pageless_accounts: tuple[int, ...] = ()
    client_pages: tuple[int, ...] = ()
    taskless_pages: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no world can be made from."""
        if self.start.tzinfo is None:
            message = "start needs a time zone"
            raise ValueError(message)
        if not 0 <= self.accounts <= 9999 or self.posts < 0 or self.days < 1:
            message = "accounts must be 0 to 9999, posts 0 or more, days 1 or more"
            raise ValueError(message)

    def to_json(self) -> dict[str, Any]:
        """Give the settings as JSON, from which another process can make the same world."""
        return {**asdict(self), "start": self.start.isoformat()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> WorldSettings:
        """Read what `to_json` wrote; what is not in it is as by default."""
        read: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stored.items()
        }
        if "start" in read:
            read["start"] = datetime.fromisoformat(read["start"].replace("Z", "+00:00"))
        return cls(**read)


@dataclass(frozen=True)
class ApiSettings:
    """How the API answers, whatever the world it shows.

    Attributes:
        access_token: The token that opens the API. With the Instagram login a token sees one
            account: this one the first, `<access_token>-2` the second, and so on.
        token_kind: Whose token it is, with the Facebook login; a page token sees the first Page.
        scopes: The permissions granted to it; all that the login has when left out.
        granted_accounts: Indexes of the accounts that the person has ticked at the login, their
            Pages with them; all if None.
        token_expires_in: Seconds from the server's start until the token expires; never if None.
        app_id: The app that tokens belong to.
        app_secret: What `appsecret_proof` is signed with.
        require_proof: Whether calls without `appsecret_proof` are refused.
        page_cap: The most items a page of an edge holds, whatever `limit` asks for.
        honour_since_until: Whether the media edge filters by `since` and `until`; Meta documents
            it and did not always do it.
        empty_page_with_next: Whether an empty page with a next comes before each further page.
        flat_token_answer: Whether the Instagram login answers a code with a flat object, or with
            the documented list under `data`. Both are seen.
        deny_login: Whether the person at the login dialog says no.
        person: With the Instagram login, the owner of which account sits at the dialog.
    """

    access_token: str = "sandbox-token"  # noqa: S105 - opens a sandbox
    token_kind: TokenKind = "user"  # noqa: S105 - a kind
    scopes: tuple[str, ...] | None = None
    granted_accounts: tuple[int, ...] | None = None
    token_expires_in: int | None = None
    app_id: str = "1234567890123456"
    app_secret: str = "sandbox-app-secret"  # noqa: S105 - opens a sandbox
    require_proof: bool = False
    page_cap: int = 100
    honour_since_until: bool = True
    empty_page_with_next: bool = False
    flat_token_answer: bool = False
    deny_login: bool = False
    person: int = 0
