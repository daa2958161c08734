"""The order for the unkind mode: what it spoils, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FIELD_KINDS = ("drop_field", "null_field", "retype_field", "rename_field", "duplicate_field")
"""What the unkind mode can do to a field of an object."""
ITEM_KINDS = ("drop_item", "null_item", "duplicate_item")
"""What it can do to an object in a list."""
CALL_KINDS = ("fail_call", "fail_object", "fail_metric")
"""The calls that it can let fail for good: those with the same path and parameters, those with the
same path, or those for the same insight of the same object."""
PAGING_KINDS = ("end_paging", "loop_paging")
"""What it can do to a list: it ends although there are more items, or a page leads to itself."""


@dataclass(frozen=True)
class UnkindSettings:
    """Settings of the unkind mode, which spoils parts of the answers at random.

    Attributes:
        seed: Seed of the random numbers: another seed spoils other parts.
        share: Share of the fields, of the items in lists, and of the calls that are spoiled, from
            0 to 1.
        kinds: The ways to spoil them: any of FIELD_KINDS, ITEM_KINDS and CALL_KINDS, which are
            the default, and of PAGING_KINDS.
        call_share: Share of the calls that fail for good, if it is another one.
        codes: The codes of the errors with which they fail.
        spare: Calls that are left alone: a regular expression that is searched for in a text such
            as `GET /v25.0/me/accounts?fields=id`. Empty for none. Calls for tokens are always left
            alone.
    """

    seed: int = 1
    share: float = 0.01
    kinds: tuple[str, ...] = FIELD_KINDS + ITEM_KINDS + CALL_KINDS
    call_share: float | None = None
    codes: tuple[int, ...] = (-7, 1, 2, 10, 100, 200, 7001, 9005)
    spare: str = ""

    def __post_init__(self) -> None:
        """Check the kinds.

        Raises:
            ValueError: If there is no such kind.
        """
        unknown = set(self.kinds) - {*FIELD_KINDS, *ITEM_KINDS, *CALL_KINDS, *PAGING_KINDS}
        if unknown:
            message = f"there is no way to spoil answers called {min(unknown)}"
            raise ValueError(message)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> UnkindSettings:
        """Read settings from JSON; a setting that is missing gets its default.

        Raises:
            TypeError: If there is an unknown setting.
            ValueError: If there is no such kind.
        """
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stored.items()
        }
        return cls(**values)
