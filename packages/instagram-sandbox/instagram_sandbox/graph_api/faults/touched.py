"""The record of what the faults have changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date


@dataclass(frozen=True)
class Touched:
    """Something in the answers that was changed.

    None in an attribute means that the changed part does not belong to a single account, media,
    metric or day, or that it is not a single field: it may concern all of them.

    Attributes:
        kind: The way in which it was changed, such as `drop_field`.
        path: The path of the call without the version, such as `/123/insights`.
        account_id: Id of the account.
        media_id: Id of the media; for a slide or a comment, that of its media.
        item_id: Id of the slide, comment, Page or other object itself.
        metric: Name of the insight.
        day: Pacific day of the insight.
        field: Name of the field, with those of the objects around it: `values.value`.
    """

    kind: str
    path: str
    account_id: str | None = None
    media_id: str | None = None
    item_id: str | None = None
    metric: str | None = None
    day: date | None = None
    field: str | None = None


@dataclass
class TouchedRecord:
    """All that was changed since the start or the last reset, each part once, oldest first."""

    _parts: dict[Touched, None] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, *parts: Touched) -> None:
        """Record parts that were changed."""
        with self._lock:
            self._parts |= dict.fromkeys(parts)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._parts.clear()

    def about(
        self,
        *,
        account_id: str | None = None,
        media_id: str | None = None,
        metric: str | None = None,
        day: date | None = None,
    ) -> list[Touched]:
        """Return the parts that may concern an account, a media, a metric and a day.

        Args:
            account_id: Id of the account. None for any.
            media_id: Id of the media. None for any.
            metric: Name of the insight. None for any.
            day: The Pacific day. None for any.
        """
        wanted = (account_id, media_id, metric, day)
        return [
            part
            for part in self
            if all(
                None in {value, own} or value == own
                for value, own in zip(
                    wanted,
                    (part.account_id, part.media_id, part.metric, part.day),
                    strict=True,
                )
            )
        ]

    def __iter__(self) -> Iterator[Touched]:
        with self._lock:
            return iter(list(self._parts))

    def __len__(self) -> int:
        return len(self._parts)
