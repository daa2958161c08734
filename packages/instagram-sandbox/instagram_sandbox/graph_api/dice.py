"""Random numbers without state: the same key always gives the same number."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
Key = int | str


class Dice:
    """Draws random values that depend on the seed and a key, but not on earlier draws.

    Therefore a world is the same in any order of reading, in several threads and in any process.

    Args:
        seed: Another seed gives other values for the same keys.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def share(self, *key: Key) -> float:
        """Draw a number of at least 0 and less than 1."""
        digest = blake2b(repr((self._seed, *key)).encode(), digest_size=8).digest()
        return (int.from_bytes(digest, "big") >> 11) / (1 << 53)

    def between(self, low: int, high: int, *key: Key) -> int:
        """Draw a whole number from `low` to `high`, including both."""
        return low + int(self.share(*key) * (high - low + 1))

    def scale(self, low: float, high: float, *key: Key) -> float:
        """Draw a number of at least `low` and less than `high`."""
        return low + self.share(*key) * (high - low)

    def whole(self, number: float, *key: Key) -> int:
        """Round a number up or down at random, so that the average is the number."""
        return int(number + self.share("round", *key))

    def chance(self, share: float, *key: Key) -> bool:
        """Return True with the probability `share`."""
        return self.share(*key) < share

    def pick(self, options: Sequence[T], *key: Key) -> T:
        """Draw one of the options."""
        return options[int(self.share(*key) * len(options))]
