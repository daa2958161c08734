"""Splitting a whole into parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def apportion(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Split a total by weight: the parts add up to it, and parts of zero are left out."""
    whole = sum(weights.values())
    parts = {name: int(total * weight / whole) for name, weight in weights.items()}
    parts[next(iter(parts))] += total - sum(parts.values())
    return {name: part for name, part in parts.items() if part}
