"""The order for something to go wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from instagram_sandbox.graph_api.dice import Dice
from instagram_sandbox.graph_api.faults.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from instagram_sandbox.graph_api.dice import Key

USUAL = 0
"""The number of times that is usual for a kind."""


@dataclass(frozen=True)
class Fault:
    """An order for something to go wrong: what, where, and how often.

    What is left out gets the default of the kind.

    Attributes:
        kind: Name of the kind in `KINDS`.
        match: The calls concerned: a regular expression that is searched for in a text such as
            `GET /v25.0/123/insights?metric=reach` (parameters are not quoted, secrets are left
            out), or a function of that text. For the faults of a request or of a batch the text
            has one line for each operation of the batch.
        times: How often it happens: once by default for the failure of a call, always for all
            other kinds. None for always.
        after: How many of the matching calls or objects are spared before the first one.
        share: Share of the matching calls or objects that are concerned, from 0 to 1. Calls are
            chosen by their order, everything else by what it is: who asks again gets the same.
        seed: Seed of the random numbers that choose them.
        form: The variant of the kind, by default the first one; of a kind whose forms are
            `chosen`, one of them for each part.
        accounts: Indexes of the accounts concerned. None for all.
        media: Ids of the media concerned. None for all.
        objects: Kinds of the objects concerned: `account`, `page`, `FEED`, `REELS`, `STORY`,
            `slide`, `comment`, `tagged`. None for all.
        names: The metrics or fields concerned. Empty for all, or those that are usual.
        number: A number that the description of the kind mentions.
        code: Code of the error.
        subcode: Subcode of the error, or None.
        message: Message of the error.
        status: HTTP status of the error.
        body: Body of `raw`.
        seconds: Number of seconds after which `stall` drops the connection.

    Raises:
        ValueError: If there is no such kind or form.
    """

    kind: str
    match: str | Callable[[str], bool] = ""
    times: int | None = USUAL
    after: int = 0
    share: float = 1.0
    seed: int = 1
    form: str = ""
    accounts: tuple[int, ...] | None = None
    media: tuple[str, ...] | None = None
    objects: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()
    number: int | None = None
    code: int | None = None
    subcode: int | None = None
    message: str | None = None
    status: int = 400
    body: str = ""
    seconds: float = 30.0

    def __post_init__(self) -> None:
        """Check the names, and fill in what the kind has by default."""
        kind = KINDS.get(self.kind)
        if kind is None:
            message = f"there is no fault {self.kind}"
            raise ValueError(message)
        if self.form and self.form not in kind.forms:
            message = f"the fault {self.kind} has no form {self.form}"
            raise ValueError(message)
        usual = "" if kind.chosen else next(iter(kind.forms), "")
        self._fill_in(
            form=self.form or usual,
            times=(1 if kind.fails else None) if self.times == USUAL else self.times,
            names=self.names or kind.names,
            number=kind.number if self.number is None else self.number,
            code=kind.code if self.code is None else self.code,
        )

    def _fill_in(self, **values: Any) -> None:  # noqa: ANN401 - an attribute holds anything
        # The class is frozen, so that this is the way to fill in the defaults.
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_json(cls, order: str | dict[str, Any]) -> Fault:
        """Read a fault from JSON: an object, or the name of a kind alone.

        Raises:
            ValueError: If a key or a name is unknown.
        """
        if isinstance(order, str):
            return cls(order)
        if set(order) - {part.name for part in fields(cls)} or "kind" not in order:
            message = f"this is not a fault: {order}"
            raise ValueError(message)
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in order.items()
        }
        return cls(**values)

    def matches(self, text: str) -> bool:
        """Return whether a call matches."""
        if callable(self.match):
            return self.match(text)
        return not self.match or re.search(self.match, text) is not None

    def concerns(self, account: int | None, identifier: str | None, kind: str) -> bool:
        """Return whether an object is concerned, whatever the share.

        Args:
            account: Index of the account that the object belongs to, or None.
            identifier: Id of the object, or of the media that it belongs to.
            kind: Kind of the object, as described at `objects`.
        """
        return (
            (self.accounts is None or account in self.accounts)
            and (self.media is None or identifier in self.media)
            and (self.objects is None or kind in self.objects)
        )

    def chooses(self, *key: Key) -> bool:
        """Return whether something is in the share that is concerned, by its key."""
        return self.share >= 1 or Dice(self.seed).chance(self.share, self.kind, *key)
