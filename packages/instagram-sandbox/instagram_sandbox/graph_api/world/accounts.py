"""The accounts of a world, their Pages, and the business portfolio."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
"""Meta withholds demographics and follower numbers of accounts with fewer followers."""


@dataclass(frozen=True)
class Account:
    """The properties of an Instagram professional account that do not change.

    Attributes:
        index: Its position in the world, from 0.
        id: The IG User id, `17841…`.
        app_scoped_id: The id that the Instagram login calls `id`.
        ig_id: Its legacy id.
        legacy_user_id: The id that the Marketing API before v22 and some edges of a business
            portfolio call it by.
        username: Its user name.
        name: Its display name.
        biography: Its biography; may be empty.
        website: Its link; may be empty.
        followers_at_start: Number of followers at the start of the world.
        followers_per_day: Number of followers that it gains a day, minus those that it loses.
        follows: Number of accounts that it follows.
        creator: Whether it is the account of a creator, and not of a business.
    """

    index: int
    id: str
    app_scoped_id: str
    ig_id: int
    legacy_user_id: str
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
        """Whether it always has fewer than 100 followers."""
        return self.followers_at_start < SMALL_ACCOUNT


TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE")
TASKS_WITHOUT_ANALYZE = ("CREATE_CONTENT", "MODERATE")


@dataclass(frozen=True)
class Page:
    """A Facebook Page. Each world has one Page without an account.

    Attributes:
        id: Its id.
        name: Its name.
        access_token: Its own access token.
        account: The account that belongs to it, or None.
        tasks: The tasks that the owner of the access token may carry out on it.
        is_clients: Whether it is the Page of a client of the business portfolio.
    """

    id: str
    name: str
    access_token: str
    account: Account | None
    tasks: tuple[str, ...] = TASKS
    is_clients: bool = False

    def fields(self) -> dict[str, Any]:
        """Return its fields, without those of its account."""
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
    """An account as a business portfolio lists it. Graph API: InstagramBusinessAsset."""

    id: str
    account: Account


@dataclass(frozen=True)
class Business:
    """A business portfolio.

    Attributes:
        id: Its id.
        name: Its name.
        pages: Its own Pages.
        client_pages: The Pages of its clients.
        pageless: Its accounts without a Page.
        account: Always None, since a portfolio does not belong to an account.
    """

    id: str
    name: str
    pages: tuple[Page, ...]
    client_pages: tuple[Page, ...]
    pageless: tuple[Account, ...]
    account: None = None


def draw_accounts(settings: WorldSettings, dice: Dice) -> list[Account]:
    """Make the accounts of a world."""
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
        legacy_user_id=f"{dice.between(10**11, 10**12 - 1, *key, 'legacy')}{index:04d}",
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
    """Make a Page for each account that has one, and a Page without an account."""
    with_none: list[Account | None] = [*accounts, None]
    return [
        _draw_page(dice, index, account, settings)
        for index, account in enumerate(with_none)
        if index not in settings.pageless_accounts
    ]


def draw_business(accounts: list[Account], pages: list[Page], settings: WorldSettings) -> Business:
    """Make the business portfolio that the owner of the access token belongs to."""
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
    account: Account, settings: WorldSettings, followers: int, media_count: int
) -> dict[str, Any]:
    """Return the fields of an account with these numbers of followers and media.

    Graph API reference, IG User: empty texts are left out, `media_count` may differ from the number
    of media on the media edge, and with the Instagram login `id` and `user_id` differ.
    """
    fields: dict[str, Any] = {
        "id": account.id,
        "username": account.username,
        "name": account.name,
        "biography": account.biography,
        "website": account.website,
        "followers_count": followers,
        "follows_count": account.follows,
        "media_count": media_count,
        "profile_picture_url": f"https://scontent.cdninstagram.com/v/t51.2885-19/{account.ig_id}.jpg",
    }
    if settings.login == "instagram":
        kind = "MEDIA_CREATOR" if account.creator else "BUSINESS"
        fields |= {"id": account.app_scoped_id, "user_id": account.id, "account_type": kind}
    else:
        fields |= {
            "ig_id": account.ig_id,
            "legacy_instagram_user_id": account.legacy_user_id,
            "has_profile_pic": True,
            "is_published": True,
        }
    return {name: value for name, value in fields.items() if value != ""}
