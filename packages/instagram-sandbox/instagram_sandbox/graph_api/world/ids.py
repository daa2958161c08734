"""Ids that look like Meta's. An id contains the position of its object, so no index is needed."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

_SPACE = 10**14
_FACTOR = 73_939_133_119_927
_INVERSE = pow(_FACTOR, -1, _SPACE)


class Kind(IntEnum):
    """The kind of object that an id refers to."""

    POST = 1
    STORY = 2
    SLIDE = 3
    TAGGED = 4
    COMMENT = 5


class Key(NamedTuple):
    """The position of an object in the world.

    Attributes:
        kind: Its kind.
        account: Index of its account.
        number: Its number among the objects of its kind in the account.
        part: Number of a slide or of a comment on the media with that number.
    """

    kind: Kind
    account: int
    number: int
    part: int = 0


class Ids:
    """Turns keys into ids of 17 digits and back.

    As with Meta, the ids of media begin with 179 and those of comments with 178. All are larger
    than 2^53, so that a program that reads them as floats loses digits.

    Args:
        seed: Another seed gives other ids.
    """

    def __init__(self, seed: int) -> None:
        self._offset = seed * 982_451_653 % _SPACE

    def encode(self, key: Key) -> str:
        """Return the id for a key."""
        plain = ((key.kind * 10_000 + key.account) * 10_000_000 + key.number) * 100 + key.part
        scrambled = (plain * _FACTOR + self._offset) % _SPACE
        return f"{_prefix(key.kind)}{scrambled:014d}"

    def decode(self, identifier: str) -> Key | None:
        """Return the key of an id, or None if it is not an id of this world."""
        if len(identifier) != 17 or not (identifier.isascii() and identifier.isdigit()):
            return None
        plain = (int(identifier[3:]) - self._offset) * _INVERSE % _SPACE
        rest, part = divmod(plain, 100)
        rest, number = divmod(rest, 10_000_000)
        kind, account = divmod(rest, 10_000)
        if kind not in _KINDS or _prefix(Kind(kind)) != identifier[:3]:
            return None
        return Key(Kind(kind), account, number, part)


_KINDS = frozenset(Kind)


def _prefix(kind: Kind) -> str:
    return "178" if kind is Kind.COMMENT else "179"
