"""Chance without state: the same question always gets the same answer."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
Key = int | str


class Dice:
    """Draws that depend on the seed and on what is asked, never on what was asked before.

    A world drawn with them can be read in any order, by several threads and by another process,
    and is the same world.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def share(self, *key: Key) -> float:
        """Draw a number from 0 up to, not including, 1."""
        digest = blake2b(repr((self._seed, *key)).encode(), digest_size=8).digest()
        return (int.from_bytes(digest, "big") >> 11) / (1 << 53)

    def between(self, low: int, high: int, *key: Key) -> int:
        """Draw a whole number from `low` to `high`, both included."""
        return low + int(self.share(*key) * (high - low + 1))

    def scale(self, low: float, high: float, *key: Key) -> float:
        """Draw a number from `low` up to `high`."""
        return low + self.share(*key) * (high - low)

    def chance(self, share: float, *key: Key) -> bool:
        """Say yes in `share` of all cases."""
        return self.share(*key) < share

    def pick(self, options: Sequence[T], *key: Key) -> T:
        """Draw one of the options."""
        return options[int(self.share(*key) * len(options))]
