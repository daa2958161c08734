"""Which accounts a run reads where several runs share the accounts.

Each account belongs to one of N shards. A hash of its id says to which, so it stays there whichever
accounts come or go, on every machine and with every version of Python. With twice as many shards,
each shard is split in two: the accounts of shard 3 of 16 are those of the shards 3 and 19 of 32.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass

from typing_extensions import Self

HASHED_BYTES = 8
PATTERN = r"^[1-9][0-9]{0,5}/[1-9][0-9]{0,5}$(?!\n)"
"""How setting `shard` is written, as `3/16`."""


@functools.lru_cache(maxsize=500_000)
def place(account_id: str, number: int) -> int:
    """Return to which of `number` shards an account belongs; the first one is 1."""
    digest = hashlib.sha256(account_id.encode()).digest()[:HASHED_BYTES]
    return int.from_bytes(digest, "big") % number + 1


@dataclass(frozen=True)
class Shard:
    """One of N parts of the accounts; all accounts by default.

    Attributes:
        index: which part this is; the first one is 1.
        number: how many parts there are.
    """

    index: int = 1
    number: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read setting `shard`, such as `3/16`; '' stands for all accounts.

        Raises:
            ValueError: it is not written in this way, or there is no such part.
        """
        if not text:
            return cls()
        if not re.search(PATTERN, text):
            raise ValueError(text)
        index, number = map(int, text.split("/"))
        if index > number:
            raise ValueError(text)
        return cls(index, number)

    @classmethod
    def of_account(cls, account_id: str, number: int) -> Self:
        """Return to which of `number` shards an account belongs."""
        return cls(place(account_id, number), number)

    def contains(self, account_id: str) -> bool:
        """Return whether an account belongs to this shard."""
        return place(account_id, self.number) == self.index

    def __str__(self) -> str:
        return f"{self.index}/{self.number}"
