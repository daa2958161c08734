"""The accounts of a world, and the Pages that own them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from instagram_sandbox.graph_api.dice import Dice
    from instagram_sandbox.graph_api.settings import WorldSettings

_BRANDS = ("Acme", "Café Åre", "Nord & Süd", "Ōkami", "Blue Kettle", "O'Hara", "Tienda Ñ", "Lumo")
_TRADES = ("Bikes", "Coffee", "Travel", "Gear", "Ceramics", "Studio", "Records", "Gardens")
_BIOGRAPHIES = (
    "Tools for people who mend things 🔧",
    'We say "hej" ☕\nOpen 8-18\tevery day',
    "",
    "手作りの器 · worldwide shipping \\o/",
)
SMALL_ACCOUNT = 100
"""Below this many followers Meta withholds who they are and how many come and go."""


@dataclass(frozen=True)
class Account:
    """An Instagram professional account, as far as it does not change.

    Attributes:
        index: Its place in the world.
        id: The IG User id, `17841…`.
        app_scoped_id: What the Instagram login calls `id`.
        ig_id: Its legacy id.
        username: Its handle.
        name: Its display name.
        biography: What it says of itself; may be empty.
        website: Its link; may be empty.
        followers_at_start: Followers at the start of the world.
        followers_per_day: How many it gains a day, all told.
        follows: How many accounts it follows.
        creator: Whether it is a creator rather than a business.
    """

    index: int
    id: str
    app_scoped_id: str
    ig_id: int
    username: str
    name: str
    biography: str
    website: str
    followers_at_start: int
    followers_per_day: float
    follows: int
    creator: bool

    @property
    def small(self) -> bool:
        """Whether it has under 100 followers, for good."""
        return self.followers_at_start < SMALL_ACCOUNT

    def followers(self, days_since_start: float) -> int:
        """Count its followers at a moment; never fewer than a tenth of those at the start."""
        gained = int(self.followers_per_day * days_since_start)
        return max(self.followers_at_start // 10, self.followers_at_start + gained)


TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE")
TASKS_WITHOUT_ANALYZE = ("CREATE_CONTENT", "MODERATE")


@dataclass(frozen=True)
class Page:
    """A Facebook Page, with the account it owns unless it is the one that owns none.

    Attributes:
        id: Its id.
        name: Its name.
        access_token: Its own token.
        account: The account it owns, if any.
        tasks: What the token's owner may do on it.
        is_clients: Whether a business portfolio has it as a client's.
    """

    id: str
    name: str
    access_token: str
    account: Account | None
    tasks: tuple[str, ...] = TASKS
    is_clients: bool = False

    def fields(self) -> dict[str, Any]:
        """Give its fields, without those of the account it owns."""
        return {
            "id": self.id,
            "name": self.name,
            "access_token": self.access_token,
            "category": "Brand",
            "tasks": list(self.tasks),
            "link": f"https://www.facebook.com/{self.id}",
            "fan_count": int(self.id[-4:]),
            "followers_count": int(self.id[-4:]),
        }


@dataclass(frozen=True)
class Asset:
    """An account as a business portfolio holds it. Graph API: InstagramBusinessAsset."""

    id: str
    account: Account


@dataclass(frozen=True)
class Business:
    """A business portfolio: Pages, and accounts with or without a Page."""

    id: str
    name: str
    pages: tuple[Page, ...]
    client_pages: tuple[Page, ...]
    pageless: tuple[Account, ...]
    account: None = None


def draw_accounts(settings: WorldSettings, dice: Dice) -> list[Account]:
    """Draw the accounts of a world."""
    first_tiny = settings.accounts - settings.tiny_accounts
    return [
        _draw_account(dice, index, tiny=index >= first_tiny) for index in range(settings.accounts)
    ]


def _draw_account(dice: Dice, index: int, *, tiny: bool) -> Account:
    key = ("account", index)
    brand, trade = dice.pick(_BRANDS, *key, "brand"), dice.pick(_TRADES, *key, "trade")
    followers = int(10 ** dice.scale(3, 5, *key, "followers"))
    return Account(
        index=index,
        id=f"178414{dice.between(0, 9_999_999, *key, 'id'):07d}{index:04d}",
        app_scoped_id=f"259{dice.between(0, 9_999_999_999, *key, 'scoped'):010d}{index:04d}",
        ig_id=dice.between(10**8, 10**10, *key, "ig_id"),
        username=f"{trade.lower()}.sandbox_{index + 1}",
        name=f"{brand} {trade}",
        biography=dice.pick(_BIOGRAPHIES, *key, "biography"),
        website=f"https://{trade.lower()}{index + 1}.example/" if index % 3 != 2 else "",
        followers_at_start=dice.between(12, 90, *key, "few") if tiny else followers,
        followers_per_day=0.0 if tiny else dice.scale(-0.0002, 0.002, *key, "growth") * followers,
        follows=dice.between(3, 900, *key, "follows"),
        creator=dice.chance(0.3, *key, "creator"),
    )


def draw_pages(accounts: list[Account], settings: WorldSettings, dice: Dice) -> list[Page]:
    """Draw a Page for each account but the pageless, and one that owns none."""
    owners: list[Account | None] = [*accounts, None]
    return [
        _draw_page(dice, index, account, settings)
        for index, account in enumerate(owners)
        if index not in settings.pageless_accounts
    ]


def draw_business(accounts: list[Account], pages: list[Page], settings: WorldSettings) -> Business:
    """Gather the business portfolio that the token's owner belongs to."""
    return Business(
        id="900000000000001",
        name="Sandbox Portfolio",
        pages=tuple(page for page in pages if not page.is_clients),
        client_pages=tuple(page for page in pages if page.is_clients),
        pageless=tuple(
            account for account in accounts if account.index in settings.pageless_accounts
        ),
    )


def _draw_page(dice: Dice, index: int, account: Account | None, settings: WorldSettings) -> Page:
    identifier = f"1{dice.between(0, 9_999_999_999, 'page', index):010d}{index:04d}"
    return Page(
        id=identifier,
        name=account.name if account else "A Page without Instagram",
        access_token=f"EAAsandboxpage{blake2b(identifier.encode(), digest_size=12).hexdigest()}",
        account=account,
        tasks=TASKS_WITHOUT_ANALYZE if index in settings.taskless_pages else TASKS,
        is_clients=index in settings.client_pages,
    )


def account_fields(
    account: Account, settings: WorldSettings, now: datetime, media_count: int
) -> dict[str, Any]:
    """Give an account's fields as they are at a moment.

    Graph API reference, IG User: empty texts are left out, `media_count` may differ from what
    the media edge yields, and with the Instagram login `id` is another id than `user_id`.
    """
    days = (now - settings.start).total_seconds() / 86_400
    fields: dict[str, Any] = {
        "id": account.id,
        "username": account.username,
        "name": account.name,
        "biography": account.biography,
        "website": account.website,
        "followers_count": account.followers(days),
        "follows_count": account.follows,
        "media_count": media_count,
        "profile_picture_url": f"https://scontent.cdninstagram.com/v/t51.2885-19/{account.ig_id}.jpg",
    }
    if settings.login == "instagram":
        kind = "MEDIA_CREATOR" if account.creator else "BUSINESS"
        fields |= {"id": account.app_scoped_id, "user_id": account.id, "account_type": kind}
    else:
        fields |= {"ig_id": account.ig_id, "has_profile_pic": True, "is_published": True}
    return {name: value for name, value in fields.items() if value != ""}
