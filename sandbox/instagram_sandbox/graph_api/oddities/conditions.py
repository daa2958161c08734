"""Conditions: orders for the API to show an oddity."""

from __future__ import annotations

from dataclasses import dataclass, fields
from threading import Lock
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.dice import Dice
from instagram_sandbox.graph_api.oddities.registry import ODDITIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instagram_sandbox.graph_api.dice import Key


@dataclass(frozen=True)
class Condition:
    """An order for the API to show an oddity. It lasts until it is cancelled.

    Attributes:
        oddity: Name of the oddity in `ODDITIES`.
        form: The variant of the oddity. Without one, the first of its forms.
        accounts: Indexes of the accounts concerned. None for all.
        media: Ids of the media concerned. None for all.
        kinds: Kinds of the objects concerned: `account`, `page`, `FEED`, `REELS`, `STORY`,
            `slide`, `comment`, `tagged`. None for all.
        names: The metrics or fields concerned. Empty for those that the oddity is usually about.
        share: Share of the objects that are concerned, from 0 to 1.
        seed: Seed of the random numbers that choose them.
        number: A number that the oddity's description mentions. None for the usual one.
        code: Code of the error. None for the usual one.
        subcode: Subcode of the error, or None.
        message: Message of the error. None for the usual one.
        status: HTTP status of the error.

    Raises:
        ValueError: If there is no such oddity or form.
    """

    oddity: str
    form: str = ""
    accounts: tuple[int, ...] | None = None
    media: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()
    share: float = 1.0
    seed: int = 1
    number: int | None = None
    code: int | None = None
    subcode: int | None = None
    message: str | None = None
    status: int = 400

    def __post_init__(self) -> None:
        """Check the names, and fill in what the oddity has by default."""
        known = ODDITIES.get(self.oddity)
        if known is None:
            message = f"there is no oddity {self.oddity}"
            raise ValueError(message)
        if self.form and self.form not in known.forms:
            message = f"the oddity {self.oddity} has no form {self.form}"
            raise ValueError(message)
        # The class is frozen, so that this is the way to fill in the defaults.
        object.__setattr__(self, "form", self.form or next(iter(known.forms), ""))
        object.__setattr__(self, "names", self.names or known.names)
        object.__setattr__(self, "number", known.number if self.number is None else self.number)
        object.__setattr__(self, "code", known.code if self.code is None else self.code)

    @classmethod
    def from_json(cls, order: str | dict[str, Any]) -> Condition:
        """Read a condition from JSON: an object, or the name of an oddity alone.

        Raises:
            ValueError: If a key or a name is unknown.
        """
        if isinstance(order, str):
            return cls(order)
        if set(order) - {part.name for part in fields(cls)} or "oddity" not in order:
            message = f"this is not a condition: {order}"
            raise ValueError(message)
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in order.items()
        }
        return cls(**values)

    def concerns(self, account: int | None, identifier: str, kind: str) -> bool:
        """Return whether an object is concerned.

        Args:
            account: Index of the account that the object belongs to, or None.
            identifier: Id of the object.
            kind: Kind of the object, as described at `kinds`.
        """
        if self.accounts is not None and account not in self.accounts:
            return False
        if self.media is not None and identifier not in self.media:
            return False
        if self.kinds is not None and kind not in self.kinds:
            return False
        return ODDITIES[self.oddity].share_of == "number" or self.chooses(identifier)

    def chooses(self, *key: Key) -> bool:
        """Return whether something is in the share that is concerned, by its key."""
        return self.share >= 1 or Dice(self.seed).chance(self.share, self.oddity, *key)


class Conditions:
    """The conditions of a running server. Tests may change them at any time.

    Args:
        *orders: The conditions at the beginning; a text is the name of an oddity.
    """

    def __init__(self, *orders: Condition | str) -> None:
        self._lock = Lock()
        self._orders: tuple[Condition, ...] = ()
        self.add(*orders)

    def add(self, *orders: Condition | str) -> None:
        """Order oddities; a text is the name of an oddity.

        Raises:
            ValueError: If there is no oddity of that name.
        """
        added = tuple(Condition(each) if isinstance(each, str) else each for each in orders)
        with self._lock:
            self._orders += added

    def remove(self, oddity: str) -> None:
        """Cancel all conditions for an oddity."""
        with self._lock:
            self._orders = tuple(each for each in self._orders if each.oddity != oddity)

    def clear(self) -> None:
        """Cancel all conditions."""
        with self._lock:
            self._orders = ()

    def of(self, oddity: str) -> tuple[Condition, ...]:
        """Return the conditions for an oddity, in the order in which they were added."""
        orders = self._orders
        return tuple(each for each in orders if each.oddity == oddity) if orders else ()

    def __iter__(self) -> Iterator[Condition]:
        return iter(self._orders)

    def __len__(self) -> int:
        return len(self._orders)
