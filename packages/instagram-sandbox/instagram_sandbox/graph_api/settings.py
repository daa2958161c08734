"""The settings of the simulated Graph API: its world, its answers, and its server.

Each setting is defined here once, with its default. The command `instagram-sandbox up` and the
server's process both build these classes; between them the settings travel as JSON.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal

from instagram_sandbox.graph_api.faults.fault import Fault

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
    """Settings that define a world: equal settings give equal worlds, in any process.

    Attributes:
        accounts: Number of Instagram professional accounts.
        posts: Number of media on the media edge of each account at `start`.
        days: Number of days before `start` over which those media were published.
        seed: Seed of the random numbers: another seed gives another world.
        start: Moment at which the numbers above are true. Accounts go on publishing at the same
            rate after it.
        login: Which of Meta's two APIs shows the world.
        stories_per_day: Number of stories that each account publishes a day.
        end_labels: Whether `end_time` in a series of days is the end of the day that a value
            belongs to. By default it is the beginning. Meta's documentation does not say which.
            A window holds the days whose `end_time` is in it, for series and totals alike.
        tiny_accounts: Number of accounts with fewer than 100 followers; they are the last ones.
        converted_days_ago: Number of days before `start` at which the accounts became
            professional accounts. Media published earlier have no insights, and the accounts have
            no insights of earlier days.
        legacy_videos_days_ago: Videos that are older than this number of days at `start` may be
            FEED videos, as all videos were before they became reels. None for no such videos.
        hidden_likes_share: Share of the media whose owner hides the like count.
        missing_url_share: Share of the videos and slides without `media_url` (licensed audio).
        empty_day_share: Share of the account insights, by metric and day, that Meta never
            computed, so that the API leaves them out.
        lost_accounts: Indexes of accounts that can be found but can no longer be read.
        retired_metrics: Insights that the API no longer knows.
        pageless_accounts: Indexes of accounts without a Page. They belong to the business
            portfolio and are assigned to the system user.
        client_pages: Indexes of accounts whose Page is a client's Page in the portfolio, so that
            /me/accounts does not list it.
        taskless_pages: Indexes of accounts on whose Page the owner of the token has no ANALYZE
            task.
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
        """Check that a world can be made.

        Raises:
            ValueError: If `start` has no time zone or a number is out of range.
        """
        if self.start.tzinfo is None:
            message = "start needs a time zone"
            raise ValueError(message)
        if not 0 <= self.accounts <= 9999 or self.posts < 0 or self.days < 1:
            message = "accounts must be 0 to 9999, posts 0 or more, days 1 or more"
            raise ValueError(message)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON, from which another process can make the same world."""
        return {**asdict(self), "start": self.start.isoformat()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> WorldSettings:
        """Read what `to_json` returned; a setting that is missing gets its default.

        Raises:
            TypeError: If there is an unknown setting.
            ValueError: If a value is out of range or `start` has no time zone.
        """
        values = _with_tuples(stored)
        if "start" in values:
            values["start"] = parse_moment(values["start"])
        return cls(**values)


@dataclass(frozen=True)
class ApiSettings:
    """Settings that define how the API answers, whatever its world is.

    Attributes:
        access_token: The token that opens the API. With the Instagram login a token reads one
            account: this token the first, `<access_token>-2` the second, and so on.
        token_kind: Kind of that token, with the Facebook login. A page token reads the first
            Page.
        scopes: The permissions of that token. None for all permissions of the login.
        granted_accounts: Indexes of the accounts that the person selected in the login dialog,
            with their Pages. None for all accounts.
        token_expires_in: Number of seconds from the start of the server until the token expires.
            None if it never expires.
        app_id: Id of the app that the tokens belong to.
        app_secret: Secret that signs `appsecret_proof`.
        require_proof: Whether calls without `appsecret_proof` are refused.
        page_cap: Maximum number of items on a page of an edge, whatever `limit` asks for.
        honour_since_until: Whether the media edge filters by `since` and `until`. Meta documents
            this filter, but did not always apply it.
        empty_page_with_next: Whether an empty page with a `next` comes before each further page.
        flat_token_answer: Whether the Instagram login answers a code with a flat object instead
            of the documented list under `data`. Both have been observed.
        deny_login: Whether the person in the login dialog refuses.
        person: With the Instagram login, the index of the account whose owner uses the dialog.
        latency: Number of seconds that each HTTP round trip takes.
        batch_latency_share: Part of the latency that each operation of a batch adds.
        allowance_calls: Number of calls that an account may receive in 24 hours. None for no
            limit.
        faults: The faults that are ordered at the beginning, as `Fault` or by name.
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
    latency: float = 0.0
    batch_latency_share: float = 0.1
    allowance_calls: int | None = None
    faults: tuple[Fault | str, ...] = ()

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ApiSettings:
        """Read settings from JSON; a setting that is missing gets its default.

        Raises:
            TypeError: If there is an unknown setting.
            ValueError: If a fault is wrong.
        """
        values = _with_tuples(stored)
        faults = tuple(Fault.from_json(order) for order in stored.get("faults", ()))
        return cls(**{**values, "faults": faults})


@dataclass(frozen=True)
class ServerSettings:
    """All that a process needs to serve a simulated Graph API.

    Attributes:
        world: The world that the API shows.
        api: How the API answers.
        port: Port on 127.0.0.1; 0 for any free port.
        clock: Moment at which the world's clock stands. None for the real time, which passes.
    """

    world: WorldSettings = field(default_factory=WorldSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    port: int = 8010
    clock: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON."""
        clock = self.clock and self.clock.isoformat()
        return {**asdict(self), "world": self.world.to_json(), "clock": clock}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ServerSettings:
        """Read what `to_json` returned; a setting that is missing gets its default.

        Raises:
            TypeError: If there is an unknown setting.
            ValueError: If a value is out of range or a moment has no time zone.
        """
        return cls(
            **{
                **stored,
                "world": WorldSettings.from_json(stored.get("world", {})),
                "api": ApiSettings.from_json(stored.get("api", {})),
                "clock": parse_moment(stored["clock"]) if stored.get("clock") else None,
            }
        )


def parse_moment(text: str) -> datetime:
    """Read a moment in ISO 8601.

    Raises:
        ValueError: If it is no moment, or has no time zone.
    """
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        message = f"{text} has no time zone: write {text}Z for UTC"
        raise ValueError(message)
    return moment


def _with_tuples(stored: dict[str, Any]) -> dict[str, Any]:
    """Turn the lists of JSON into the tuples that settings have."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
