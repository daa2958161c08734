"""The faults that are ordered: which of them are due, and which have happened."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from instagram_sandbox.graph_api.faults.fault import Fault
from instagram_sandbox.graph_api.faults.touched import TouchedRecord

if TYPE_CHECKING:
    from collections.abc import Collection

    from instagram_sandbox.graph_api.faults.touched import Touched


@dataclass
class _Order:
    fault: Fault
    matched: int = 0
    served: int = 0

    def is_due(self) -> bool:
        """Count something that matches, and return whether it is its turn."""
        self.matched += 1
        return self.matched > self.fault.after and self.fault.times != self.served


class Faults:
    """The faults of a server. Tests may change them at any time.

    Args:
        *orders: The faults at the beginning; a text is the name of a kind.

    Attributes:
        history: The faults that have happened, oldest first.
        touched: The parts of answers that were changed.
    """

    def __init__(self, *orders: Fault | str) -> None:
        self._lock = Lock()
        self._orders: list[_Order] = []
        self._cancelled: list[_Order] = []
        self.history: list[Fault] = []
        self.touched = TouchedRecord()
        self.add(*orders)

    def add(self, *faults: Fault | str) -> None:
        """Order faults. If several concern one call or field, the first one happens.

        Raises:
            ValueError: If there is no kind of that name.
        """
        added = [_Order(Fault(each) if isinstance(each, str) else each) for each in faults]
        with self._lock:
            self._orders = [*self._orders, *added]

    def clear(self) -> None:
        """Cancel all faults."""
        with self._lock:
            self._cancelled += self._orders
            self._orders = []

    def served(self) -> dict[Fault, int]:
        """Return all faults that were ordered, each with the number of times it has happened."""
        counts: dict[Fault, int] = {}
        for order in [*self._cancelled, *self._orders]:
            counts[order.fault] = counts.get(order.fault, 0) + order.served
        return counts

    def without_effect(self) -> list[Fault]:
        """Return the faults that were ordered and have not happened."""
        return [fault for fault, times in self.served().items() if not times]

    def failure(self, text: str, kinds: Collection[str]) -> Fault | None:
        """Return the failure that happens to a call, and count it as happened.

        Args:
            text: The call as text, as described at `Fault.match`.
            kinds: The kinds of failures that are possible at this point.

        Returns:
            The fault, or None if the call does not fail.
        """
        if not self._orders:
            return None
        with self._lock:
            for order in self._orders:
                fault = order.fault
                matches = fault.kind in kinds and fault.matches(text)
                if matches and order.is_due() and fault.chooses(order.matched):
                    self._count(order)
                    return fault
        return None

    def of(self, kinds: Collection[str], text: str = "") -> list[Fault]:
        """Return the faults of some kinds that a call matches, in the order of their addition."""
        return [
            order.fault
            for order in self._orders
            if order.fault.kind in kinds and order.fault.matches(text)
        ]

    def happens(self, fault: Fault, *touched: Touched) -> bool:
        """Return whether it is the turn of a fault that concerns something; then count it.

        Args:
            fault: The fault.
            *touched: The parts of an answer that it changes.
        """
        with self._lock:
            order = next((each for each in self._orders if each.fault is fault), None)
            if order is None or not order.is_due():
                return False
            self._count(order)
        self.touched.add(*touched)
        return True

    def _count(self, order: _Order) -> None:
        order.served += 1
        self.history.append(order.fault)

    def __len__(self) -> int:
        return len(self._orders)
