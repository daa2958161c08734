"""Ids that look like Meta's and say what they stand for, so that nothing has to be indexed."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

_SPACE = 10**14
_FACTOR = 73_939_133_119_927
_INVERSE = pow(_FACTOR, -1, _SPACE)


class Kind(IntEnum):
    """What an id stands for."""

    POST = 1
    STORY = 2
    SLIDE = 3
    TAGGED = 4
    COMMENT = 5


class Key(NamedTuple):
    """Where in the world something is: the number-th of its kind in an account, and its part."""

    kind: Kind
    account: int
    number: int
    part: int = 0


class Ids:
    """Turns keys into 17-digit ids and back.

    Media begin with 179, comments with 178, as Meta's do; all are beyond 2^53, so that a reader
    who takes them for floats loses digits.
    """

    def __init__(self, seed: int) -> None:
        self._offset = seed * 982_451_653 % _SPACE

    def encode(self, key: Key) -> str:
        """Give the id of a key."""
        plain = ((key.kind * 10_000 + key.account) * 10_000_000 + key.number) * 100 + key.part
        scrambled = (plain * _FACTOR + self._offset) % _SPACE
        return f"{_prefix(key.kind)}{scrambled:014d}"

    def decode(self, identifier: str) -> Key | None:
        """Give the key of an id, None for what is no id of this world."""
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
